"""A mailbox on a server (IMAP, RFC 3501), as far as reading what is new goes. Raises what is in TROUBLE for whatever
goes wrong with the connection or the server."""

import imaplib
import re
import ssl
from collections.abc import Collection
from contextlib import suppress
from itertools import batched
from typing import Any

from crm.values.mailbox_url import Mailbox

STEP_SECONDS = 20.0
HEADER_BYTES = 64 * 1024
MOST_NAMED = 500  # numbers in one command: its line has an end (RFC 7162 4: 8,192 bytes)
TROUBLE = (OSError, imaplib.IMAP4.error)
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_QUOTED = re.compile(rb'BODY\[[^\]]*\](?:<\d+>)? "((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(rb"\\(.)")


class FetchRefused(Exception):
    """The server answers NO: it does not hand this mail over."""


def enter(where: Mailbox) -> imaplib.IMAP4:
    """Connect, sign in and open the folder."""
    if where.tls:
        context = ssl.create_default_context()
        box: imaplib.IMAP4 = imaplib.IMAP4_SSL(where.host, where.port, ssl_context=context, timeout=STEP_SECONDS)
    else:
        box = imaplib.IMAP4(where.host, where.port, timeout=STEP_SECONDS)
    try:
        box.login(where.user, where.password)
        if box.select(f'"{where.folder}"')[0] != "OK":
            raise imaplib.IMAP4.error("The folder does not open.")
    except TROUBLE:
        leave(box)
        raise
    return box


def leave(box: imaplib.IMAP4) -> None:
    """Say goodbye to whoever still listens."""
    with suppress(*TROUBLE):
        box.logout()
    with suppress(*TROUBLE):
        box.shutdown()


def name_of(where: Mailbox, box: imaplib.IMAP4) -> str:
    """Return what stands for these mails and their numbers for good: another UIDVALIDITY, and they mean other mails."""
    [validity] = box.response("UIDVALIDITY")[1] or [None]
    return f"{where.user}@{where.host}/{where.folder};UIDVALIDITY={(validity or b'').decode()}"[:400]


def unseen(box: imaplib.IMAP4) -> set[int]:
    """Return the numbers (UID) of the mails that nobody has seen."""
    return _search(box, "UNSEEN")


def later(box: imaplib.IMAP4, uid: int) -> set[int]:
    """Return the numbers of the mails that came after this one, seen or not."""
    return {one for one in _search(box, "UID", f"{uid + 1}:*") if one > uid}  # `*` names the last one, come what may


def still_there(box: imaplib.IMAP4, uids: Collection[int]) -> set[int]:
    """Return those of the numbers under which there is a mail."""
    found: set[int] = set()
    for some in batched(sorted(uids), MOST_NAMED, strict=False):
        found |= _search(box, "UID", ",".join(map(str, some)))
    return found


def last(box: imaplib.IMAP4) -> int:
    """Return the number of the mail that came last; 0 without any."""
    [following] = box.response("UIDNEXT")[1] or [None]
    return int(following) - 1 if following else max(_search(box, "UID", "*"), default=0)


def size(box: imaplib.IMAP4, uid: int) -> int:
    """Return the size of a mail in bytes; 0 when the server does not say."""
    answered = box.uid("FETCH", str(uid), "(RFC822.SIZE)")[1]
    found = [_SIZE.search(part) for part in answered if isinstance(part, bytes)]
    return next((int(match[1]) for match in found if match), 0)


def body(box: imaplib.IMAP4, uid: int) -> bytes | None:
    """Return the whole mail, not marked as seen; None when it is no longer there. Raises FetchRefused."""
    return _fetch(box, uid, "(BODY.PEEK[])")


def headers(box: imaplib.IMAP4, uid: int) -> bytes | None:
    """Return the first of a mail's headers alone, as `body` does the whole."""
    return _fetch(box, uid, f"(BODY.PEEK[HEADER]<0.{HEADER_BYTES}>)")


def mark_as_seen(box: imaplib.IMAP4, uid: int) -> None:
    """Mark a mail as seen, so that the next time it is not read again."""
    box.uid("STORE", str(uid), "+FLAGS", r"(\Seen)")


def content_of(answered: list[Any]) -> bytes | None:
    """Return what stands behind BODY[…] in the answer, a literal or a quoted string; None when nothing does."""
    for part in answered:
        if isinstance(part, tuple):
            return bytes(part[1])
        if isinstance(part, bytes) and (quoted := _QUOTED.search(part)):
            return _ESCAPED.sub(rb"\1", quoted[1])
    return None


def _search(box: imaplib.IMAP4, *which: str) -> set[int]:
    found: list[bytes] = box.uid("SEARCH", *which)[1]
    return {*map(int, found[0].split())} if found and found[0] else set()


def _fetch(box: imaplib.IMAP4, uid: int, what: str) -> bytes | None:
    state, answered = box.uid("FETCH", str(uid), what)
    content = content_of(answered)
    if content is None and state != "OK":
        raise FetchRefused
    return content
