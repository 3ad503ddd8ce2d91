"""Fetching a provider's own calendar from where it lies. Runs in a limited child (crm/sandbox/runner.py): a server may
send more than it should, more slowly than it should, or packed a thousand times smaller than it is."""

import ipaddress
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

SECONDS = 20  # for each answer to begin, and between its pieces
MOST_BYTES = 5 * 1024 * 1024  # of one answer, unpacked
MOST_TOGETHER = 2 * MOST_BYTES  # of all answers of a server with many calendars
_BEGINNINGS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"B\0": "utf-16-le", b"\0B": "utf-16-be"}
_PIECE = 16 * 1024  # as sent: unpacked it is a thousand times as much at worst


class Unreadable(Exception):
    """The calendar gave no answer that can be used. The text says why, and never where."""


def texts_of_file(url: str) -> dict[str, Any]:
    """Return the text behind an address as {"texts": [text]}, or {"trouble": sentence}."""
    return _told(lambda: [_file(url)])


def texts_of_server(url: str, user: str, password: str, begin: str, end: str) -> dict[str, Any]:
    """Return the events between two times (ISO 8601), of the calendar at that address or of the whole account (RFC
    4791)."""
    return _told(lambda: _server(url, user, password, datetime.fromisoformat(begin), datetime.fromisoformat(end)))


def _told(ask: Callable[[], list[str]]) -> dict[str, Any]:
    try:
        return {"texts": ask()}
    except Unreadable as trouble:
        return {"trouble": str(trouble)}


def check_address(url: str) -> str:
    """Return the address as it is requested (webcal is https). Raises Unreadable for what is never requested."""
    address = url.replace("webcal://", "https://", 1)
    try:
        parts = urlsplit(address)
    except ValueError:
        raise Unreadable("That is no address: copy it from the calendar once more.") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_here(parts.hostname)):
        raise Unreadable("The address has to begin with https://.")
    return address


def _is_here(host: str | None) -> bool:
    """Tell whether a host is this machine, as crm.environment.is_loopback does, which would bring all of the settings
    along."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows an address only to where it might have been entered itself."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        check_address(newurl)
        if _is_here(urlsplit(newurl).hostname) and not _is_here(urlsplit(req.full_url).hostname):
            raise Unreadable("The address leads to this machine.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _file(url: str) -> str:
    address = check_address(url)
    try:
        with urllib.request.build_opener(_Redirects).open(address, timeout=SECONDS) as answer:
            is_packed = answer.headers.get("Content-Encoding", "").lower() in {"gzip", "x-gzip", "deflate"}
            pieces = iter(lambda: answer.read(_PIECE), b"")
            return text_of(_unpacked(pieces) if is_packed else pieces)
    except (OSError, zlib.error) as trouble:
        raise Unreadable(f"The address does not answer ({type(trouble).__name__}).") from None


def _unpacked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Unpack what was sent compressed although that was not asked for. Raises Unreadable beyond 5 MB."""
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)
    for piece in pieces:
        yield unpack.decompress(piece, MOST_BYTES + 1)
        if unpack.unconsumed_tail:
            raise Unreadable("The calendar is larger than 5 MB.")


def text_of(pieces: Iterator[bytes]) -> str:
    """Return the text of a file: UTF-8, or as its first bytes say. Raises Unreadable when it is too large."""
    body = _within(pieces)
    encoding = next((name for begin, name in _BEGINNINGS.items() if body.startswith(begin)), "utf-8-sig")
    return body.decode(encoding, "replace")


def _within(pieces: Iterator[bytes]) -> bytes:
    """Return all of an answer, unpacked and counted as it comes. Raises Unreadable beyond 5 MB."""
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > MOST_BYTES:
            raise Unreadable("The calendar is larger than 5 MB.")
    return bytes(body)


def _server(url: str, user: str, password: str, begin: datetime, end: datetime) -> list[str]:
    import caldav
    from caldav.lib.error import DAVError

    check_address(url)
    client: Any = caldav.DAVClient
    try:
        with client(url=url, username=user, password=password, timeout=SECONDS) as dav:
            dav.session.max_redirects = 0  # what was entered is asked, and nothing else
            dav.session.request = _counted(dav.session.request)
            return [
                str(event.data)
                for one in _calendars_at(dav, url)
                for event in one.search(start=begin, end=end, event=True, expand=False)
            ]
    except (DAVError, OSError, ValueError) as trouble:
        raise Unreadable(f"The server does not answer as it should ({type(trouble).__name__}).") from None


def _counted(request: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a session's own `request` so that no answer and no sum of answers is read further than it may be."""
    left = MOST_TOGETHER

    def ask(*args: Any, **more: Any) -> Any:
        nonlocal left
        answer = request(*args, **more, stream=True)
        body = _within(answer.iter_content(_PIECE))
        left -= len(body)
        if left < 0:
            raise Unreadable("The calendars of this account are larger than 10 MB together.")
        answer._content = body
        return answer

    return ask


def _calendars_at(dav: Any, url: str) -> list[Any]:
    """Return the calendar with this address, else all calendars of the account behind it."""
    found = list(dav.principal().calendars())
    return [one for one in found if _place(str(one.url)) == _place(url)] or found


def _place(url: str) -> tuple[str | None, int | None, str]:
    """Return what an address names, however its signs are written: `doc%40example.org` and `doc@example.org` are
    equal."""
    parts = urlsplit(url)
    return parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme), unquote(parts.path).rstrip("/")
