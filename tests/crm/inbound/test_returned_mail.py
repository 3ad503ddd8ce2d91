"""What mail servers say of a mail that they returned: to whom it went, and whether the address is dead."""

import pytest

from crm.inbound.parsing import mail_parser
from crm.inbound.parsing.mail_parser import MailKind
from tests.crm.inbound.test_mail_reading import OURS

AVERY = "avery@example.org"
COPY = f"Message-ID: {OURS}\r\nTo: {AVERY}\r\nSubject: We received your message\r\n"
RETURNED = f"Content-Type: text/rfc822-headers\r\n\r\n{COPY}"
REPORT = 'multipart/report; report-type=delivery-status; boundary="b"'


def status(*fields: str) -> str:
    block = "\r\n".join(fields)
    return f"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n\r\n{block}\r\n"


def told(
    code: str = "5.1.1",
    words: str = "smtp; 550 user unknown",
    recipient: str = f"Final-Recipient: rfc822; {AVERY}",
    action: str = "Action: failed",
) -> str:
    return status(recipient, *([action] if action else []), f"Status: {code}", f"Diagnostic-Code: {words}")


def system_mail(content: str, *, kind: str = "text/plain", **headers: str) -> bytes:
    head = {
        "From": "Mail Delivery System <MAILER-DAEMON@mx.example.net>",
        "To": "replies@riverbend.example.org",
        "Message-ID": "<returned@mx.example.net>",
        "Subject": "Undelivered Mail Returned to Sender",
        "MIME-Version": "1.0",
        "Content-Type": kind,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return ("".join(f"{name}: {value}\r\n" for name, value in head.items()) + "\r\n" + content).encode()


def report(*inner: str, kind: str = REPORT, **headers: str) -> bytes:
    words = "Content-Type: text/plain\r\n\r\nI could not deliver your message."
    body = "".join(f"--b\r\n{one}\r\n" for one in (words, *inner))
    return system_mail(f"{body}--b--\r\n", kind=kind, **headers)


# --- Whether the address is dead --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("5.7.1", "smtp; 550 5.7.1 the sending address is on a block list"),
        ("5.7.1", "smtp; 554 5.7.1 looks like spam"),
        ("5.7.26", "smtp; 550 5.7.26 not authenticated"),
        ("5.7.0", "smtp; 550 no"),
        ("5.3.4", "smtp; 552 larger than we take"),
        ("5.2.3", "smtp; 552 larger than this mailbox takes"),
        ("5.2.2", "smtp; 552 over its limit"),
        ("5.4.6", "smtp; 554 seen here before"),
        ("5.4.7", "smtp; 550 given up after five days"),
        ("5.4.4", "smtp; 550 no route"),
        ("5.1.8", "smtp; 550 the sender's domain is not known"),
        ("5.0.0", "smtp; 550 Blocked by our list"),
        ("5.0.0", "smtp; 554 message delivery time expired"),
        ("5.0.0", "smtp; 550 5.7.1 no"),
        ("5.0.0", "smtp; 552 no"),
        ("5.0.0", "smtp; 450 no"),
        ("5.0.0", "smtp; 550 el buzón está lleno"),
        ("5.1.1", "smtp; 550 mailbox full"),
        ("5.1.0", "smtp; 550 sender rejected"),
        ("5.1.1", "smtp; 550 blocked: see our list of unknown senders"),
        ("5.2.1", "smtp; 550 the mailbox is receiving mail at a rate that lets no more in"),
        ("4.2.2", "smtp; 452 user unknown"),
        ("5.0.0", "x-unix; nothing more is known"),
        ("5.0.0", "smtp; 554 transaction failed"),
        ("5.0.0", "smtp; 550 protocol violation (in reply to DATA command)"),
        ("5.0.0", "smtp; 554 service currently unavailable"),
        ("5.0.0", "smtp; 554 this host network is not allowed"),
        ("5.0.0", "x-unix; pipe to |/usr/local/bin/sort avery@example.org: exit 255"),
        ("5.1.0", "smtp; 5.1.0 - Unknown address error 550-'5.7.1 access denied'"),
        ("5.1.0", "smtp; 550 the sender domain does not exist"),
        ("5.2.0", "smtp; 550 5.2.0 mail rejected. xyz_506"),
        ("5.2.0", "x-unix; error while writing to the mailbox: lock failure"),
        ("5.3.0", "smtp; 550 recipient address rejected: mailer error"),
        ("5.5.0", "smtp; 550 domain [example.net] mismatches client ip 192.0.2.5"),
        ("5.5.0", "smtp; 503 improper sequence of commands"),
        ("5.0.0", "smtp; 550 recipient address rejected: on hold"),
    ],
)
def test_trouble_with_the_mail_the_way_or_today_is_not_the_address(code: str, words: str) -> None:
    found = mail_parser.read(report(told(code, words), RETURNED))
    assert (found.kind, found.about) == (MailKind.SOFT_BOUNCE, AVERY)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("5.1.1", "smtp; 550 user unknown"),
        ("5.1.1", f"smtp; 550 5.1.1 <{AVERY}>: Recipient address rejected: User unknown in relay recipient table"),
        ("5.1.1", "smtp; 550 5.1.1 <grace.full@example.org> no such user"),
        ("5.1.1", "x-unix; spamfilter.example.net said: 550 the account does not exist"),
        ("5.0.0", "smtp; 10.4.5.6 said: 550 no such user"),
        ("5.1.2", "smtp; 550 no such domain"),
        ("5.1.10", "smtp; 550 not found"),
        ("5.2.1", "smtp; 550 disabled"),
        ("5.5.0", "smtp; 550 mailbox unavailable"),
        ("5.0.0", "smtp; 550 fullerton is no user here"),
        ("5.0.0", "smtp; 550 5.1.1 <jane.spamer@block.example.net> user not exist"),
        ("5.0.0", "smtp; 550 Usuario desconocido"),
        ("5.0.0", "smtp; 554 delivery error: dd This user doesn't have a mail.example.org account [0]"),
        ("5.0.0", "smtp; 550 #5.1.0 Address rejected."),
        ("5.3.0", "smtp; 553 no such user here"),
        ("5.1.1", ""),
    ],
)
def test_a_dead_address_is_told(code: str, words: str) -> None:
    assert mail_parser.read(report(told(code, words), RETURNED)).kind == MailKind.HARD_BOUNCE


