"""Mails that are made to keep a reader busy: each a megabyte of what is quadratic somewhere, or looks like it."""

import base64
from collections.abc import Callable
from functools import partial

SIZE = 1_000_000
HEAD = (
    "From: Avery <avery@example.org>\r\nTo: replies+abcdefgh234567ab@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
)


def _filled(piece: str) -> str:
    return (piece * (SIZE // len(piece) + 1))[:SIZE]


def _header(name: str, piece: str, before: str = "") -> bytes:
    return f"{HEAD}{name}: {before}{_filled(piece)}\r\n\r\nHello".encode()


def _after(headers: str) -> bytes:
    return f"{headers}{HEAD}\r\nHello".encode()


def _html(piece: str) -> bytes:
    return f"{HEAD}Content-Type: text/html; charset=utf-8\r\n\r\n{_filled(piece)}".encode()


def _text(charset: str, content: bytes, encoding: str = "8bit") -> bytes:
    head = f"{HEAD}Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + content


def _typed(kind: str, content: str) -> bytes:
    return f"{HEAD}Content-Type: {kind}\r\n\r\n{content}".encode()


def _nested_multiparts() -> bytes:
    inside = "".join(f"--b{n}\r\nContent-Type: multipart/mixed; boundary=b{n + 1}\r\n\r\n" for n in range(18_000))
    return _typed("multipart/mixed; boundary=b0", inside)


def _too_deep() -> bytes:
    inside = "".join(f"--b{n}\r\nContent-Type: multipart/mixed; boundary=b{n + 1}\r\n\r\n" for n in range(30))
    return _typed("multipart/mixed; boundary=b0", inside)


def _shallow_but_long() -> bytes:
    """As deep as is allowed, then nothing but line ends, each of which could end any of the parts around it."""
    inside = "".join(f"--b{n}\r\nContent-Type: multipart/mixed; boundary=b{n + 1}\r\n\r\n" for n in range(18))
    return _typed("multipart/mixed; boundary=b0", inside + "\n" * SIZE)


def _nested_mails() -> bytes:
    return (HEAD + "Content-Type: message/rfc822\r\n\r\n" * (SIZE // 32)).encode()


def _returned(inside: str) -> bytes:
    return _typed('multipart/report; report-type=delivery-status; boundary="b"', inside)


_HTML = {
    "open breaks": "<br",
    "breaks": "<br>",
    "open tags": "<",
    "comments": "<!--",
    "sections": "<![CDATA[",
    "nested": "<div>",
    "formatting": "<a><font>",
    "tables": "<table><tr><td>",
    "lists": "<ul><li>",
    "entities": "&amp;",
    "numbers": "&#1",
    "styles": "<style>",
    "scripts": "<script>",
    "closing": "</p>",
    "drawings": "<svg><p>",
    "choices": "<select><option>",
    "quotes": "<blockquote>",
    "blanks": " ",
    "hard blanks": "&nbsp;",
    "instructions": "<?",
    "templates": "<template>",
    "open endings": "</a b",
}
_ADDRESSES = {
    "commas": ",",
    "brackets": "<",
    "comments": "(",
    "quotes": '"',
    "colons": "a:",
    "names": "a <a@b>, ",
    "backslashes": "\\",
}
_WORDS = {
    "open": "=?a?q?",
    "words": "=?utf-8?q?=00?= ",
    "blank": "=?utf-8?b??=",
    "base64": "=?utf-8?b?AAAA",
    "unknown": "=?x?q?a?= ",
}

MAILS: dict[str, Callable[[], bytes]] = {
    **{f"html: {name}": partial(_html, piece) for name, piece in _HTML.items()},
    **{
        f"{header}: {name}": partial(_header, header, piece)
        for header in ("To", "From", "Cc", "Reply-To", "Final-Recipient")
        for name, piece in _ADDRESSES.items()
    },
    **{
        f"{header}: encoded, {name}": partial(_header, header, piece)
        for header in ("Subject", "References", "From", "Message-ID")
        for name, piece in _WORDS.items()
    },
    "references": partial(_header, "References", "<a@b> "),
    "references, open": partial(_header, "References", "<"),
    "references, folded": partial(_header, "References", "<abc@example.org>\r\n "),
    "received": lambda: _after("Received: from a by b; x\r\n" * 35_000),
    "headers": lambda: _after("a:\r\n" * (SIZE // 4)),
    "type: semicolons": partial(_header, "Content-Type", ";", "text/plain"),
    "type: parameters": partial(_header, "Content-Type", "; a*0*=b", "text/plain"),
    "type: quotes": partial(_header, "Content-Type", '\\"', 'text/plain; a="'),
    "type: boundary": partial(_header, "Content-Type", "(a", "multipart/mixed; boundary="),
    "disposition": partial(_header, "Content-Disposition", "; filename*1*=a", "attachment"),
    "encoding": partial(_header, "Content-Transfer-Encoding", "base64 "),
    "status": partial(_header, "Status", "5.1."),
    "nested multiparts": _nested_multiparts,
    "nested too deep": _too_deep,
    "nested as far as allowed": _shallow_but_long,
    "nested mails": _nested_mails,
    "parts": lambda: _typed("multipart/mixed; boundary=b", _filled("--b\r\n\r\n")),
    "boundaries": lambda: _typed("multipart/mixed; boundary=b", _filled("--b")),
    "no boundary": lambda: _typed("multipart/mixed", _filled("--b\r\n")),
    "blocks of a report": lambda: _returned(
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n" + _filled("a: b\r\n\r\n")
    ),
    "blank lines of a report": lambda: _returned("--b\r\nContent-Type: message/delivery-status\r\n\r\n" + "\n" * SIZE),
    "returned headers": lambda: _returned("--b\r\nContent-Type: text/rfc822-headers\r\n\r\nTo: " + _filled(",")),
    "charset: punycode": lambda: _text("punycode", _filled("a-").encode()),
    "charset: punycode digits": lambda: _text("punycode", _filled("9").encode()),
    "charset: idna": lambda: _text("idna", _filled("xn--").encode()),
    "charset: zip": lambda: _text("zip", _filled("x").encode()),
    "charset: escapes": lambda: _text("unicode_escape", _filled("\\N{DIGIT ONE}").encode()),
    "charset: utf-7": lambda: _text("utf-7", _filled("+AAA").encode()),
    "charset: iso-2022": lambda: _text("iso-2022-jp", _filled("\x1b$B").encode()),
    "charset: hz": lambda: _text("hz", _filled("~{").encode()),
    "charset: long": lambda: _text(_filled("a"), b"Hello"),
    "base64": lambda: _text("utf-8", base64.b64encode(b"a" * 700_000), "base64"),
    "base64: broken": lambda: _text("utf-8", _filled("A=").encode(), "base64"),
    "base64: lines": lambda: _text("utf-8", _filled("A\n").encode(), "base64"),
    "quoted-printable": lambda: _text("utf-8", _filled("=\n").encode(), "quoted-printable"),
    "uuencode": lambda: _text("utf-8", b"begin 644 a\n" + _filled("M\n").encode(), "x-uuencode"),
    "uuencode: beginnings": lambda: _text("utf-8", _filled("begin 644\n").encode(), "x-uuencode"),
    "calendar": lambda: _typed("text/calendar; method=REPLY", _filled("PARTSTAT=\r\n ")),
    "quotes": lambda: _text("utf-8", _filled("> ").encode()),
    "quoted lines": lambda: _text("utf-8", _filled(">\n").encode()),
    "separators": lambda: _text("utf-8", _filled("-").encode()),
    "html named as excuse": lambda: _text("utf-8", _filled("html ").encode()),
    "nothing": lambda: b"\x00" * SIZE,
    "line ends": lambda: b"\r" * SIZE,
    "one line": lambda: b"a" * SIZE,
    "high bytes": lambda: b"\xff" * SIZE,
}
