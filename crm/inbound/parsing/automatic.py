"""Tell whether a mail was written by a robot (RFC 3834): by its headers, or by a subject as absence notes have it.

Pure. Some headers are put on mail of people as well, by their own mail server: such a mail is a person's when it
answers one of ours.
"""

import re
from email.message import Message

from crm.inbound.parsing import mime_parts

_HEADERS = (
    "X-Autoreply",
    "X-Autorespond",
    "X-Autoresponse",
    "X-Auto-Reply-From",
    "X-Auto-Respond",
    "X-Autoreply-From",
    "X-Mail-Autoreply",
)
_ASKS_FOR_NO_ANSWER = "X-Auto-Response-Suppress"
_PRECEDENCE = {"auto_reply", "junk"}
_PRECEDENCE_OF_ANYBODY = {"bulk", "list"}
_RULES = "Mailbox Rules Agent"  # of Exchange: it forwards what a person has written
_ANSWERED = re.compile(
    r"\bhas (tentatively )?(accepted|declined|replied|proposed)|\bha (aceptado|rechazado|respondido|propuesto)"
    r"|^(accepted|declined|tentative|new time proposed):",
    re.IGNORECASE,
)
_NOTE = re.compile(
    r"\bwith (this|a|the following) (note|comment|message)\b|\bcon (esta|una|la siguiente) nota\b", re.IGNORECASE
)
_ABSENT = re.compile(
    r"\s*(auto(matic|mated)?[- ]?(reply|response|responder)|\[auto[- ]?generated\].{0,200}"
    r"|out of (the )?office( (auto)?reply)?|away from (the )?office"
    r"|vacation (auto-?)?(reply|response|message)|respuesta autom[aá]tica|contestaci[oó]n autom[aá]tica"
    r"|mensaje autom[aá]tico|fuera de (la )?oficina|ausente de la oficina)\s*(:|$|\bre:)",
    re.IGNORECASE,
)


def is_automatic(mail: Message, *, answers_ours: bool) -> bool:
    """Tell whether a robot wrote a mail, so that nobody has to read it. `answers_ours`: it was sent to a thread of
    ours, or names a mail of ours."""
    if _says_so(mail):
        return True
    return not answers_ours and _may_be(mail)


def says_only_the_answer(text: str) -> bool:
    """Tell whether the words beside a calendar's answer are none of a person's: nothing, or the phrase of the program
    without a note."""
    said = text.strip()[:400]
    return not said or bool(_ANSWERED.search(said[:200]) and not _NOTE.search(said))


def _says_so(mail: Message) -> bool:
    if _ABSENT.match(mime_parts.header(mail, "Subject")):
        return True
    if _is_forwarded_by_rule(mail):
        return False
    return (
        _submitted(mail) not in {"", "no"}
        or bool(mime_parts.raw_headers(mail, *_HEADERS))
        or mime_parts.header(mail, _ASKS_FOR_NO_ANSWER).strip().lower() == "all"  # lists of Exchange name a few kinds
        or mime_parts.header(mail, "Precedence").lower() in _PRECEDENCE
    )


def _may_be(mail: Message) -> bool:
    is_for_many = mime_parts.header(mail, "Precedence").lower() in _PRECEDENCE_OF_ANYBODY
    return is_for_many or mime_parts.raw_headers(mail, "Return-Path")[:1] == ["<>"]


def _is_forwarded_by_rule(mail: Message) -> bool:
    """Tell whether an Exchange rule forwarded it; not for absence notes, which are marked as "auto-replied"."""
    source = mime_parts.header(mail, "X-MS-Exchange-Generated-Message-Source")
    return source == _RULES and _submitted(mail) != "auto-replied"


def _submitted(mail: Message) -> str:
    """Return the keyword of Auto-Submitted in lower case, without what may follow it (RFC 3834); "" without."""
    return mime_parts.header(mail, "Auto-Submitted").replace("(", ";").partition(";")[0].strip().lower()
