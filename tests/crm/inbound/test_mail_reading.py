"""Taking mails apart: whatever a stranger writes, in bounded work; one part that cannot be read costs its own words."""

import base64
from collections.abc import Callable
from email.message import Message

import pytest

from crm.inbound.parsing import body_text, html_text, mail_parser, mime_parts, sandboxed_parser
from crm.inbound.parsing.sandboxed_parser import Because, NotRead
from crm.sandbox import runner as sandbox
from tests.crm.hostile_mail import MAILS

TOKEN = "abcdefgh234567ab"
OURS = "<ours@riverbend.example.org>"


def mail(content: str | bytes = "Please call me.", *, kind: str = "text/plain", **headers: str) -> bytes:
    """Written by hand: the standard library refuses to write what is sent to us."""
    told = {
        "From": "Avery Moss <Avery@example.org>",
        "To": f"Riverbend <replies+{TOKEN}@riverbend.example.org>",
        "Message-ID": "<one@mail.example.org>",
        "In-Reply-To": OURS,
        "MIME-Version": "1.0",
        "Content-Type": kind,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items()).encode()
    return head + b"\r\n" + (content.encode() if isinstance(content, str) else content)


def parts(kind: str, *inner: str) -> bytes:
    body = "".join(f"--b\r\n{one}\r\n" for one in inner)
    return mail(f"{body}--b--\r\n", kind=f'multipart/{kind}; boundary="b"')


PLAIN = "Content-Type: text/plain\r\n\r\n"
HTML = "Content-Type: text/html; charset=utf-8\r\n\r\n"


# --- Whose it is, whatever else is wrong ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "charset",
    [
        "windows-874",
        "cp-850",
        "x-unknown",
        "iso-8859-8-i",
        "binary",
        "utf-8; charset=utf-16",
        "utf-16",
        "punycode",
        "idna",
        "zip",
        "rot13",
        "undefined",
        "_iso-2022-jp$esc",
        "a" * 5_000,
        "utf\x00-8",
        "üñï",
        "''",
    ],
)
def test_a_charset_that_nobody_knows_costs_nothing_of_a_plain_reply(charset: str) -> None:
    found = mail_parser.read(mail(kind=f"text/plain; charset={charset}"))
    assert (found.kind, found.tokens, found.message_ids) == (mail_parser.MailKind.REPLY, (TOKEN,), (OURS,))
    assert charset == "utf-16" or found.text == "Please call me."


@pytest.mark.parametrize(
    ("charset", "content", "text"),
    [
        ("windows-1252", "café".encode("cp1252"), "café"),
        ("utf-8", "café".encode("cp1252"), "café"),
        ("x-unknown", "café".encode(), "café"),
        ("us-ascii", "café".encode(), "café"),
        ("koi8-r", "привет".encode("koi8-r"), "привет"),
        ("windows-1256", "سلام".encode("cp1256"), "سلام"),
    ],
)
def test_words_are_read_as_they_were_meant(charset: str, content: bytes, text: str) -> None:
    assert mail_parser.read(mail(content, kind=f"text/plain; charset={charset}")).text == text


@pytest.mark.parametrize(
    "kind", ["text/plain; name*", "text/plain; name*0*", "text/plain; charset*=x''y", "/", ";;;", ""]
)
def test_a_broken_type_costs_nothing(kind: str) -> None:
    found = mail_parser.read(mail(kind=kind))
    assert (found.tokens, found.text) == ((TOKEN,), "Please call me.")


def test_one_unreadable_part_loses_no_other() -> None:
    broken = "Content-Type: text/plain; charset=x\r\nContent-Transfer-Encoding: base64\r\n\r\n=A=="
    found = mail_parser.read(parts("mixed", broken, PLAIN + "I cannot come on Tuesday."))
    assert (found.tokens, "I cannot come on Tuesday." in found.text) == ((TOKEN,), True)


