"""Mail that comes in: what it is, whose it is, what it sets in motion, once; read from a real IMAP server."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import make_msgid

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import settings as quick
from hypothesis import strategies as st

from crm.enums.leads import EnrollmentState, Event, Stage, TaskKind
from crm.inbound import actions
from crm.inbound.parsing import mail_parser
from crm.inbound.parsing.mail_parser import InboundMessage, MailKind
from crm.leads import events
from crm.mail import status as mail_status
from crm.models import Activity, Enrollment, InboundMail, Lead, Location, MailThread, Suppression, Task
from crm.patient_portal import conversation_queries
from tests.factories import NOON, make_lead, make_message

pytestmark = pytest.mark.django_db
OURS = "<ours@riverbend.example.org>"


def mail(text: str = "Please call me after noon.", **headers: str) -> bytes:
    made = EmailMessage()
    made["From"], made["To"] = headers.pop("From", "Avery <avery@example.org>"), headers.pop("To", "r@example.org")
    made["Message-ID"] = headers.pop("Message_ID", make_msgid(domain="example.org"))
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made.as_bytes()


def bounce(
    status: str = "5.1.1", action: str = "failed", *, about: str = "avery@example.org", ours: str = OURS
) -> bytes:
    """As RFC 3464 has it: words, the status, and the headers of ours."""
    return (
        "From: MAILER-DAEMON@mx.example.org\r\nTo: r@example.org\r\nReturn-Path: <>\r\n"
        f"Message-ID: {make_msgid(domain='mx.example.org')}\r\nSubject: Undelivered Mail\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nYour mail could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n\r\n"
        f"Final-Recipient: rfc822; {about}\r\nAction: {action}\r\nStatus: {status}\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {ours}\r\nTo: {about}\r\n\r\n--b--\r\n"
    ).encode()


def complaint(about: str = "avery@example.org") -> bytes:
    """As RFC 5965 has it."""
    return (
        f"From: fbl@provider.example.org\r\nTo: r@example.org\r\nMessage-ID: {make_msgid()}\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nAn abuse report.\r\n"
        "--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {OURS}\r\nTo: {about}\r\n\r\nHi\r\n--b--\r\n"
    ).encode()


BOUNCE = bounce()


# --- What it is -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (mail(), MailKind.REPLY),
        (mail(Auto_Submitted="no"), MailKind.REPLY),
        (mail(Auto_Submitted="auto-replied"), MailKind.ROBOT),
        (mail(Auto_Submitted="auto-generated; x=y"), MailKind.ROBOT),
        (mail(X_Autoreply="yes"), MailKind.ROBOT),
        (mail(Precedence="bulk"), MailKind.ROBOT),
        (mail(Return_Path="<>"), MailKind.ROBOT),
        (bounce(), MailKind.HARD_BOUNCE),
        (bounce("4.2.2"), MailKind.SOFT_BOUNCE),
        (bounce("4.4.1", "delayed"), MailKind.ROBOT),
        (complaint(), MailKind.COMPLAINT),
        (b"", MailKind.REPLY),
    ],
    ids=range(12),  # each process makes Message-IDs of its own
)
def test_what_it_is(raw: bytes, kind: MailKind) -> None:
    assert mail_parser.read(raw).kind == kind


def test_what_a_bounce_is_about() -> None:
    found = mail_parser.read(bounce())
    assert (found.about, found.status, found.message_ids) == ("avery@example.org", "5.1.1", (OURS,))


def test_what_a_reply_says() -> None:
    found = mail_parser.read(
        mail("Yes.\n", In_Reply_To=OURS, References=f"<x@y> {OURS}", To="r+abcdefgh234567ab@example.org")
    )
    assert (found.message_ids, found.tokens, found.text) == ((OURS, "<x@y>"), ("abcdefgh234567ab",), "Yes.")


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("pat@example.org <pat@example.org>", ""),
        ("other@example.com <pat@example.org>", ""),
        ("Dr. Pat Poe, MD <pat@example.org>", "Dr. Pat Poe, MD"),
        ("[Pat] <pat@example.org>", "[Pat]"),
        ("Pat; Poe < Pat@example.org >", "Pat; Poe"),
        ("Pat Poe pat@example.org", ""),
        ("pat@example.org (Pat Poe)", "Pat Poe"),
        ("Pat <pat@example.org>, Sam <sam@example.org>", "Pat"),
        ('"Poe, Pat" <pat@example.org>', "Poe, Pat"),
    ],
)
def test_who_wrote_is_read_however_programs_write_it(written: str, name: str) -> None:
    found = mail_parser.read(f"From: {written}\r\nTo: r@example.org\r\n\r\nHello".encode())
    assert (found.sender, found.sender_name) == ("pat@example.org", name)


def test_html_becomes_words() -> None:
    made = EmailMessage()
    made.set_content("<p>Hello<br>there</p><script>alert(1)</script>", subtype="html")
    assert mail_parser.read(made.as_bytes()).text == "Hello\nthere"


@quick(derandomize=True, deadline=None, database=None, max_examples=150)
@given(st.one_of(st.binary(max_size=400), st.builds(lambda a, b: BOUNCE[:a] + b, st.integers(0, 700), st.binary())))
def test_whatever_comes_in_is_read(raw: bytes) -> None:
    assert isinstance(mail_parser.read(raw), InboundMessage)


# --- Whose it is, and what it sets in motion --------------------------------------------------------------------------
@pytest.fixture
def lead(center: Location) -> Lead:
    """In two sequences since just now."""
    made = make_lead()
    events.announce(made, Event.SUBMITTED, now=NOON, key="x")
    return made


def take(raw: bytes) -> InboundMail | None:
    return actions.receive(mail_parser.read(raw), now=datetime.now(UTC))


def states() -> set[str]:
    return set(Enrollment.objects.values_list("state", flat=True))


def test_a_reply_is_answered_by_people(lead: Lead) -> None:
    kept = take(mail())
    assert kept is not None
    assert (kept.lead, kept.text) == (lead, "Please call me after noon.")
    assert states() == {EnrollmentState.PAUSED}
    task = Task.objects.get()
    assert (task.kind, task.title) == (TaskKind.ANSWER, "Answer the e-mail")
    assert Activity.objects.filter(summary="E-mail, reply").exists()


def test_what_a_mail_system_writes_is_read_by_a_person_and_answered_by_nobody(lead: Lead, desk: Client) -> None:
    wrote = {"From": "MAILER-DAEMON@mx.example.org", "In_Reply_To": OURS}
    make_message(lead, message_id=OURS)
    for words in ("We move to new machines.", "We have moved."):
        take(mail(words, **wrote))
    task = Task.objects.get()
    assert (task.kind, task.title) == (TaskKind.OTHER, "A mail system wrote about them: read it")
    assert Activity.objects.filter(summary="E-mail, from a mail system").count() == 2
    assert states() == {EnrollmentState.LIVE}
    assert conversation_queries.newest_mail(lead) is None  # no answer is asked for when the thread is settled either
    assert "We have moved." in desk.get(f"/admin/crm/lead/{lead.pk}/change/?panels=all").content.decode()


def test_told_twice_it_happens_once(lead: Lead) -> None:
    raw = mail()
    assert [take(raw) is not None for _ in range(3)] == [True, False, False]
    assert (InboundMail.objects.count(), Task.objects.count()) == (1, 1)


def test_a_robots_reply_stops_nothing(lead: Lead) -> None:
    take(mail("I am out of office.", Auto_Submitted="auto-replied"))
    assert states() == {EnrollmentState.LIVE}
    assert not Task.objects.exists()


def test_in_a_household_the_thread_tells_who_wrote(lead: Lead) -> None:
    other = make_lead(first_name="Blake", email=lead.email, phone="")
    assert take(mail()).lead is None  # type: ignore[union-attr]
    token = MailThread.objects.create(lead=other, token="abcdefgh234567ab").token
    assert take(mail(To=f"replies+{token}@example.org")).lead == other  # type: ignore[union-attr]
    make_message(lead, message_id=OURS)
    assert take(mail(In_Reply_To=OURS)).lead == lead  # type: ignore[union-attr]


@pytest.mark.parametrize("header", ["Cc", "Delivered-To", "Envelope-To", "X-Envelope-To"])
def test_a_reply_to_all_from_another_address_finds_its_thread(lead: Lead, header: str) -> None:
    """A daughter answers her mother's mail: we are among those in copy, and nothing else tells whose it is."""
    token = MailThread.objects.create(lead=lead, token="abcdefgh234567ab").token
    raw = mail(To="mother@example.org", From="daughter@example.org", **{header: f"<replies+{token}@example.org>"})
    assert take(raw).lead == lead  # type: ignore[union-attr]


