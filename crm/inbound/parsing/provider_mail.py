"""A mail that came in at a provider, as the provider tells it, put together again as bytes.

The same bytes then go the same way as those from a mailbox. Put together by hand: the standard library and Anymail
would take each header apart first, some of them in quadratic time, and this happens in a web process.
"""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from crm.values.normalize import storable

# One of these at least has every call about a mail.
OF_POSTMARK = {"RawEmail", "Headers", "FromFull", "From", "TextBody", "HtmlBody"}
OF_MAILGUN = {"body-mime", "from", "sender", "message-headers", "body-plain", "body-html"}
# What would contradict how the parts are put together here.
_LEFT_OUT = {"content-type", "content-transfer-encoding", "mime-version", "content-disposition"}


class NoMail(Exception):
    """What a provider told has not the form of a mail."""


def of_postmark(call: Mapping[str, Any]) -> bytes:
    """Put a mail together from Postmark's JSON. Raises NoMail."""
    whole = call.get("RawEmail")
    if whole is not None:
        return _text(whole).encode()
    headers = [("From", _address(call.get("FromFull")) or _text(call.get("From")))]
    headers += [("To", ", ".join(_address(one) for one in _list(call.get("ToFull"))) or _text(call.get("To")))]
    headers += [("X-Original-To", _text(call.get("OriginalRecipient"))), ("Subject", _text(call.get("Subject")))]
    headers += [(_named(one, "Name"), _named(one, "Value")) for one in _list(call.get("Headers"))]
    names = [_named(one, "Name") for one in _list(call.get("Attachments"))]
    return _put_together(headers, _text(call.get("TextBody")), _text(call.get("HtmlBody")), names)


def of_mailgun(fields: Mapping[str, str], names: Sequence[str] = ()) -> bytes:
    """Put a mail together from the fields of Mailgun's form, and the names of its files. Raises NoMail."""
    if "body-mime" in fields:
        return _text(fields["body-mime"]).encode()
    headers = _pairs(fields.get("message-headers", "[]"))
    known = {name.lower() for name, _value in headers}
    told = [("From", "from"), ("To", "To"), ("Subject", "subject"), ("Message-ID", "Message-Id")]
    headers += [(name, fields[field]) for name, field in told if field in fields and name.lower() not in known]
    headers += [("X-Original-To", fields.get("recipient", ""))]
    return _put_together(headers, fields.get("body-plain", ""), fields.get("body-html", ""), names)


def _put_together(headers: Iterable[tuple[str, str]], text: str, page: str, names: Iterable[str]) -> bytes:
    head = [_header(name, value) for name, value in headers if name.lower() not in _LEFT_OUT and value]
    head += ["MIME-Version: 1.0\r\n"]
    words = _multipart("alternative", [_body("plain", text), _body("html", page)])
    return ("".join(head) + _multipart("mixed", [words, *(_attachment(name) for name in names)])).encode()


def _multipart(kind: str, parts: Iterable[str]) -> str:
    boundary = uuid4().hex
    inner = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return f"Content-Type: multipart/{kind}; boundary={boundary}\r\n\r\n{inner}--{boundary}--\r\n"


def _header(name: str, value: str) -> str:
    """Write a header in one line: whatever it holds, no other header begins in it."""
    plain = "".join(sign for sign in name if sign.isascii() and sign.isprintable() and sign not in ": ")
    return f"{plain or 'X'}: {' '.join(storable(value).split())}\r\n"


def _body(kind: str, text: str) -> str:
    encoded = base64.encodebytes(storable(text).encode()).decode()
    return f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{encoded}"


def _attachment(name: str) -> str:
    """Write an attachment by its name alone: what was attached is not kept."""
    quoted = storable(name)[:200].replace("\\", "_").replace('"', "'")
    plain = " ".join(quoted.split())
    return f'Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="{plain}"\r\n\r\n'


def _address(full: Any) -> str:
    """Write {"Name": …, "Email": …} as a header has it; "" without an address."""
    if full is None:
        return ""
    name, address = _named(full, "Name"), _named(full, "Email")
    quoted = name.replace("\\", "").replace('"', "")
    return f'"{quoted}" <{address}>' if address else ""


def _named(entry: Any, name: str) -> str:
    if not isinstance(entry, dict):
        raise NoMail
    return _text(entry.get(name))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise NoMail
    return storable(value)


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise NoMail
    return value


def _pairs(text: str) -> list[tuple[str, str]]:
    """Read [["Name", "value"], …] from JSON. Raises NoMail."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise NoMail from None
    pairs = _list(found)
    if not all(isinstance(one, list) and len(one) == 2 for one in pairs):
        raise NoMail
    return [(_text(name), _text(value)) for name, value in pairs]