@pytest.mark.parametrize(
    "name", ["References", "In-Reply-To", "Message-ID", "From", "Subject", "To", "Final-Recipient"]
)
@pytest.mark.parametrize("value", ["=?utf-8?q?=3Ca=00b=40example=2Eorg=3E?=", "<a\x00b@c>", "<a\udcffb@c>", "\ud800"])
def test_no_fact_holds_what_the_database_refuses(name: str, value: str) -> None:
    raw = mail().replace(b"\r\n\r\n", f"\r\n{name}: {value}\r\n\r\n".encode("utf-8", "surrogatepass"), 1)
    for found in (
        mail_parser.read(raw),
        mail_parser.read(
            mail(**{name.replace("-", "_"): "x"}).replace(b": x", b": " + value.encode("utf-8", "surrogatepass"))
        ),
    ):
        for fact in (found.message_id, found.sender, found.subject, found.text, *found.message_ids):
            fact.encode()
            assert "\x00" not in fact


def test_facts_of_a_provider_are_made_storable_as_well() -> None:
    made = mail_parser.InboundMessage(
        mail_parser.MailKind.SOFT_BOUNCE, message_id="x" * 999, status="5.1.1" * 9, text="a\x00b\ud800"
    )
    assert (len(made.message_id), len(made.status), made.text) == (250, 12, "ab?")


# --- The words --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (parts("alternative", PLAIN, HTML + "<p>Please cancel Tuesday.</p>"), "Please cancel Tuesday."),
        (parts("alternative", PLAIN + "Plain.", HTML + "<p>Not plain.</p>"), "Plain."),
        (parts("alternative", PLAIN + "This program shows no HTML.", HTML + "<b>Cancel it.</b>"), "Cancel it."),
        (parts("alternative", PLAIN + "\u00a0\r\n", HTML + "<b>Cancel it.</b>"), "Cancel it."),
        (
            parts("mixed", PLAIN + "My card:", 'Content-Type: image/png; name="card.png"\r\n\r\nx', PLAIN + "Call me."),
            "My card:\n\nCall me.",
        ),
        (parts("mixed", "Content-Disposition: attachment\r\n" + PLAIN + "Only this."), "Only this."),
        (parts("report", PLAIN + "It was read.", "Content-Type: message/x\r\n\r\nThings"), "It was read."),
        (mail("<p>5&nbsp;p.m. &lt; 6</p><ul><li>one<li>two</ul>", kind="text/html"), "5 p.m. < 6\n\n- one\n- two"),
        (mail("<form>a<nav>b</nav></form><style>x</style><script>y</script>", kind="text/html"), "a\n\nb"),
        (mail("<div>" * 5_000 + "Deep &amp; down", kind="text/html"), "Deep & down"),
        (mail("No boundary", kind="multipart/mixed"), "No boundary"),
        (b"", ""),
    ],
    ids=range(12),
)  # fmt: skip
def test_the_words_of(raw: bytes, text: str) -> None:
    assert mail_parser.read(raw).text == text


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Yes.\n\nOn Sunday Riverbend wrote:\n> We received\n> your message\n", "Yes."),
        ("Yes.\n\nEl domingo, Riverbend escribió:\n> Hola\n", "Yes."),
        ("Yes.\n-----Original Message-----\nFrom: Riverbend\n", "Yes."),
        ("> When?\nOn Tuesday.\n> Where?\nHere.", "> When?\nOn Tuesday.\n> Where?\nHere."),
        ("My pain: \n4", "My pain: \n4"),
        ("Bring these:", "Bring these:"),
        ("> all is quoted", "> all is quoted"),
        ("", ""),
    ],
)
def test_what_is_quoted_below_is_left_out(text: str, own: str) -> None:
    assert body_text.own(text) == own


def test_attachments_are_named_and_an_answer_to_an_invitation_is_told() -> None:
    calendar = (
        "Content-Type: text/calendar; method=REPLY\r\n\r\nMETHOD:REPLY\r\nATTENDEE;PARTSTAT=DECL\r\n INED:mailto:a"
    )
    named = 'Content-Disposition: attachment; filename="=?utf-8?q?caf=C3=A9.pdf?="\r\n\r\nx'
    found = mail_parser.read(parts("mixed", calendar, named, "Content-Disposition: attachment\r\n\r\nx"))
    assert (found.answer, found.attachments) == ("declined", ("café.pdf", "unnamed"))


# --- Bounded ----------------------------------------------------------------------------------------------------------
def walk(part: Message) -> list[Message]:
    return list(part.walk())