# --- Which address ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "recipient",
    [
        f"Final-Recipient: rfc822; <{AVERY}>",
        f"Final-Recipient: rfc822; {AVERY} (Avery Moss)",
        f"Final-Recipient: LOCAL; {AVERY}",
        f"Final-Recipient: rfc822;{AVERY.upper()}",
        f"Final-Recipient: rfc822; elsewhere@example.net\r\nOriginal-Recipient: rfc822; {AVERY}",
        "Final-Recipient: rfc822; elsewhere@example.net",
        "Final-Recipient: x400; /G=Avery/S=Moss/",
        "X-Nothing: here",
    ],
)
def test_it_is_about_the_address_that_was_mailed(recipient: str) -> None:
    found = mail_parser.read(report(told(recipient=recipient), RETURNED))
    assert (found.kind, found.about, found.message_ids) == (MailKind.HARD_BOUNCE, AVERY, (OURS,))


# --- In whatever form -------------------------------------------------------------------------------------------------
GLOBAL = told().replace("message/delivery-status", "message/global-delivery-status")
WHOLE = f"Content-Type: message/rfc822\r\n\r\n{COPY}\r\nHello\r\n"
INNER = f"Content-Type: {REPORT}".replace('boundary="b"', 'boundary="i"')
WRAPPED = f"{INNER}\r\n\r\n" + "".join(f"--i\r\n{one}\r\n" for one in (told(), RETURNED)) + "--i--\r\n"
QMAIL = (
    "Hi. This is the qmail-send program at mx.example.net.\r\nThis is a permanent error; I've given up.\r\n\r\n"
    f"<{AVERY}>:\r\nRemote host said: 550 5.1.1 user unknown\r\n\r\n"
    f"--- Below this line is a copy of the message.\r\n\r\n{COPY}\r\nYour page is full of news.\r\n"
)
EXIM = (
    "A message that you sent could not be delivered to one or more of its recipients.\r\n\r\n"
    f"  {AVERY}\r\n    host mx.example.org said: 550 No such user here\r\n\r\n"
    f"------ This is a copy of your message, including all the headers. ------\r\n\r\n{COPY}"
)


