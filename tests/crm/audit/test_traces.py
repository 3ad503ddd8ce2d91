"""Whoever is shown, the access log says to whom. tests/walk asks every address; these are ways to forget it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from crm.enums.leads import AccessAction, MessageState
from crm.leads import notifications
from crm.mail import templates as mail_templates
from crm.models import AccessEvent, Lead, Location, User
from tests.factories import make_lead, make_message

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)


def seen(lead: Lead, **more: Any) -> int:
    return AccessEvent.objects.filter(object_type="lead", object_ids__contains=[lead.pk], **more).count()


def test_sending_says_whose_mail_was_shown(desk: Client, lead: Lead) -> None:
    make_message(lead, state=MessageState.FAILED)

    desk.get("/admin/crm/sending/")

    assert seen(lead) == 1


def test_the_bell_says_who_was_named(desk: Client, lead: Lead, coordinator: User) -> None:
    notifications.tell([coordinator], title="Wrote to you", lead=lead, key="one", now=NOW)

    desk.get("/admin/bell/")

    assert seen(lead) == 1


def test_a_text_says_for_whom_it_was_shown(desk: Client, lead: Lead) -> None:
    address = f"/admin/crm/mailtext/{mail_templates.names()[0]}/en/"

    desk.get(address)
    assert seen(lead) == 1

    for subject in ("Hello", "Hello again"):  # while somebody types it is said once
        desk.post(f"{address}preview/", {"subject": subject, "body": "Hello"})
    assert seen(lead) == 2


@pytest.mark.parametrize("path", ["details/?panels=all", "treatments/add/?panels=all", "call/", "note/"])
def test_a_refused_form_shows_the_lead_and_says_so(desk: Client, lead: Lead, path: str) -> None:
    answer = desk.post(f"/admin/crm/lead/{lead.pk}/{path}", {"x": ""})

    assert answer.status_code == 422
    assert lead.full_name in answer.content.decode()
    assert seen(lead, action=AccessAction.EDIT) == 1


def test_an_edit_is_said(desk: Client, lead: Lead) -> None:
    desk.post(f"/admin/crm/lead/{lead.pk}/note/", {"note-text": "Called back"})

    assert seen(lead, action=AccessAction.EDIT) == 1
    assert seen(lead, action=AccessAction.VIEW) == 0


def test_an_address_that_only_takes_forms_shows_nobody(desk: Client, lead: Lead) -> None:
    assert desk.get(f"/admin/crm/lead/{lead.pk}/note/").status_code == 302
    assert seen(lead) == 0


def test_whoever_shares_an_address_was_seen_too(desk: Client, lead: Lead, center: Location) -> None:
    other = make_lead(location=center, last_name="Household", email=lead.email)

    desk.get(f"/admin/crm/lead/{lead.pk}/change/")

    assert (seen(lead), seen(other)) == (1, 1)


def test_a_row_about_somebody_names_that_person(desk: Client, lead: Lead) -> None:
    message = make_message(lead)

    desk.get(f"/admin/crm/message/{message.pk}/change/")

    kinds = AccessEvent.objects.filter(action=AccessAction.VIEW).values_list("object_type", "object_ids")
    assert sorted(kinds) == [("lead", [lead.pk]), ("message", [message.pk])]
