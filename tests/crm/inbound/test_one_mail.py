"""Which mail is the same one told twice, and which is another; and what of it a person is told."""

from datetime import UTC, datetime

import pytest

from crm.inbound import actions
from crm.inbound.parsing import mail_parser
from crm.models import InboundMail, Lead, Location, Task
from tests.crm.inbound.test_mail_reading import PLAIN, mail, parts
from tests.factories import make_lead

pytestmark = pytest.mark.django_db
JULY, AUGUST = "Wed, 1 Jul 2026 09:00:00 -0400", "Sat, 1 Aug 2026 09:00:00 -0400"


@pytest.fixture
def lead(center: Location) -> Lead:
    return make_lead()


def take(raw: bytes) -> InboundMail | None:
    return actions.receive(mail_parser.read(raw), now=datetime.now(UTC))


def without_id(**headers: str) -> bytes:
    return mail("Please call me.", **headers).replace(b"Message-ID: <one@mail.example.org>\r\n", b"")


def test_two_people_with_one_message_id_are_both_heard(lead: Lead) -> None:
    other = make_lead(first_name="Blake", email="blake@example.org")
    taken = [take(mail(From=one.email)) for one in (lead, other) for _ in range(2)]
    assert [one and one.lead for one in taken] == [lead, None, other, None]
    assert Task.objects.count() == 2


def test_other_words_under_one_message_id_are_another_mail(lead: Lead) -> None:
    taken = [take(mail(words)) for words in ("Yes.", "Yes.", "No, my leg is numb.", "No, my leg is numb.", "Yes.")]
    assert [one is not None for one in taken] == [True, False, True, False, False]


@pytest.mark.parametrize("name", ["Date", "Received"])
def test_the_same_words_a_month_later_are_another_mail(lead: Lead, name: str) -> None:
    taken = [take(without_id(**{name: when})) for when in (JULY, JULY, AUGUST)]
    assert [one is not None for one in taken] == [True, False, True]


def test_what_is_attached_is_named(lead: Lead) -> None:
    scan = "Content-Type: image/png\r\nContent-Disposition: attachment; filename=scan.png\r\n\r\nx"
    kept = take(parts("mixed", PLAIN + "My scan.", scan))
    assert kept is not None
    assert kept.text == "My scan.\n\nAttached: scan.png"
