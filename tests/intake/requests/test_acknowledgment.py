"""Answers that wait: in the language in which they are read when they leave."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from crm.mail import emails
from crm.mail import templates as mail_templates
from crm.models import Lead, Message
from intake.models import Submission
from tests.factories import step_one

ANSWERS: dict[str, Callable[[Lead, datetime], Message]] = {
    "link": lambda lead, now: emails.private_link(lead, asked=uuid4(), now=now),
    "code": lambda lead, now: emails.access_code(lead, asked=uuid4(), now=now),
    "message": lambda lead, now: emails.new_message(lead, message_id=uuid4(), now=now),
    "address_changed": lambda lead, now: emails.address_changed(lead, to="old@example.org", key="changed", now=now),
}


def read_in_spanish(name: str) -> Message:
    """The mail of this name, as it would leave after the lead's language was corrected."""
    Lead.objects.update(language="es")
    return mail_templates.fill(Message.objects.select_related("lead__location").get(name=name))


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_that_waits_follows_a_corrected_language(lead: Lead, name: str) -> None:
    ANSWERS[name](lead, timezone.now()).save()
    spanish = Lead(pk=lead.pk, location=lead.location, first_name=lead.first_name, language="es")
    again = ANSWERS[name](spanish, timezone.now())
    found = read_in_spanish(name)
    assert (found.subject, found.text) == (again.subject, again.text)
    assert '<html lang="es"' in found.html


def test_what_the_mail_server_may_have_seen_stays_as_it_was(lead: Lead) -> None:
    ANSWERS["link"](lead, timezone.now()).save()
    Message.objects.update(handed_over_at=timezone.now())
    was = Message.objects.get()
    assert read_in_spanish("link").text == was.text


@pytest.mark.django_db
def test_an_acknowledgement_names_the_reference_that_was_shown(center: object) -> None:
    """To a repeated request by somebody unproven it is not the lead's."""
    for _ in range(2):
        assert Client().post("/candidate/", step_one()).status_code == 302
    Lead.objects.update(language="es")
    for message in Message.objects.filter(name="ack").select_related("lead__location"):
        shown = str(Submission.objects.get(pk=str(message.key).removeprefix("ack:")).reference)
        assert shown in message.text
        assert f"Su número de referencia: {shown}" in mail_templates.fill(message).text
    assert set(Submission.objects.values_list("reference", flat=True)) - {Lead.objects.get().reference}
