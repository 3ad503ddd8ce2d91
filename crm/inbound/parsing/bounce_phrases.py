"""Read what a mail server means by its words: that it returned a mail, that one is only late, that an address is dead.

Pure. English and Spanish, and what servers of other languages write beside their own.
"""

import re

LONGEST_WORDS = 20_000
_HEAD = 1_500  # of a report without a form: what it is about stands in its first lines
_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?!\.?\d)")  # not within an address such as 10.4.5.6
_RETURNED = re.compile(
    r"undeliver|non-?deliver|not delivered|could ?n[o']t (be )?deliver|un?able to deliver|was ?n[o']t able to deliver"
    r"|delivery status"
    r"|deliver[a-z]* (has |have )?(been )?(fail|error|problem)|error during delivery|(fail(ed|ure)|error|trouble) "
    r"((send|deliver)ing )?(your )?(mail|message|deliver)|mail (deliver|fail|system error|returned)|failure notice"
    r"|returned mail|return(ed|ing)( the)?( message)? to (the )?sender|has been returned|did not reach|user unknown"
    r"|no entregado|no (se )?(pudo|ha podido|puede) (ser )?entrega|devuelto|не доставлено",
    re.IGNORECASE,
)
_BEGINS = re.compile(rf"\s*(your )?((e-?)?mail |message )?(({_RETURNED.pattern}))", re.IGNORECASE)
_DELAYED = re.compile(r"\bdelay|not yet|retr(y|ied)|postponed|retras|demora", re.IGNORECASE)
_GOES_ON = re.compile(
    r"not yet been delivered|has been (delayed|postponed)|warning (message )?only|will be retried"
    r"|attempts will continue|continue to (try|attempt)",
    re.IGNORECASE,
)
# Of the mail, of us, of the way, or of today: not of the address.
_PASSING = re.compile(
    r"\bblock|black ?list|\bspam|junk|reputation|\bpolic(y|ies)\b|quota|\bfull\b(?! (details|copy|message|header))"
    r"|storage|too (large|big|many)|\bsize\b(?! \()|expired|time[sd]?[- ]?out|temporar|try again|rate ?limit"
    r"|gr[ae]y ?list|\bd(marc|kim)\b|\bspf\b|reverse dns|\bptr\b|\bloop|\bhops\b|\bvirus|malware|relay|authenticat"
    r"|llen[oa]\b|at a rate|too quickly"
    r"|\bsender\b.{0,40}(reject|refus|denied|invalid|unknown|exist|not found|verif|authori)",
    re.IGNORECASE,
)
_WHO = r"(user|mailbox|recipient|address|account|name|usuario|destinatario|cuenta|casilla|buz[oó]n)"
_WHOSE = _WHO + r"( \S{1,320})? ?(is |was |has been )?"
_NOT_THERE = (
    r"(unknown|not found|(does ?n[o']t|not) exist|not (a )?(valid|recogni[sz]ed)|not listed|no longer"
    r"|no existe|inexistente|desconocid[oa]|no encontrad[oa])"
)
_UNKNOWN = re.compile(
    _WHO
    + r"( \S{1,80}){0,3} ?"
    + _NOT_THERE
    + r"|does not exist|was ?n[o'’]t found at|does ?n[o']t have an? \S{1,80} ?account"
    r"|no (such )?(user|mailbox|account)\b"
    r"|(unknown|invalid|no such|no valid|bad|illegal)( or illegal)?( local| destination| final delivery)?"
    r" (user|mailbox|recipient|address|alias)",
    re.IGNORECASE,
)
_NO_SUCH_DOMAIN = (
    r"host (is )?unknown|unknown (host|domain)|no such (host|domain)|nxdomain|unroute?able|null mx|no mx record"
    r"|no smtp service|no mx found"
)
_DEAD = re.compile(
    f"{_UNKNOWN.pattern}|{_WHOSE}(unavailable|disabled|inactive|deactivated|discontinued|rejected(?!:))"
    f"|does not like recipient|{_NO_SUCH_DOMAIN}",
    re.IGNORECASE,
)
# RFC 3463: bad addresses, but not those of the sender (5.1.7, 5.1.8); a mailbox that was closed.
_OF_THE_ADDRESS = re.compile(r"5\.(1\.(?![078]$)\d+|2\.1)$")
_VAGUE = re.compile(r"5\.(0\.\d+|[1235]\.0)$")  # "other": what it is about, its words say
_SMTP_PASSING = re.compile(r"(?:^|[;\s])(?:4\d\d|552)[ -]")
_ADDRESS = re.compile(r"\S{1,64}@\S{1,250}")
_COPY = re.compile(
    r"^[ \t|]{0,9}-{2,60}(?!.{0,200}\b(transcript|session|log|server|addresse?s?|failed|failure|reasons?)\b)"
    r"[^\d/=\n]{0,200}\b(copy|original|returned|unsent|mensaje|message|mail)\b[^\d/=\n]{0,200}$"
    r"|^(original message (follows|headers)|message headers? follow|below is a copy|.{0,40}lines of (the|your) )"
    r".{0,120}$",
    re.IGNORECASE | re.MULTILINE,
)


def status_in(words: str) -> str:
    """Return the first status (RFC 3463) that words name; "" for none."""
    found = _STATUS.search(words)
    return found[0] if found else ""


def own_and_copy(words: str) -> tuple[str, str]:
    """Return what a server says itself, and the copy of our mail below it; "" without one."""
    found = _COPY.search(words)
    return (words[: found.start()], words[found.end() :]) if found else (words, "")


def say_returned(words: str) -> bool:
    """Tell whether a server says by these words that it returned a mail, or that one is late."""
    return bool(_RETURNED.search(words[:_HEAD]) or _GOES_ON.search(words[:_HEAD]))


def begin_as_returned(subject: str) -> bool:
    """Tell whether a subject begins as that of a returned mail, and not as one that somebody forwards or answers."""
    return bool(_BEGINS.match(subject))


def say_it_is_late(subject: str, words: str) -> bool:
    """Tell whether a server says that a mail is still being tried."""
    return bool(_DELAYED.search(subject) or _GOES_ON.search(words[:_HEAD]))


def are_of_a_dead_address(status: str, words: str) -> bool:
    """Tell whether the address itself is dead. Where that cannot be told, it is not: five soft bounces count as
    much."""
    said = " ".join(_ADDRESS.sub(" ", words).split())
    if status == "5.1.1" and _UNKNOWN.search(said):  # "unknown in relay recipient table"
        return True
    if _PASSING.search(said) or _SMTP_PASSING.search(said) or any(_is_passing(one) for one in _STATUS.findall(said)):
        return False
    return bool(_OF_THE_ADDRESS.match(status) if status and not _VAGUE.match(status) else _DEAD.search(said))


def _is_passing(status: str) -> bool:
    return not _OF_THE_ADDRESS.match(status) and not _VAGUE.match(status)
