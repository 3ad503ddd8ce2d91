"""A domain of another script has two spellings (RFC 5891): it is one address by either, and one person."""

from datetime import UTC, datetime

import pytest

from crm.inbound import actions
from crm.inbound.parsing import mail_parser
from crm.mail import suppression
from crm.models import InboundMail, Lead, Location, Suppression
from tests.crm.inbound.test_inbound import OURS, bounce, mail
from tests.factories import make_lead, make_message

pytestmark = pytest.mark.django_db
LETTERS, ASCII = "jane@bücher.example", "jane@xn--bcher-kva.example"
BOTH = [(LETTERS, ASCII), (ASCII, LETTERS), (LETTERS, ASCII.upper())]


@pytest.mark.parametrize(("on_record", "other"), BOTH)
def test_a_person_is_known_by_both_spellings(center: Location, on_record: str, other: str) -> None:
    lead = make_lead(email=on_record)
    assert [*Lead.objects.reached_by(email=other, phone="")] == [lead]
    assert [*Lead.objects.with_address(other)] == [lead]


def test_another_owner_is_another_person(center: Location) -> None:
    make_lead(email="jane@straße.example")
    assert not Lead.objects.with_address("jane@strasse.example")


@pytest.mark.parametrize(("on_record", "other"), BOTH)
def test_a_reply_is_known_by_both_spellings(center: Location, on_record: str, other: str) -> None:
    lead = make_lead(email=on_record)
    actions.receive(mail_parser.read(mail(From=other)), now=datetime.now(UTC))
    assert InboundMail.objects.get().lead == lead


@pytest.mark.parametrize(("on_record", "other"), BOTH)
def test_a_stop_counts_for_both_spellings(center: Location, on_record: str, other: str) -> None:
    assert suppression.hash_of(on_record) == suppression.hash_of(other)
    assert suppression.hash_of("jane@straße.example") != suppression.hash_of("jane@strasse.example")


def test_a_returned_mail_names_the_spelling_of_the_envelope(center: Location) -> None:
    lead = make_lead(email=LETTERS)
    message = make_message(lead, message_id=OURS)
    actions.receive(mail_parser.read(bounce(about=ASCII)), now=datetime.now(UTC))
    assert Suppression.objects.get().address_hash == suppression.hash_of(message.to_email)
