"""Whoever works for one location learns nothing of another one, and changes nothing there."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from django.contrib import admin
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model
from django.test import Client

from crm.admin.base import DeskAdmin
from crm.admin.scoped import ScopedAdmin
from crm.enums import MessageState
from crm.models import InboundMail, Lead, Location, Message, StageRule, User
from crm.models.inbound import InboundKind
from intake.models import Quarantine, QuarantinedRequest, Question
from tests.factories import make_lead, make_location, make_message, make_user

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)


@pytest.fixture
def elsewhere(centre: Location) -> Location:
    return make_location(short_name="Lakeside", name="Lakeside Center", position=1)


@pytest.fixture
def theirs(elsewhere: Location) -> Lead:
    return make_lead(location=elsewhere, first_name="Zelda", last_name="Elsewhere", email="zelda@example.org")


@pytest.fixture
def bound(client: Client, centre: Location) -> Client:
    """A browser in which a coordinator of one location is signed in."""
    user = make_user("coordinator", name="Bea Bound")
    user.locations.add(centre)
    client.force_login(user)
    return client


def mail_of(lead: Lead | None) -> InboundMail:
    return InboundMail.objects.create(external_id=uuid4().hex, kind=InboundKind.REPLY, lead=lead, text="Numb since May")


def question_at(location: Location) -> Question:
    return Question.objects.create(location=location, topic="other", name="Zelda Elsewhere", message="Numb since May")


def held_at(location: Location) -> QuarantinedRequest:
    data = {"first_name": "Zelda", "last_name": "Elsewhere"}
    return QuarantinedRequest.objects.create(
        pk=uuid4(), location=location, page="request", data=data, reasons=["too_fast"], at=NOW
    )


def failed(lead: Lead) -> Message:
    return make_message(lead, state=MessageState.FAILED, to_email=lead.email)


MAKE: dict[str, Callable[[Lead], Model]] = {
    "crm/inboundmail": mail_of,
    "crm/message": failed,
    "intake/question": lambda lead: question_at(lead.location),
    "intake/quarantinedrequest": lambda lead: held_at(lead.location),
}


@pytest.mark.parametrize("room", MAKE)
def test_what_is_of_another_location_is_not_found(bound: Client, theirs: Lead, room: str) -> None:
    row = MAKE[room](theirs)

    listed = bound.get(f"/admin/{room}/").content.decode()

    assert str(row.pk) not in listed
    assert "Elsewhere" not in listed
    for what in ("change", "history"):
        page = bound.get(f"/admin/{room}/{row.pk}/{what}/", follow=True).content.decode()
        assert "Elsewhere" not in page
        assert "Numb since May" not in page


def test_nobody_decides_about_another_location(bound: Client, theirs: Lead) -> None:
    held, question, message = held_at(theirs.location), question_at(theirs.location), failed(theirs)

    answers = [
        bound.post(f"/admin/intake/quarantinedrequest/{held.pk}/decide/", {"note": "Spam"}),
        bound.post(f"/admin/intake/question/{question.pk}/answered/"),
        bound.post(f"/admin/crm/message/{message.pk}/settle/", {"what": "drop"}),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    held.refresh_from_db()
    question.refresh_from_db()
    message.refresh_from_db()
    assert (held.state, question.answered_at, message.state) == (Quarantine.HELD, None, MessageState.FAILED)


def test_mail_of_nobody_known_is_seen_by_whoever_works_for_all(
    client: Client, centre: Location, elsewhere: Location
) -> None:
    mail = mail_of(None)
    one, both, free = (make_user("coordinator", name=name) for name in ("One", "Both", "Free"))
    one.locations.add(centre)
    both.locations.add(centre, elsewhere)

    assert [_sees(client, user, mail.pk) for user in (one, both, free)] == [False, True, True]

    Location.objects.filter(pk=elsewhere.pk).update(is_active=False)
    assert _sees(client, one, mail.pk)  # there is one location, and it is theirs


def _sees(client: Client, user: User, mail: UUID) -> bool:
    client.force_login(user)
    return str(mail) in client.get("/admin/crm/inboundmail/").content.decode()


# --- Every list says where it belongs --------------------------------------------------------------------------------


def test_every_list_of_the_desk_says_how_it_reaches_its_location() -> None:
    assert [page for page in admin.site._registry.values() if not isinstance(page, ScopedAdmin)] == []


def test_a_list_that_says_nothing_does_not_start() -> None:
    class Silent(DeskAdmin):
        pass

    class WithoutReason(DeskAdmin):
        location_path = None

    class Leaky(DeskAdmin):
        location_path = "location"
        list_filter = ["location"]

    for page, model, words in [
        (Silent, Lead, "location_path"),
        (WithoutReason, StageRule, "everywhere_because"),
        (Leaky, Lead, "ScopedFilter"),
    ]:
        with pytest.raises(ImproperlyConfigured, match=words):
            page(model, admin.site)
