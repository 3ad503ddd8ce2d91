"""The bytes of a mail, for whatever a row may hold: a mail server and a mail program must read what was meant."""

import email
import email.policy
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.mail import mime
from crm.models import Message
from crm.values.normalize import one_line

HEADERS = """
    Content-Type MIME-Version Date Message-ID From To Subject Auto-Submitted X-Auto-Response-Suppress
""".split()
ANYTHING = st.text(max_size=200)
# What people try: line ends of every kind, a header of their own, encoded words, the end of a mail.
NASTY = st.sampled_from(
    [
        "\r\nBcc: x@y.z",
        "\n\n<b>",
        "\nFrom x",
        "\r",
        "\0",
        "\u2028",
        "\x85",
        "=?utf-8?q?a?=",
        "\r\n.\r\n",
        '"',
        "\\",
        "ä" * 90,
    ]
)
repeatable = settings(derandomize=True, deadline=None, database=None)  # a red run is red again, on a slow machine too
LINES = st.lists(st.one_of(ANYTHING, NASTY), max_size=5).map("".join)


def make(**fields: str) -> Message:
    defaults = {
        "sender_name": "Riverbend Center",
        "sender_email": "hello@riverbend.example.org",
        "to_email": "avery@example.org",
        "subject": "Hello",
        "text": "Hello.\n",
        "html": "<p>Hello.</p>\n",
        "message_id": "<1@riverbend.example.org>",
    }
    return Message(created_at=datetime(2026, 11, 23, 17, 0, tzinfo=UTC), **(defaults | fields))


def parsed(message: Message) -> EmailMessage:
    return email.message_from_bytes(mime.as_bytes(message), policy=email.policy.default)


def bodies(mail: EmailMessage) -> list[str]:
    return [part.get_payload(decode=True).decode().replace("\r\n", "\n") for part in mail.get_payload()]  # type: ignore[union-attr]


def as_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def test_mail_reads_back_as_it_was_written() -> None:
    mail = parsed(make(sender_name="Zürich Center", subject="We received your request (7KQF-M2WX)"))

    assert mail.keys() == HEADERS
    assert mail["From"] == "Zürich Center <hello@riverbend.example.org>"
    assert (mail["To"], mail["Message-ID"]) == ("avery@example.org", "<1@riverbend.example.org>")
    assert (mail["Subject"], mail["Date"]) == (
        "We received your request (7KQF-M2WX)",
        "Mon, 23 Nov 2026 17:00:00 +0000",
    )
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert bodies(mail) == ["Hello.\n", "<p>Hello.</p>\n"]


def test_mail_without_html_has_one_part() -> None:
    assert bodies(parsed(make(html=""))) == ["Hello.\n"]


@repeatable
@given(sender_name=LINES, subject=LINES, to_email=LINES, message_id=LINES)
def test_no_value_begins_a_header_of_its_own(sender_name: str, subject: str, to_email: str, message_id: str) -> None:
    raw = mime.as_bytes(make(sender_name=sender_name, subject=subject, to_email=to_email, message_id=message_id))

    head = raw.partition(b"\r\n\r\n")[0].decode("utf-8").split("\r\n")
    begun = [line.partition(":")[0] for line in head if not line.startswith((" ", "\t"))]
    assert begun == HEADERS


@pytest.mark.parametrize(
    ("field", "header"),
    [
        ("sender_name", "From"),
        ("sender_email", "From"),
        ("to_email", "To"),
        ("subject", "Subject"),
        ("message_id", "Message-ID"),
    ],
)
def test_line_ends_in_a_value_become_a_blank(field: str, header: str) -> None:
    raw = mime.as_bytes(make(**{field: "a\r\nBcc: x@example.org"}))

    [line] = [line for line in raw.split(b"\r\n") if line.startswith(f"{header}: ".encode())]
    assert b"a Bcc: x@example.org" in line


def test_plain_text_is_readable_as_it_travels() -> None:
    assert b"\r\n\r\nHello.\r\n\r\nSee you.\r\n" in mime.as_bytes(make(text="Hello.\n\nSee you.\n"))


@repeatable
@given(subject=LINES, sender_name=LINES)
def test_words_in_headers_survive(subject: str, sender_name: str) -> None:
    raw = email.message_from_bytes(mime.as_bytes(make(subject=subject, sender_name=sender_name)))

    name, address = parseaddr(str(raw["From"]))
    assert address == "hello@riverbend.example.org"
    if not subject.isascii():
        assert str(make_header(decode_header(str(raw["Subject"])))) == one_line(subject)
    if not sender_name.isascii():
        assert one_line(str(make_header(decode_header(name)))) == one_line(sender_name)