@pytest.mark.parametrize("make", MAILS.values(), ids=list(MAILS))
def test_no_stranger_decides_how_much_is_worked(make: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """By the sizes that get through to what is not linear; the clock is asked by script/faults hostile."""
    worded: list[int] = []

    def noted(source: str) -> str:
        worded.append(len(source))
        return ""

    monkeypatch.setattr(html_text, "of", noted)
    raw = make()
    try:
        found = mime_parts.parse(raw)
    except mime_parts.TooComplex:
        return
    everything = walk(found)
    assert len(everything) <= mime_parts.MOST_PARTS
    assert max(part.depth for part in everything if isinstance(part, mime_parts.MailPart)) <= mime_parts.MOST_DEPTH
    for part in everything:
        assert all(len(str(value)) <= mime_parts.LONGEST_HEADER + 1 for _name, value in part.raw_items())
        assert len(str(part.get("Content-Type", ""))) <= mime_parts.LONGEST_PARAMETERS + 1
    facts = mail_parser.read(raw)
    assert len(facts.text) <= mail_parser.LONGEST_TEXT
    assert all(size <= mime_parts.LONGEST_BODY for size in worded)


@pytest.mark.parametrize(
    "name", ["nested multiparts", "nested too deep", "parts", "blocks of a report", "blank lines of a report"]
)
def test_what_nobody_writes_is_refused(name: str) -> None:
    with pytest.raises(mime_parts.TooComplex):
        mail_parser.read(MAILS[name]())


@pytest.mark.parametrize("name", ["punycode", "idna", "unicode_escape", "undefined", "zip", "base64"])
def test_codecs_that_no_mail_is_written_in_are_not_used(name: str) -> None:
    assert mime_parts._known(name) == ""


def test_both_ends_of_long_references_are_looked_at() -> None:
    many = " ".join(f"<{n}@example.org>" for n in range(5_000))
    found = mail_parser.read(mail(References=f"<first@example.org> {many} <last@example.org>"))
    assert {"<first@example.org>", "<last@example.org>"} <= set(found.message_ids)


# --- In a process of its own ------------------------------------------------------------------------------------------
def test_another_process_tells_the_same() -> None:
    raw = mail("Grüße", kind="text/plain; charset=utf-8")
    assert sandboxed_parser.read(raw) == mail_parser.read(raw)


@pytest.mark.parametrize(
    ("why", "because"),
    [
        (sandbox.Why.TIME, Because.TOO_SLOW),
        (sandbox.Why.PROCESSOR, Because.TOO_SLOW),
        (sandbox.Why.MEMORY, Because.TOO_SLOW),
        (sandbox.Why.DIED, Because.TOO_SLOW),
        (sandbox.Why.ERROR, Because.UNREADABLE),
    ],
)
def test_a_reader_that_was_ended_leaves_a_reason(
    monkeypatch: pytest.MonkeyPatch, why: sandbox.Why, because: Because
) -> None:
    def ended(*_args: object, **_kwargs: object) -> None:
        raise sandbox.NoAnswer(why)

    monkeypatch.setattr(sandbox, "run", ended)
    with pytest.raises(NotRead) as caught:
        sandboxed_parser.read(mail())
    assert caught.value.because == because


def test_a_reader_that_takes_too_much_memory_is_ended() -> None:
    raw = mail("x" * 60_000_000)
    limits = sandbox.ChildLimits(memory=200 * 1024**2, read=len(raw))
    with pytest.raises(NotRead) as caught:
        sandboxed_parser.read(raw, most_bytes=len(raw), limits=limits)
    assert caught.value.because == Because.TOO_SLOW


def test_a_mail_beyond_the_limit_is_not_begun() -> None:
    with pytest.raises(NotRead) as caught:
        sandboxed_parser.read(mail(), most_bytes=100)
    assert caught.value.because == Because.TOO_LARGE


def test_a_large_mail_is_read_within_the_limits() -> None:
    picture = base64.encodebytes(bytes(17_000_000)).decode()
    large = f"Content-Type: image/png; name=scan.png\r\nContent-Transfer-Encoding: base64\r\n\r\n{picture}"
    found = sandboxed_parser.read(parts("mixed", PLAIN + "My scan.", large))
    assert (found.text, found.attachments) == ("My scan.", ("scan.png",))