@pytest.mark.parametrize(
    "raw",
    [
        report(told(action="Action: Failed (bad destination mailbox address)"), RETURNED),
        report(told(action="Action : failed"), RETURNED),
        report(told(action=""), RETURNED),
        report(told(action="Action: error"), RETURNED),
        report(told(action="Action: expired"), RETURNED),
        report(told(), WHOLE),
        report(GLOBAL, RETURNED.replace("text/rfc822-headers", "message/global-headers")),
        report(told(), RETURNED, kind='multipart/report; boundary="b"'),
        report(told(), RETURNED, kind='multipart/mixed; boundary="b"'),
        report(told(), RETURNED, kind='multipart/mixed; boundary="b"', From="x@mx.example.net", Return_Path="<>"),
        report(WRAPPED, kind='multipart/mixed; boundary="b"'),
        system_mail(QMAIL, Subject="failure notice"),
        system_mail(EXIM, Subject="Mail delivery failed: returning message to sender", X_Failed_Recipients=AVERY),
        system_mail(
            f"The user account does not exist: {AVERY}",
            Subject="Mail System Error - Returned Mail",
            From="Mail Administrator <postmaster@mx.example.net>",
            In_Reply_To=OURS,
        ),
    ],
    ids=range(14),
)
def test_a_dead_address_is_told_in_every_form(raw: bytes) -> None:
    found = mail_parser.read(raw)
    assert (found.kind, found.about, found.message_ids) == (MailKind.HARD_BOUNCE, AVERY, (OURS,))


@pytest.mark.parametrize(
    "words",
    [
        f"User Avery Moss ({AVERY}) not listed in the directory",
        "The recipient name is not recognized",
        "We had trouble. Full details follow: 550 5.1.1 User unknown",
        f"<{AVERY}>: 550 Requested action not taken: mailbox unavailable",
        f"{AVERY}\r\n  Unrouteable address",
        f"554 <{AVERY}>... 550 Host unknown (Authoritative answer from name server)",
        "an MX or SRV record indicated no SMTP service",
        "This account has been disabled or discontinued",
        "The e-mail address wasn't found at the destination domain",
        "550 no such user\r\n\r\n__ checked by an antivirus system __",
        "550 no such user\r\n\r\nMessage details:\r\n  Size (in bytes): 39",
        "El destinatario no existe",
    ],
)
def test_words_alone_tell_a_dead_address(words: str) -> None:
    raw = system_mail(f"Your mail to {AVERY} was not delivered.\r\n{words}\r\n", Subject="Undeliverable mail")
    assert mail_parser.read(raw).kind == MailKind.HARD_BOUNCE


@pytest.mark.parametrize(
    "words",
    [
        f"<{AVERY}>: connection timed out, I give up",
        "The account or domain may not exist, they may be blacklisted",
        "Error: the antispam system took it for spam",
        "Recipient address rejected: greylisted, try again",
        "Host or domain name lookup did not end",
    ],
)
def test_words_alone_that_leave_it_open_stop_nothing(words: str) -> None:
    raw = system_mail(f"Your mail to {AVERY} was not delivered.\r\n{words}\r\n", Subject="Undeliverable mail")
    assert mail_parser.read(raw).kind == MailKind.SOFT_BOUNCE


@pytest.mark.parametrize(
    "sender",
    [
        "<>",
        "MAILER-DAEMON <>",
        "Mail Delivery System <Mail.Delivery.System@mx.example.net>",
        "post_master@mx.example.net",
    ],
)
@pytest.mark.parametrize("subject", ["Undeliverable mail", "Message", "Delivery Problem", "failed delivery"])
def test_a_server_is_known_by_its_name_however_it_writes_it(sender: str, subject: str) -> None:
    raw = system_mail(f"Your mail could not be delivered to {AVERY}: no such user.", From=sender, Subject=subject)
    assert (mail_parser.read(raw).kind, mail_parser.read(raw).about) == (MailKind.HARD_BOUNCE, AVERY)


@pytest.mark.parametrize("kind", ['multipart/report; boundary="b"', REPORT])
def test_a_report_without_a_status_for_machines_is_read_by_its_words(kind: str) -> None:
    empty = ["Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.net\r\n"]
    for inner in ([], empty):
        found = mail_parser.read(report(*inner, RETURNED, kind=kind, From="Reports <reports@mx.example.net>"))
        assert (found.kind, found.about, found.message_ids) == (MailKind.SOFT_BOUNCE, AVERY, (OURS,))


@pytest.mark.parametrize("copy", ["part", "words"])
def test_a_gateway_under_a_name_of_its_own_gives_a_mail_back(copy: str) -> None:
    said = "550 no such user"
    own = {"From": "gateway@mx.example.net", "Subject": "Mail could not be delivered"}
    if copy == "part":
        raw = report(
            WHOLE.replace("To:", "From: desk@riverbend.example.org\r\nTo:"), kind='multipart/mixed; boundary="b"', **own
        )
    else:
        raw = system_mail(f"{said}\r\n\r\n------ Returned mail ------\r\n{COPY}", **own)
    found = mail_parser.read(raw)
    assert (found.kind in {MailKind.HARD_BOUNCE, MailKind.SOFT_BOUNCE}, found.about, found.message_ids) == (
        True,
        AVERY,
        (OURS,),
    )


