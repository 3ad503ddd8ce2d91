"""What hostile requests are made of: odd values, headers and bodies."""

import json
import random
import re
import uuid
from dataclasses import dataclass, field
from urllib.parse import quote, quote_from_bytes

from crm import roles
from tests.naughty_strings import BYTES, NUMBERS, TEXTS

STRANGER, PATIENT, NEWCOMER = "stranger", "patient", "newcomer"  # a newcomer followed a link and proved nothing
ROLES = [*roles.PERMISSIONS]
STAFF = [*ROLES, "outsider", "superuser"]
TYPES = [
    *"application/json application/x-www-form-urlencoded multipart/form-data text/plain application/xml".split(),
    *"image/png application/octet-stream multipart/mixed multipart/form-data;boundary= */* ; a/b/c \xff".split(" "),
    "application/json; charset=x-unknown",
    "application/x-www-form-urlencoded; charset=idna",
    "application/x-www-form-urlencoded; charset=utf-16",
    "multipart/form-data; boundary=a; charset=utf-16",
    "text/html; charset=utf-7",
]
METRICS_TOKEN = "metrics-token-of-the-rehearsal"


@dataclass(frozen=True)
class Request:
    """As it goes over the wire, without cookies: `who` says whose browser sends it. Text is Latin-1 of its bytes."""

    method: str
    target: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    who: str = STRANGER
    provider: str = "postmark"  # of mail, which the site has at that moment

    def __str__(self) -> str:
        return f"{self.method} {self.target} as {self.who}, {self.headers}, {len(self.body)} bytes: {self.body[:300]!r}"


def odd(chance: random.Random) -> bytes:
    """Anything that somebody might type, or that no text begins with."""
    kind = chance.random()
    if kind < 0.08:
        return chance.choice(BYTES)
    if kind < 0.2:
        return chance.choice(NUMBERS).encode()
    if kind < 0.26:
        return str(chance.choice([0, 1, -1, 2**31, 2**63, -(2**63) - 1, 10**40, 0.5])).encode()
    if kind < 0.3:
        return str(uuid.UUID(int=chance.getrandbits(128))).encode()
    return chance.choice(TEXTS).encode("utf-8", "surrogatepass")


def odd_text(chance: random.Random) -> str:
    return odd(chance).decode("utf-8", "replace")


def latin(value: bytes) -> str:
    return value.decode("latin-1")


def any_of(chance: random.Random, values: list[str]) -> str:
    """One of the usual odd values of a header, or anything that a header can hold at all."""
    if chance.random() < 0.7:
        return chance.choice(values)
    return re.sub(r"[\r\n\x00]", " ", latin(odd(chance)))[:4000]


def quoted(value: bytes | str) -> str:
    return quote_from_bytes(value, safe="") if isinstance(value, bytes) else quote(value, safe="")


