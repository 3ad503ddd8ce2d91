"""What a person's calendar says to an invitation (RFC 5546, RFC 6047): yes, no, perhaps, or another time instead.

Pure. "Propose a new time" is a COUNTER: programs send it with hardly a word beside it, and its time is all it says.
"""

import re
from dataclasses import dataclass
from email.message import Message

from crm.inbound.parsing import mime_parts

_METHODS = {"reply", "counter"}
_METHOD = re.compile(r"^METHOD:(\w{1,20})\s*$", re.IGNORECASE | re.MULTILINE)
_ANSWER = re.compile(r"PARTSTAT=\"?(ACCEPTED|DECLINED|TENTATIVE)\b", re.IGNORECASE)
_UID = re.compile(r"^UID:(.{1,250})$", re.IGNORECASE | re.MULTILINE)
_SEQUENCE = re.compile(r"^SEQUENCE:(\d{1,6})\s*$", re.IGNORECASE | re.MULTILINE)
_BEGIN = re.compile(
    r'^DTSTART(?:;TZID="?([^":;\n]{1,60})"?)?(?:;[^:\n]{0,200})?:(\d{8}T\d{6})(Z?)\s*$', re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True)
class CalendarReply:
    """`answer`: accepted, declined, tentative, or "". `invitation`: its UID. `sequence`: of the invitation, where it is
    said; of a proposal never, which counts for whatever time stands. `proposed`: such as "20261203T190000 UTC"."""

    answer: str = ""
    invitation: str = ""
    sequence: str = ""
    proposed: str = ""


def read(mail: Message) -> CalendarReply | None:
    """Return what a calendar answers; None for a mail without an answer of one."""
    for part in mail.walk():
        if part.get_content_type() != "text/calendar":
            continue
        text = mime_parts.body(part).replace("\r", "").replace("\n ", "").replace("\n\t", "")
        methods = {mime_parts.parameter(part, "method"), *(one.lower() for one in _METHOD.findall(text))}
        if methods & _METHODS:
            return _told(text, is_proposal="counter" in methods)
    return None


def _told(text: str, *, is_proposal: bool) -> CalendarReply | None:
    found = [one.search(text) for one in (_ANSWER, _UID, _SEQUENCE)]
    said, invitation, sequence = (one[1].strip() if one else "" for one in found)
    if not is_proposal:
        return CalendarReply(said.lower(), invitation, sequence) if said or invitation or sequence else None
    answer = "declined" if said.lower() == "declined" else "tentative"  # nobody has accepted who asks for another time
    return CalendarReply(answer, invitation, proposed=_begin(text))


def _begin(text: str) -> str:
    found = _BEGIN.search(text, max(text.upper().find("BEGIN:VEVENT"), 0))
    return f"{found[2]} {'UTC' if found[3] else found[1] or ''}".strip() if found else ""