@repeatable
@given(text=LINES, html=LINES)
def test_bodies_survive(text: str, html: str) -> None:
    wanted = [as_lines(text), *([as_lines(html)] if html else [])]

    assert bodies(parsed(make(text=text, html=html))) == wanted


@repeatable
@given(text=LINES, html=LINES, subject=LINES, sender_name=LINES)
def test_every_server_can_take_the_bytes(text: str, html: str, subject: str, sender_name: str) -> None:
    raw = mime.as_bytes(make(text=text, html=html, subject=subject, sender_name=sender_name))

    lines = raw.split(b"\r\n")
    assert raw.isascii()
    assert max(map(len, lines)) <= 998
    assert not any(b"\r" in line or b"\n" in line or b"\0" in line for line in lines)


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("anna@müller.example", "anna@xn--mller-kva.example"),
        ("avery@example.org", "avery@example.org"),
        ("Avery@EXAMPLE.org", "Avery@EXAMPLE.org"),
    ],
)
def test_an_address_stands_in_headers_as_in_the_envelope(typed: str, written: str) -> None:
    message = make(to_email=typed, sender_email=typed, sender_name="Riverbend")
    raw = mime.as_bytes(message, reply_to=typed).decode()
    for header in (f"To: {written}", f"From: Riverbend <{written}>", f"Reply-To: {written}"):
        assert f"{header}\r\n" in raw


@pytest.mark.parametrize(
    "words",
    [
        "ü" * 90,
        "Wir haben Ihre Anfrage für die Sprechstunde am kommenden Dienstag erhalten, " * 2,
        "word " * 30,
        "é 漢字 " * 12,
    ],
)
def test_lines_of_headers_are_short_where_words_are_encoded(words: str) -> None:
    raw = mime.as_bytes(make(subject=words, sender_name=words[:80]))
    lines = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]  # the first holds the boundary
    assert [line for line in lines if len(line) > 76] == []
    assert parseaddr(str(email.message_from_bytes(raw)["From"]))[1] == "hello@riverbend.example.org"


def test_the_same_row_gives_the_same_bytes() -> None:
    message = make(subject="Grüße")

    assert mime.as_bytes(message) == mime.as_bytes(message)


@pytest.mark.parametrize(
    ("address", "envelope"),
    [
        ("avery@example.org", "avery@example.org"),
        ("a.b+c_d@mail.example.org", "a.b+c_d@mail.example.org"),
        ("avery@bücher.example", "avery@xn--bcher-kva.example"),
        ("avery@BÜCHER.example", "avery@xn--bcher-kva.example"),
        ("jane@straße.example", "jane@xn--strae-oqa.example"),
        ("jane@xn--strae-oqa.example", "jane@xn--strae-oqa.example"),
        ("jane@my_host.example", "jane@my_host.example"),
    ],
)
def test_deliverable_addresses(address: str, envelope: str) -> None:
    assert mime.deliverable(address) == envelope


@pytest.mark.parametrize("address", ["jane@bücher.example", "jane@straße.example", "jane@example.org"])
def test_the_address_in_the_header_is_that_of_the_envelope(address: str) -> None:
    assert f"\r\nTo: {mime.deliverable(address)}\r\n".encode() in mime.as_bytes(make(to_email=address))


@pytest.mark.parametrize(
    "address",
    [
        "", "avery", "@example.org", "avery@", "avery@localhost", "avery@[127.0.0.1]", "a b@example.org",
        "avery@example.org\r\nRCPT TO:<x@example.org>", "avery@exam\x00ple.org", "a@b@example.org", "<a@example.org>",
        "a,b@example.org", "äa@example.org", "avery@example..org", "avery@" + "x" * 64 + ".org", '"a"@example.org',
    ],
)  # fmt: skip
def test_undeliverable_addresses(address: str) -> None:
    assert mime.deliverable(address) is None


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL"])
def test_a_calendar_object_is_a_part_of_its_own(method: str) -> None:
    calendar = f"BEGIN:VCALENDAR\r\nMETHOD:{method}\r\nSUMMARY:Cita en Ñandú\r\nEND:VCALENDAR\r\n"
    mail = parsed(make(calendar=calendar))
    parts = list(mail.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html", "text/calendar"]
    assert parts[2]["Content-Type"].params["method"] == method
    assert bodies(mail)[2].strip() == calendar.replace("\r\n", "\n").strip()
