"""Whether a person wrote it: absence notes, receipts, answers of a calendar, and people whose mail is marked as
automatic."""

import pytest

from crm.inbound.parsing import mail_parser
from crm.inbound.parsing.mail_parser import MailKind
from tests.crm.inbound.test_mail_reading import PLAIN, mail, parts

RULES = "Mailbox Rules Agent"


# --- Robots -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: We received your message",
        "Auto-Reply: We received your message",
        "Out of Office: We received your message",
        "Out of the office",
        "Out of Office AutoReply: We received your message",
        "Vacation reply",
        "Respuesta automática: Recibimos su mensaje",
        "=?utf-8?q?Respuesta_autom=C3=A1tica=3A_Recibimos?=",
        "RESPUESTA AUTOMATICA: Recibimos su mensaje",
        "Fuera de la oficina: Recibimos su mensaje",
        "Fuera de oficina Re: Recibimos su mensaje",
        "Auto-Responder: We received your message",
        "[AUTO GENERATED] We received your message",
    ],
)
def test_an_absence_note_is_told_by_its_subject(subject: str) -> None:
    assert mail_parser.read(mail(Subject=subject)).kind == MailKind.ROBOT


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Auto_Response_Suppress": "All"},
        {"X_Auto_Respond": "yes"},
        {"X_Mail_Autoreply": "yes"},
        {"Auto_Submitted": "auto-replied (vacation)"},
        {"Auto_Submitted": "auto-generated"},
        {"Auto_Submitted": "auto-replied", "X_MS_Exchange_Generated_Message_Source": RULES},
        {"Precedence": "auto_reply"},
        {"Precedence": "junk"},
    ],
    ids=str,
)
def test_an_absence_note_is_told_by_its_headers(headers: dict[str, str]) -> None:
    assert mail_parser.read(mail(**headers)).kind == MailKind.ROBOT


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "no (a person wrote this)"},
        {"Auto_Submitted": "No; x=y"},
        {"Auto_Submitted": "auto-generated", "X_MS_Exchange_Generated_Message_Source": RULES},
        {"X_Auto_Response_Suppress": "All", "X_MS_Exchange_Generated_Message_Source": RULES},
        {"X_Auto_Response_Suppress": "DR, OOF, AutoReply"},
        {"X_Auto_Response_Suppress": "DR, OOF, AutoReply", "To": "r@example.org", "In_Reply_To": ""},
        {"Precedence": "bulk"},
        {"Precedence": "list"},
        {"Return_Path": "<>"},
        {"Subject": "Out of office on Tuesday, can we move it?"},
        {"Subject": "Re: Automatic reply: my leg is numb"},
        {"Subject": "Vacation: please move my appointment"},
        {"Subject": "Fuera de la oficina el martes"},
    ],
    ids=str,
)
def test_what_a_person_answers_is_no_robots(headers: dict[str, str]) -> None:
    """Servers mark what they forward, and mail of groups; it answers a mail of ours all the same."""
    assert mail_parser.read(mail(**headers)).kind == MailKind.REPLY


@pytest.mark.parametrize("headers", [{"Precedence": "bulk"}, {"Precedence": "list"}, {"Return_Path": "<>"}], ids=str)
def test_what_goes_to_many_and_answers_nothing_is_a_robots(headers: dict[str, str]) -> None:
    assert mail_parser.read(mail(To="r@example.org", In_Reply_To="", **headers)).kind == MailKind.ROBOT


# --- Receipts ---------------------------------------------------------------------------------------------------------
READ = "Content-Type: message/disposition-notification\r\n\r\nDisposition: manual-action/MDN-sent-manually; displayed"


@pytest.mark.parametrize("kind", ["report; report-type=disposition-notification", "report"])
def test_a_receipt_is_no_answer(kind: str) -> None:
    raw = parts("report", PLAIN + "Your message was read.", READ).replace(
        b"multipart/report", f"multipart/{kind}".encode()
    )
    assert mail_parser.read(raw).kind == MailKind.RECEIPT


# --- Calendars --------------------------------------------------------------------------------------------------------
def calendar(said: str, parameters: str = "; method=REPLY") -> str:
    lines = ["BEGIN:VCALENDAR", "METHOD:REPLY", "BEGIN:VEVENT", f"ATTENDEE;PARTSTAT={said};CN=A:mailto:a@example.org"]
    return f"Content-Type: text/calendar{parameters}\r\n\r\n" + "\r\n".join([*lines, "UID:x@example.org", "END:VEVENT"])


@pytest.mark.parametrize("parameters", ["; method=REPLY", "; charset=utf-8", ""])
@pytest.mark.parametrize("said", ["ACCEPTED", "DECLINED", "TENTATIVE", "DECL\r\n\tINED", "DECL\r\n INED"])
def test_the_answer_of_a_calendar_is_told(said: str, parameters: str) -> None:
    found = mail_parser.read(parts("alternative", PLAIN, calendar(said, parameters)))
    assert (found.kind, found.answer) == (MailKind.CALENDAR, "".join(said.split()).lower())


def test_an_invitation_of_a_patient_is_mail_of_a_person() -> None:
    raw = parts("alternative", PLAIN + "Come here.", calendar("ACCEPTED", "").replace("METHOD:REPLY", "METHOD:REQUEST"))
    assert (mail_parser.read(raw).kind, mail_parser.read(raw).answer) == (MailKind.REPLY, "")


# --- Complaints -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["report; report-type=feedback-report", "report"])
def test_a_complaint_names_its_person_where_the_copy_does_not(kind: str) -> None:
    told = "Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nOriginal-Rcpt-To: <avery@example.org>"
    copy = "Content-Type: message/rfc822\r\n\r\nMessage-ID: <ours@example.org>\r\nTo: redacted@example.net\r\n\r\nHi"
    raw = parts("report", PLAIN, told, copy).replace(b"multipart/report", f"multipart/{kind}".encode())
    found = mail_parser.read(raw)
    assert (found.kind, found.about) == (MailKind.COMPLAINT, "avery@example.org")


def test_a_complaint_in_the_form_of_outlook_com_is_one() -> None:
    copy = "Content-Type: message/rfc822\r\n\r\nMessage-ID: <ours@example.org>\r\nTo: avery@example.org\r\n\r\nHi"
    raw = parts("mixed", copy).replace(b"Avery Moss <Avery@example.org>", b"staff@hotmail.com")
    raw = raw.replace(b"MIME-Version", b"Subject: complaint about message from 192.0.2.5\r\nMIME-Version")
    found = mail_parser.read(raw)
    assert (found.kind, found.about) == (MailKind.COMPLAINT, "avery@example.org")
    assert "<ours@example.org>" in found.message_ids
    assert mail_parser.read(raw.replace(b"staff@", b"someone@")).kind == MailKind.REPLY
