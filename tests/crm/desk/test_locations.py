"""Whoever works for one location learns nothing of another one, and changes nothing there."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.contrib import admin
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model
from django.test import Client

from crm.admin.base import DeskAdmin
from crm.admin.scoped import ScopedAdmin
from crm.desk import pipeline_stats, queries
from crm.enums.leads import ConsentKind, Event, MessageState
from crm.leads import events, notifications
from crm.mail import templates as mail_templates
from crm.models import (
    ConsentRecord,
    InboundMail,
    Lead,
    Location,
    Message,
    Referral,
    ReferringPractice,
    SequenceVersion,
    StageRule,
    User,
)
from crm.models.inbound import InboundKind
from intake.models import Quarantine, QuarantinedRequest, Question
from scheduling.models import AppointmentType, Resource
from tests.crm.desk.test_admin_forms import location_form
from tests.factories import make_lead, make_location, make_message, make_user
from tests.intake.desk.test_new_request import LEAST

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)


@pytest.fixture
def elsewhere(center: Location) -> Location:
    return make_location(short_name="Lakeside", name="Lakeside Center", position=1)


@pytest.fixture
def theirs(elsewhere: Location) -> Lead:
    return make_lead(location=elsewhere, first_name="Zelda", last_name="Elsewhere", email="zelda@example.org")


@pytest.fixture
def bound(client: Client, center: Location) -> Client:
    """A browser in which a coordinator of one location is signed in."""
    user = make_user("coordinator", name="Bea Bound")
    user.locations.add(center)
    client.force_login(user)
    return client


def mail_of(lead: Lead | None) -> InboundMail:
    return InboundMail.objects.create(external_id=uuid4().hex, kind=InboundKind.REPLY, lead=lead, text="Numb since May")


def question_at(location: Location) -> Question:
    return Question.objects.create(location=location, topic="other", name="Zelda Elsewhere", message="Numb since May")


def held_at(location: Location) -> QuarantinedRequest:
    data = {"first_name": "Zelda", "last_name": "Elsewhere"}
    return QuarantinedRequest.objects.create(
        form_id=uuid4(), location=location, page="request", data=data, reasons=["too_fast"], at=NOW
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
    client: Client, center: Location, elsewhere: Location
) -> None:
    mail = mail_of(None)
    one, both, free = (make_user("coordinator", name=name) for name in ("One", "Both", "Free"))
    one.locations.add(center)
    both.locations.add(center, elsewhere)

    assert [_sees(client, user, mail.pk) for user in (one, both, free)] == [False, True, True]

    Location.objects.filter(pk=elsewhere.pk).update(is_active=False)
    assert _sees(client, one, mail.pk)  # there is one location, and it is theirs


def _sees(client: Client, user: User, mail: UUID) -> bool:
    client.force_login(user)
    return str(mail) in client.get("/admin/crm/inboundmail/").content.decode()


# --- Pages of our own ------------------------------------------------------------------------------------------------


@pytest.fixture
def office(client: Client, center: Location) -> Client:
    """A browser in which an administrator of one location is signed in."""
    user = make_user("administrator", name="Ada Bound")
    user.locations.add(center)
    client.force_login(user)
    return client


def test_sending_shows_no_mail_of_another_location(bound: Client, lead: Lead, theirs: Lead) -> None:
    failed(lead)
    failed(theirs)

    page = bound.get("/admin/crm/sending/").content.decode()

    assert lead.full_name in page
    assert "Elsewhere" not in page


def test_nobody_elsewhere_in_the_next_week_or_a_rehearsal(bound: Client, lead: Lead, theirs: Lead) -> None:
    for one in (lead, theirs):
        ConsentRecord.objects.create(lead=one, kind=ConsentKind.CONTACT, given=True, text="x", text_version="1")
        events.announce(one, Event.SUBMITTED, now=NOW)
    version = SequenceVersion.objects.get(key="not_reachable")

    week = bound.get("/admin/crm/sequenceversion/next-week/").content.decode()
    rehearsed = bound.get(f"/admin/crm/sequenceversion/{version.pk}/?for={theirs.reference}").content.decode()

    assert lead.full_name in week
    assert "Elsewhere" not in week
    assert "Elsewhere" not in rehearsed
    assert f"There is no request with the reference number {theirs.reference}" in rehearsed


def test_who_uses_the_same_address_elsewhere_is_not_told(bound: Client, center: Location, theirs: Lead) -> None:
    here = make_lead(location=center, email=theirs.email, phone="+12125550199")
    near = make_lead(location=center, email=theirs.email, phone="+12125550198", last_name="Nearby")

    page = bound.get(f"/admin/crm/lead/{here.pk}/change/").content.decode()

    assert near.full_name in page
    assert "Elsewhere" not in page


def test_texts_are_shown_for_nobody_elsewhere(office: Client, lead: Lead, theirs: Lead) -> None:
    name = mail_templates.names()[0]
    address, draft = f"/admin/crm/mailtext/{name}/en/", {"subject": "Hello", "body": "Hello {first_name}"}

    latest = office.get(address).content.decode()
    chosen = office.post(f"{address}preview/", draft | {"reference": theirs.reference}).content.decode()

    assert lead.first_name in latest
    assert "Zelda" not in latest
    assert "Zelda" not in chosen
    assert "There is no request with this reference number." in chosen


def test_leads_are_handed_over_where_one_works(client: Client, lead: Lead, theirs: Lead, center: Location) -> None:
    leaver, heir, far = (make_user("coordinator", name=name) for name in ("Lea Leaver", "Hei Heir", "Fay Far"))
    boss = make_user("lead_coordinator", name="Bo Boss")
    boss.locations.add(center)
    far.locations.add(theirs.location)
    Lead.objects.update(owner=leaver)
    client.force_login(boss)

    page = client.get(f"/admin/crm/user/{leaver.pk}/hand-over/").content.decode()
    client.post(f"/admin/crm/user/{leaver.pk}/hand-over/", {"to": heir.pk})

    assert "Hei Heir" in page
    assert "Fay Far" not in page
    assert set(Lead.objects.values_list("pk", "owner__name")) == {(lead.pk, "Hei Heir"), (theirs.pk, "Lea Leaver")}
    assert client.get(f"/admin/crm/user/{far.pk}/hand-over/").status_code == 404


def test_figures_are_of_ones_own_locations(office: Client, lead: Lead, theirs: Lead) -> None:
    practice = ReferringPractice.objects.create(name="Hilltop Practice")
    for one in (lead, theirs):
        Referral.objects.create(lead=one, practice=practice, referred_on=NOW.date())
    user = User.objects.get(name="Ada Bound")

    assert queries.referral_figures([practice.pk], user)[practice.pk].sent == 1
    assert pipeline_stats.since(NOW - timedelta(days=1), user).received == 1


def test_the_bell_forgets_whom_one_does_not_work_for_any_more(bound: Client, lead: Lead, theirs: Lead) -> None:
    user = User.objects.get(name="Bea Bound")
    for one in (lead, theirs):
        notifications.tell([user], title="Wrote to you", lead=one, key=str(one.pk), now=NOW)

    page = bound.get("/admin/bell/").content.decode()

    assert lead.full_name in page
    assert "Elsewhere" not in page
    assert notifications.unseen_count(user) == 1


def test_what_cannot_be_chosen_stays_chosen(office: Client, center: Location, elsewhere: Location) -> None:
    ours, far = (
        Resource.objects.create(location=place, kind="provider", name=name, timezone=place.timezone)
        for place, name in ((center, "Dr. Near"), (elsewhere, "Dr. Far"))
    )
    kind = AppointmentType.objects.create(key="talk", label="Talk", mode="phone", duration=30, step=30)
    kind.providers.set([ours, far])
    address = f"/admin/scheduling/appointmenttype/{kind.pk}/change/"

    page = office.get(address).content.decode()
    told = {
        "label": "Talk",
        "mode": "phone",
        "duration": 45,
        "step": 15,
        "buffer_before": 0,
        "buffer_after": 0,
        "min_notice": 0,
        "window_days": "",
        "cancel_until": 0,
        "reschedule_until": 0,
        "position": 0,
        "is_active": "on",
    }
    answer = office.post(address, told)

    assert answer.status_code == 302
    assert "Dr. Near" in page
    assert "Dr. Far" not in page
    kind.refresh_from_db()
    assert (kind.duration, list(kind.providers.all())) == (45, [far])


def test_who_gives_something_elsewhere_is_not_read_either(bound: Client, center: Location, elsewhere: Location) -> None:
    """A page to read shows what is chosen in words."""
    kind = AppointmentType.objects.create(key="talk", label="Talk", mode="phone", duration=30, step=30)
    for place, name in ((center, "Dr. Near"), (elsewhere, "Dr. Far")):
        zone = place.timezone
        kind.providers.add(Resource.objects.create(location=place, kind="provider", name=name, timezone=zone))

    page = bound.get(f"/admin/scheduling/appointmenttype/{kind.pk}/change/").content.decode()

    assert "Dr. Near" in page
    assert "Dr. Far" not in page


def test_the_front_desk_settles_no_mail(client: Client, lead: Lead) -> None:
    message = failed(lead)
    client.force_login(make_user("front_desk"))

    assert client.post(f"/admin/crm/message/{message.pk}/settle/", {"what": "drop"}).status_code == 403


def test_what_is_elsewhere_is_as_little_there_as_what_never_was(bound: Client, theirs: Lead) -> None:
    for pk in (failed(theirs).pk, uuid4()):
        assert bound.get(f"/admin/crm/message/{pk}/change/").status_code == 404


def test_a_request_written_down_here_tells_and_changes_nobody_elsewhere(
    bound: Client, center: Location, theirs: Lead
) -> None:
    told = LEAST | {"first_name": theirs.first_name, "last_name": theirs.last_name, "email": theirs.email}
    before = Lead.objects.values().get(pk=theirs.pk)

    answer = bound.post("/admin/new-request/", told | {"phone": theirs.phone, "note": "Will call"}, follow=True)

    made = Lead.objects.get(location=center)
    assert made.reference in answer.content.decode()
    assert theirs.reference not in answer.content.decode()
    assert Lead.objects.values().get(pk=theirs.pk) == before
    assert not theirs.activities.exists()


# --- Accounts --------------------------------------------------------------------------------------------------------


def test_nobody_gets_hold_of_an_account_that_works_elsewhere(
    office: Client, center: Location, elsewhere: Location
) -> None:
    near, both, free = (make_user("coordinator", name=name) for name in ("Nea", "Bo", "Fre"))
    near.locations.add(center)
    both.locations.add(center, elsewhere)

    answers = [office.get(f"/admin/crm/user/{user.pk}/password/").status_code for user in (near, both, free)]

    assert answers == [200, 403, 403]


def test_nothing_is_taken_from_whoever_works_elsewhere_too(
    office: Client, center: Location, elsewhere: Location
) -> None:
    both, free = (make_user("coordinator", name=name) for name in ("Bo", "Fre"))
    both.locations.add(center, elsewhere)

    for user in (both, free):
        form = account_form(user) | {"is_active": "", "is_staff": "", "locations": str(center.pk)}
        office.post(f"/admin/crm/user/{user.pk}/change/", form)
        user.refresh_from_db()

    assert all(user.is_active and user.is_staff and user.groups.exists() for user in (both, free))
    assert (set(both.locations.all()), set(free.locations.all())) == ({center, elsewhere}, set())


def test_whoever_is_bound_makes_nobody_who_is_not(office: Client, center: Location) -> None:
    words = "a-long-enough-phrase"
    form = {"name": "Nia New", "email": "nia@example.org", "password1": words, "password2": words, "is_staff": "on"}

    office.post("/admin/crm/user/add/", form)
    added = User.objects.get(email="nia@example.org")
    assert list(added.locations.all()) == [center]

    answer = office.post(f"/admin/crm/user/{added.pk}/change/", account_form(added, name="Nia Newer"), follow=True)
    added.refresh_from_db()
    assert (added.name, list(added.locations.all())) == ("Nia Newer", [center])
    assert "you cannot let them work for all" in answer.content.decode()


def account_form(user: User, **changes: str) -> dict[str, str]:
    """The page of a person, with no location ticked."""
    inline = {"absences-TOTAL_FORMS": "0", "absences-INITIAL_FORMS": "0"}
    return {"name": user.name, "email": user.email, "is_active": "on", "is_staff": "on", **inline, **changes}


def test_whoever_adds_a_location_works_there(office: Client) -> None:
    answer = office.post("/admin/crm/location/add/", location_form(), follow=True)

    assert "Lakeside" in answer.content.decode()
    assert User.objects.get(name="Ada Bound").locations.count() == 2


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
