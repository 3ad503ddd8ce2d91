"""Read a mail in a child process (crm/sandbox/runner.py): whatever it holds, the worker gets its facts or a reason.

The reading is linear as well (crm/inbound/parsing/mime_parts.py); this is for what nobody has thought of."""

import io
from base64 import b64decode
from dataclasses import replace
from enum import StrEnum

from crm.inbound.parsing import attached_files, mail_parser
from crm.sandbox import runner as sandbox

DEFAULT_MOST_BYTES = 25 * 1024 * 1024
LIMITS = sandbox.ChildLimits(memory=768 * 1024**2, processor_seconds=15, seconds=45, read=128 * 1024**2)


class Because(StrEnum):
    """Why a mail was not taken in."""

    TOO_LARGE = "too_large"
    TOO_COMPLEX = "too_complex"
    TOO_SLOW = "too_slow"
    UNREADABLE = "unreadable"


class NotRead(Exception):
    """A mail whose facts could not be told. `because` says why; the words say so to whoever runs a command."""

    def __init__(self, because: Because) -> None:
        super().__init__(_WORDS[because])
        self.because = because


_WORDS = {
    Because.TOO_LARGE: "The mail is larger than what is read.",
    Because.TOO_COMPLEX: "The mail has more parts than are read.",
    Because.TOO_SLOW: "Reading the mail took too much time or memory.",
    Because.UNREADABLE: "The mail could not be read.",
}


def read(
    raw: bytes, *, most_bytes: int = DEFAULT_MOST_BYTES, limits: sandbox.ChildLimits = LIMITS
) -> mail_parser.InboundMessage:
    """Return the facts of one mail, read in a child process. Raises NotRead."""
    if len(raw) > most_bytes:
        raise NotRead(Because.TOO_LARGE)
    try:
        said = sandbox.run(mail_parser.facts_of, limits=limits, file=io.BytesIO(raw), size=len(raw))
    except sandbox.NoAnswer as ended:
        raise NotRead(Because.UNREADABLE if ended.why == sandbox.Why.ERROR else Because.TOO_SLOW) from None
    if said is None:
        raise NotRead(Because.TOO_COMPLEX)
    return mail_parser.from_facts(said)


def files(raw: bytes, endings: list[str]) -> list[tuple[str, bytes, attached_files.Passed]]:
    """Return name, content and why it is passed over, of attached files whose names end like these. Raises NotRead."""
    most = replace(LIMITS, answer=2 * len(raw) + 1024**2)
    try:
        said = sandbox.run(attached_files.attached, endings, limits=most, file=io.BytesIO(raw), size=len(raw))
    except sandbox.NoAnswer:
        raise NotRead(Because.TOO_SLOW) from None
    return [(str(name), b64decode(content), attached_files.Passed(why)) for name, content, why in said]