def test_the_address_that_was_written_to_tells_before_the_thread_that_is_referred_to(lead: Lead) -> None:
    """Somebody answers what another patient had passed on to them, by writing to their own thread."""
    other = make_lead(first_name="Blake", email="blake@example.org", phone="")
    mine, theirs = "abcdefgh234567ab", "zbcdefgh234567ab"
    for one, token in ((other, theirs), (lead, mine)):
        MailThread.objects.create(lead=one, token=token)
    for token, other_token, whose in ((mine, theirs, lead), (theirs, mine, other)):
        raw = mail(To=f"replies+{token}@example.org", References=f"<thread+{other_token}@example.org>")
        assert take(raw).lead == whose  # type: ignore[union-attr]


def test_whose_it_is_nobody_can_tell_is_kept_for_a_person(lead: Lead, desk: Client) -> None:
    kept = take(mail("Who am I?", From="stranger@example.org"))
    assert kept is not None
    assert kept.lead is None
    page = desk.get("/admin/crm/inboundmail/").content.decode()
    assert str(kept.pk) in page
    assert "Who am I?" in page  # to be told apart; the words of a lead are read on a page that is recorded
    assert "Who am I?" in desk.get(f"/admin/crm/inboundmail/{kept.pk}/change/").content.decode()


def test_who_wrote_what_is_nobodys_can_be_answered(lead: Lead, desk: Client) -> None:
    kept = take(mail("Who am I?", From="=?utf-8?q?Mar=C3=ADa_L=C3=B3pez?= <Stranger@Example.org>"))
    assert kept is not None
    for page in ("", f"{kept.pk}/change/"):
        assert "María López &lt;stranger@example.org&gt;" in desk.get(f"/admin/crm/inboundmail/{page}").content.decode()
    stored = InboundMail.objects.filter(pk=kept.pk).extra(select={"raw": "sender"}).values_list("raw", flat=True)
    assert b"stranger" not in bytes(stored[0])