def test_a_receipt_that_says_rejected_is_a_return_and_no_receipt() -> None:
    """Some mail stores refuse by one (RFC 5429): nobody has read the mail."""
    notice = "Content-Type: message/disposition-notification\r\n\r\nDisposition: automatic-action; deleted"
    kind = 'multipart/report; report-type=disposition-notification; boundary="b"'
    words = "Content-Type: text/plain\r\n\r\nYour message was automatically rejected:\r\nQuota exceeded"
    body = "".join(f"--b\r\n{one}\r\n" for one in (words, notice, RETURNED))
    found = mail_parser.read(system_mail(f"{body}--b--\r\n", kind=kind, Subject="Automatically rejected mail"))
    assert (found.kind, found.about, found.message_ids) == (MailKind.SOFT_BOUNCE, AVERY, (OURS,))


def test_lines_that_end_as_on_old_macs_are_lines() -> None:
    raw = system_mail(QMAIL, Subject="failure notice").replace(b"\r\n", b"\r")
    assert mail_parser.read(raw).kind == MailKind.HARD_BOUNCE


def test_words_that_name_no_reason_are_passing() -> None:
    assert mail_parser.read(system_mail(f"It went wrong: {AVERY}")).kind == MailKind.SOFT_BOUNCE


def test_the_words_of_our_own_mail_decide_nothing() -> None:
    assert mail_parser.read(system_mail(QMAIL.replace("550 5.1.1 user unknown", "no"))).kind == MailKind.SOFT_BOUNCE


@pytest.mark.parametrize(
    "raw",
    [
        report(told("4.4.1", action="Action: delayed"), RETURNED),
        report(told("2.0.0", action="Action: delivered"), RETURNED),
        report(told("2.0.0", action="Action: relayed"), RETURNED),
        report(told("2.1.5", action="Action: deliverable"), RETURNED),
        system_mail("It will be tried again.", Subject="Warning: message delivery delayed, returned mail is not yet"),
        system_mail(f"Not yet: {AVERY}.", Subject="Warning: message 1abc-000 delayed 24 hours"),
        system_mail("THIS IS A WARNING MESSAGE ONLY. It will be retried.", Subject="Delivery Status Notification"),
    ],
    ids=range(7),
)
def test_a_delay_and_an_arrival_are_noted(raw: bytes) -> None:
    assert mail_parser.read(raw).kind == MailKind.ROBOT


def test_the_worst_of_several_recipients_counts() -> None:
    arrived = "Final-Recipient: rfc822; other@example.org\r\nAction: delivered\r\nStatus: 2.0.0\r\n\r\n"
    raw = report(told().replace("Final-Recipient", f"{arrived}Final-Recipient", 1), RETURNED)
    assert (mail_parser.read(raw).kind, mail_parser.read(raw).status) == (MailKind.HARD_BOUNCE, "5.1.1")


@pytest.mark.parametrize(
    "raw",
    [
        report(told(), kind='multipart/mixed; boundary="b"', From="Avery <avery@example.org>"),
        report(
            "Content-Type: message/rfc822\r\n\r\n" + report(told()).decode().replace("--b", "--x"),
            kind='multipart/mixed; boundary="b"',
            From="Avery <avery@example.org>",
        ),
        system_mail("I got this: undelivered.", From="Avery <avery@example.org>"),
        system_mail(
            "Your mail did not reach me, it was automatically rejected (full).",
            From="Avery <avery@example.org>",
            Subject="Re: We received your message",
            Return_Path="<>",
            In_Reply_To=OURS,
        ),
        system_mail(
            "No mailbox here.", From="Avery <avery@example.org>", Subject="delay", Return_Path="<>", In_Reply_To=OURS
        ),
    ],
    ids=range(5),
)
def test_what_a_person_passes_on_is_no_returned_mail(raw: bytes) -> None:
    assert mail_parser.read(raw).kind == MailKind.REPLY


def test_what_a_server_writes_that_nobody_knows_is_shown_to_a_person() -> None:
    assert (
        mail_parser.read(system_mail("We move to new machines.", Subject="For your information")).kind == MailKind.OTHER
    )
