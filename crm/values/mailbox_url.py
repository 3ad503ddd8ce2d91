"""The address of the mailbox that is read for replies, as IMAP_URL names it. Pure."""

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

_HOW = "IMAP_URL cannot be read: write it as imaps://user:password@mail.example.org:993/INBOX"


@dataclass(frozen=True)
class Mailbox:
    """Where replies and bounces arrive."""

    host: str
    port: int
    user: str
    password: str
    folder: str
    tls: bool


def parse(url: str) -> Mailbox:
    """Read `imaps://user:password@host:993/INBOX`, or imap:// on this machine. Raises ValueError."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # brackets that are not closed, a port that is no number
        raise ValueError(_HOW) from None
    if parts.scheme not in {"imaps", "imap"} or not parts.hostname or not parts.username:
        raise ValueError(_HOW)
    if not unquote(f"{parts.username}{parts.password}{parts.path}").isascii():
        raise ValueError("IMAP_URL has a letter that IMAP does not take: user, password and folder are plain ASCII")
    if parts.scheme == "imap" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise ValueError("IMAP_URL reads in plain text from another machine: use imaps://")
    tls = parts.scheme == "imaps"
    return Mailbox(
        host=parts.hostname,
        port=port or (993 if tls else 143),
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        tls=tls,
    )