@pytest.mark.parametrize(
    ("sender", "told"),
    [
        ("Avery <AVERY@example.org>", ""),
        ("Blake <blake@example.org>", "Blake &lt;blake@example.org&gt;"),
        ('"avery@example.org" <blake@example.org>', "blake@example.org"),
        ("Moss, Avery <avery@example.org>", ""),
    ],
)
def test_the_desk_reads_who_answers_in_somebodys_thread(lead: Lead, desk: Client, sender: str, told: str) -> None:
    """Whoever has been passed a mail, or reads along, can answer it: its token is no proof of who writes."""
    token = MailThread.objects.create(lead=lead, token="abcdefgh234567ab").token
    take(mail("Please cancel my visit.", To=f"replies+{token}@example.org", From=sender))
    page = desk.get(f"/admin/crm/lead/{lead.pk}/change/?panels=all").content.decode()
    _, is_told, after = page.partition("from another address than the one on record: ")
    assert (bool(is_told), after.partition("</strong>")[0]) == (bool(told), told)
    listed = desk.get("/admin/crm/inboundmail/").content.decode()
    assert (told or "The address on record") in listed


def test_the_words_stand_on_the_page_of_the_lead(lead: Lead, desk: Client) -> None:
    take(mail("<b>Please</b> call me."))
    assert "call me." not in desk.get("/admin/crm/inboundmail/").content.decode()
    page = desk.get(f"/admin/crm/lead/{lead.pk}/change/?panels=all").content.decode()
    assert "&lt;b&gt;Please&lt;/b&gt; call me." in page


def test_one_hard_bounce_ends_mail_and_opens_a_call(lead: Lead) -> None:
    make_message(lead, message_id=OURS)
    for _ in range(2):
        take(bounce())
    assert Suppression.objects.get().because == "bounce"
    [task] = Task.objects.filter(kind=TaskKind.MAIL_PROBLEM)
    assert task.title == "The e-mail address does not work: ask for another"
    assert states() == {EnrollmentState.LIVE}  # what is to be done goes on, by telephone


@pytest.mark.parametrize(("stage", "asked"), [(Stage.IMPROVED, 0), (Stage.DORMANT, 0), (Stage.PATIENT, 1)])
def test_nobody_asks_for_another_address_when_nothing_is_ahead(lead: Lead, stage: Stage, asked: int) -> None:
    Lead.objects.update(stage=stage)
    make_message(lead, message_id=OURS)
    take(bounce())
    assert Suppression.objects.get().because == "bounce"
    assert Task.objects.filter(kind=TaskKind.MAIL_PROBLEM).count() == asked


def test_five_soft_bounces_within_a_month_count_as_one_hard(lead: Lead) -> None:
    make_message(lead, message_id=OURS)
    for _ in range(4):
        take(bounce("4.2.2"))
    assert not Suppression.objects.exists()
    InboundMail.objects.filter(pk=InboundMail.objects.first().pk).update(at=datetime.now(UTC) - timedelta(days=31))  # type: ignore[union-attr]
    take(bounce("4.2.2"))
    assert not Suppression.objects.exists()
    take(bounce("4.2.2"))
    assert Suppression.objects.get().because == "bounce"


def test_a_complaint_ends_everything_commercial(lead: Lead) -> None:
    make_message(lead, message_id=OURS)
    take(complaint())
    found = Suppression.objects.get()
    assert (found.because, found.scope) == ("complaint", "education")


def test_more_than_one_complaint_in_a_thousand_holds_commercial_mail(lead: Lead, desk: Client) -> None:
    make_message(lead, message_id=OURS)
    take(complaint())
    assert not mail_status.commercial_is_paused()  # one person's click
    take(complaint("other@example.org"))
    assert mail_status.commercial_is_paused()
    page = " ".join(desk.get("/admin/crm/sending/").content.decode().split())
    assert "Commercial mail is held: more than one complaint in a thousand mails." in page


def test_a_bounce_of_a_stranger_touches_nobody(lead: Lead) -> None:
    take(bounce(about="nobody@example.org", ours="<x@y>"))
    assert states() == {EnrollmentState.LIVE}
    assert not Task.objects.exists()
