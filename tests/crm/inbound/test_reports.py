"""Reports that come in have an effect on the address of a mail of ours that they are proven to be about, and on no
other; answers of a calendar pause nothing."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from crm.enums.leads import EnrollmentState, Event, TaskKind
from crm.inbound import actions
from crm.inbound.parsing import mail_parser
from crm.inbound.parsing.mail_parser import InboundMessage, MailKind
from crm.leads import events
from crm.mail import status as mail_status
from crm.mail import suppression
from crm.models import Activity, Enrollment, InboundMail, Lead, Location, MailThread, Suppression, Task
from tests.crm.inbound.test_automatic_mail import READ, calendar
from tests.crm.inbound.test_inbound import OURS, bounce, complaint
from tests.crm.inbound.test_mail_reading import PLAIN, TOKEN, mail, parts
from tests.factories import NOON, make_lead, make_message

pytestmark = pytest.mark.django_db
UNPROVEN = "E-mail, returned: the address does not work: 5.1.1 (names no mail of ours: nothing was stopped)"


@pytest.fixture
def lead(center: Location) -> Lead:
    """In two sequences since just now, with an address of their own for replies."""
    made = make_lead()
    events.announce(made, Event.SUBMITTED, now=NOON, key="x")
    MailThread.objects.create(lead=made, token=TOKEN)
    return made


def take(raw: bytes) -> InboundMail | None:
    return actions.receive(mail_parser.read(raw), now=datetime.now(UTC))


# --- Proof ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("ours", ["", "<guessed@example.org>"])
def test_a_report_about_no_mail_of_ours_stops_nothing(lead: Lead, ours: str) -> None:
    make_message(lead, message_id=OURS)
    take(bounce(about=lead.email, ours=ours))
    assert not Suppression.objects.exists()
    assert not Task.objects.exists()
    assert Activity.objects.filter(lead=lead, summary=UNPROVEN).exists()


def test_the_desk_says_that_it_stopped_nothing(lead: Lead, desk: Client) -> None:
    make_message(lead, message_id=OURS)
    for ours in ("", OURS):
        kept = take(bounce(about=lead.email, ours=ours))
        assert kept is not None
        page = desk.get(f"/admin/crm/inboundmail/{kept.pk}/change/").content.decode()
        assert ("Nothing was stopped" in page, "It is about a mail of ours." in page) == (not ours, bool(ours))
    panel = desk.get(f"/admin/crm/lead/{lead.pk}/change/?panels=all").content.decode()
    assert panel.count("names no mail of ours, nothing was stopped") == 1


def test_five_forged_passing_ones_stop_nothing(lead: Lead) -> None:
    for _ in range(6):
        take(bounce("4.2.2", about=lead.email, ours=""))
    make_message(lead, message_id=OURS)
    take(bounce("4.2.2", about=lead.email))
    assert not Suppression.objects.exists()


def test_forged_complaints_hold_no_mail(lead: Lead) -> None:
    """Of whatever number: one real click beside them is one."""
    for _ in range(3):
        take(complaint().replace(OURS.encode(), b"<guessed@example.org>"))
    assert not Suppression.objects.exists()
    make_message(lead, message_id=OURS)
    take(complaint())
    assert Suppression.objects.get().because == "complaint"
    assert not mail_status.commercial_is_paused()


@pytest.mark.parametrize(
    "raw",
    [bounce(about="dr@clinic.example", ours="<passed-on@desk.example>"), complaint()],
    ids=["a bounce", "a complaint"],
)
def test_what_was_returned_of_somebody_elses_mail_stops_nothing(lead: Lead, raw: bytes) -> None:
    """Somebody passes a patient's thread on by hand, to an address that does not work: the report refers to ours."""
    make_message(lead, message_id=OURS)
    raw = raw.replace(f"Message-ID: {OURS}".encode(), b"Message-ID: <passed-on@desk.example>")
    take(raw.replace(b"MIME-Version", f"References: {OURS} <passed-on@desk.example>\r\nMIME-Version".encode(), 1))
    assert not Suppression.objects.exists()
    assert not Task.objects.exists()