HEADERS: dict[str, list[str]] = {
    "Host": ["evil.example", "127.0.0.1:99999", "127.0.0.1:x", "[::1", "a b", "", "127.0.0.1@evil.example", "\xe9"],
    "X-Forwarded-For": ["1.2.3.4, 5.6.7.8", "::1", "x", "1.2.3.4:80", "[::1]:80", ",,,", "::ffff:1.2.3.4%eth0", "\xff"],
    "X_Forwarded_For": ["9.9.9.9"],
    "X-Real-Ip": ["x", "1.1.1.1"],
    "X-Forwarded-Proto": ["https", "http, https", "x", ""],
    "X-Forwarded-Host": ["evil.example"],
    "Accept-Language": ["es", "xx", "en;q=x", "a" * 5000, "es;q=1.0.0", ",".join(["es"] * 900), "es\xff", "*"],
    "Accept": ["application/json", "*/*;q=x", ";", "text/html;" + "a=b;" * 900],
    "Accept-Encoding": ["br", "identity;q=0", "gzip;q=x", "\xff"],
    "Authorization": ["Bearer \xe9", "Bearer", "Basic !", "Basic " + "A" * 5000, f"Bearer {METRICS_TOKEN}", "Digest x"],
    "Cookie": ["sessionid=x", "patient=\xff", "csrftoken=" + "x" * 500, "=;=;", "a=b; " * 900, 'sessionid="\\000"'],
    "Content-Encoding": ["gzip", "br", "x"],
    "Content-Length": [
        "-1",
        "x",
        "",
        "0",
        "99",
        "99999999999999999999",
        "1e3",
        "+5",
        "0x5",
        "\xd9\xa3",
    ],
    "Content-Type": TYPES,
    "Transfer-Encoding": ["chunked", "x"],
    "Expect": ["100-continue", "x"],
    "HX-Request": ["true", "x"],
    "HX-Target": ["timeline", "x' or 1"],
    "HX-Current-URL": ["http://127.0.0.1/?q=\xff", "//", "http://["],
    "If-Modified-Since": ["Thu, 01 Jan 1970 00:00:00 GMT", "x", "Thu, 99 Xxx 99999 99:99:99 GMT", "0"],
    "If-None-Match": ["*", 'W/"', '"x"', "\xff"],
    "Range": ["bytes=0-", "bytes=-1", "bytes=9-1", "bytes=x", "bytes=" + "0-1," * 500, "items=0-1"],
    "Origin": ["null", "http://evil.example", "http://[", "\xff", "http://127.0.0.1"],
    "Referer": ["http://[", "x", "http://127.0.0.1/\xff", "http://evil.example/"],
    "Upload-Offset": ["-1", "x", "0", "99999999999999999999", "1.5", "\xd9\xa3"],
    "X-Asks-By-Itself": ["1"],
    "X-CSRFToken": ["x", "\xff", "x" * 64],
    "X-HTTP-Method-Override": ["DELETE"],
    "Sec-Fetch-Site": ["cross-site"],
    "User-Agent": ["", "() { :; }; echo", "\xff" * 300, "a" * 6000],
}


def multipart(chance: random.Random, pairs: list[tuple[str, bytes]]) -> tuple[str, bytes]:
    """Parts as they should be, or with something that no browser would send."""
    mark = chance.choice(["----x", "x" * 70, "a b", "-", "é"])
    parts = []
    for name, value in pairs:
        head = f'Content-Disposition: form-data; name="{name}"'
        if chance.random() < 0.1:
            file = re.sub(r"[\r\n]", "", odd_text(chance))
            head += (
                f'; filename="{file}"\r\nContent-Type: {chance.choice(["image/png", "", "x", "text/plain; charset=x"])}'
            )
        if chance.random() < 0.05:
            odd = ["Content-Transfer-Encoding: base64", "Content-Transfer-Encoding: x", "a: " + "b" * 2000, ":", "x"]
            head += "\r\n" + chance.choice(odd)
        parts.append(head.encode("utf-8", "replace") + b"\r\n\r\n" + value)
    between = b"\r\n--" + mark.encode() + b"\r\n"
    end = chance.choices([b"\r\n--" + mark.encode() + b"--\r\n", b"", b"--", between * 20], weights=[85, 5, 5, 5])[0]
    body = between.join([b"", *parts])[2:] + end
    return f"multipart/form-data; boundary={mark}", body


def odd_json(chance: random.Random) -> bytes:
    """JSON, of the kind that a program sends or an attacker writes."""
    deep = chance.choice([10, 1_000, 100_000])
    return chance.choice(
        [
            b"[" * deep + b"]" * deep,
            b'{"a":' * deep + b"1" + b"}" * deep,
            json.dumps(odd_text(chance)).encode(),
            json.dumps([odd_text(chance), None, True, 1e308, {"": odd_text(chance)}]).encode(),
            b'"\\ud800"',
            b"\xef\xbb\xbf{}",
            b"{",
            b"",
            b"null",
            b"1e999",
            b"-" * 500,
            b"NaN",
            b'{"a":1,"a":2}',
            b"1" * 6_000,
        ]
    )