@pytest.mark.parametrize("about", ["elsewhere@example.net", "<avery@example.org>"])
def test_the_address_that_we_mailed_is_stopped(lead: Lead, about: str) -> None:
    """Whatever the report names: the mailbox forwards, or the provider hides whose it is."""
    make_message(lead, message_id=OURS)
    take(bounce(about=about))
    assert [one.address_hash for one in Suppression.objects.all()] == [suppression.hash_of(lead.email)]


def test_the_address_of_a_thread_is_proof_for_the_address_that_was_mailed(lead: Lead) -> None:
    make_message(lead)
    for about in ("other@example.org", lead.email.upper()):
        raw = bounce(about=about, ours="").replace(b"To: r@", f"To: r+{TOKEN}@".encode(), 1)
        take(raw)
    assert [one.address_hash for one in Suppression.objects.all()] == [suppression.hash_of(lead.email)]


def test_what_the_provider_has_signed_is_proven(lead: Lead) -> None:
    arrived = InboundMessage(MailKind.HARD_BOUNCE, message_id="postmark:1", about=lead.email)
    actions.receive(arrived, now=datetime.now(UTC), is_vouched=True)
    assert Suppression.objects.get().because == "bounce"


# --- What is passing --------------------------------------------------------------------------------------------------
def test_a_mail_that_was_returned_for_now_is_told_once(lead: Lead) -> None:
    make_message(lead, message_id=OURS)
    for _ in range(2):
        take(bounce("5.7.1"))
    assert not Suppression.objects.exists()
    [task] = Task.objects.all()
    assert (task.kind, task.title) == (TaskKind.MAIL_PROBLEM, "Mail did not arrive: it was returned")


# --- Receipts and calendars -------------------------------------------------------------------------------------------
def test_a_receipt_and_a_calendar_that_accepts_ask_for_nothing(lead: Lead) -> None:
    take(parts("report", PLAIN + "It was read.", READ))
    take(mail_of("ACCEPTED"))
    take(mail_of("ACCEPTED", "Avery Moss has accepted this invitation."))
    assert set(Enrollment.objects.values_list("state", flat=True)) == {EnrollmentState.LIVE}
    assert not Task.objects.exists()


@pytest.mark.parametrize("said", ["DECLINED", "TENTATIVE"])
def test_a_calendar_that_declines_asks_about_the_appointment(lead: Lead, said: str) -> None:
    for _ in range(2):
        take(mail_of(said))
    [task] = Task.objects.all()
    assert task.title == f"Their calendar says {said.lower()}: ask about the appointment"
    assert set(Enrollment.objects.values_list("state", flat=True)) == {EnrollmentState.LIVE}


@pytest.mark.parametrize(
    "words",
    [
        "My leg is numb since this morning.",
        'Avery Moss has accepted this invitation with this note: "My leg is numb."',
        "Avery Moss ha aceptado esta invitación con esta nota: tengo la pierna dormida.",
    ],
)
def test_words_beside_an_answer_of_a_calendar_are_answered(lead: Lead, words: str) -> None:
    take(mail_of("ACCEPTED", words))
    assert Task.objects.get().kind == TaskKind.ANSWER


def test_mail_of_a_person_that_a_server_has_marked_is_answered(lead: Lead) -> None:
    take(mail("My legs are numb since this morning.", Precedence="bulk"))
    assert Task.objects.get().kind == TaskKind.ANSWER


def mail_of(said: str, words: str = "") -> bytes:
    """Each with a Message-ID of its own, as programs do that answer twice."""
    number = f"<{InboundMail.objects.count()}@mail.example.org>".encode()
    return parts("alternative", PLAIN + words, calendar(said)).replace(b"<one@mail.example.org>", number)
