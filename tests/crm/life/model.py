"""What a careful reader of one lead would know: what was said and done, in the words of docs/delivery.md, sequences.md
and scheduling.md. Knows no table and no rule of the product."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

ANSWER, REMINDER, FOLLOW_UP, RELATIONSHIP, COMMERCIAL = "answer", "reminder", "follow-up", "relationship", "commercial"
AUTOMATED = {FOLLOW_UP, RELATIONSHIP, COMMERCIAL}
# What each mail is to whoever gets it. All others are follow-ups of a request.
_KINDS = {
    ANSWER: "ack code link message address_changed appointment_booked appointment_moved appointment_cancelled",
    REMINDER: "appointment_reminder appointment_offer",
    COMMERCIAL: "expect staying_active questions_to_ask keeping_notes still_here still_here_again",
    RELATIONSHIP: "recheck after_visit_questions after_visit_survey after_visit_last keep_or_delete",
}
KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names.split()}
OF_CLOSED = {"still_here", "still_here_again", "keep_or_delete"}  # made for whoever could not be reached
ABOUT_VISITS = {"appointment_booked", "appointment_moved", "appointment_cancelled", "appointment_reminder"}

EDUCATION, MOST, EVERYTHING = "education", "most", "everything"
SCOPES = [EDUCATION, MOST, EVERYTHING]
_STOPS = {EDUCATION: {COMMERCIAL}, MOST: AUTOMATED, EVERYTHING: AUTOMATED}
TRIED_AGAIN_AFTER = timedelta(days=30)
FEW_RETURNS, WITHIN = 5, timedelta(days=30)
CAPS = ((timedelta(hours=24), 1), (timedelta(days=7), 3), (timedelta(days=90), 14))
MAIL_HOURS, EARLIEST_REMINDER = (time(8), time(20)), time(7)
SUNDAY = 6
REMINDED_BEFORE = (timedelta(hours=168), timedelta(hours=48), timedelta(hours=2))
REMINDERS_APART = timedelta(hours=4)
CLOSED = {"lost", "improved", "dormant"}
WAITS_NO_LONGER = {"lost", "improved"}  # for any time; whoever could not be reached does
ANY_TIME = ""
CENTER_ZONE = "America/New_York"
ENGLISH, SPANISH = "en", "es"
ZONES = {
    "America/New_York": {ENGLISH: "Eastern time", SPANISH: "hora del Este"},
    "America/Chicago": {ENGLISH: "Central time", SPANISH: "hora del Centro"},
    "America/Denver": {ENGLISH: "Mountain time", SPANISH: "hora de la Montaña"},
    "America/Los_Angeles": {ENGLISH: "Pacific time", SPANISH: "hora del Pacífico"},
    "Pacific/Honolulu": {ENGLISH: "Hawaii time", SPANISH: "hora de Hawaii"},
}
DAYS = "lunes martes miércoles jueves viernes sábado domingo".split()
MONTHS = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()
# Words that no longer text in one of them does without.
_OFTEN = {ENGLISH: set("the to your you and of we".split()), SPANISH: set("de la su que el en para".split())}


def kind_of(name: str) -> str:
    return KIND_OF.get(name, FOLLOW_UP)


def mailbox(address: str) -> str:
    """One name for one mailbox."""
    return address.lower()


def language_of(words: str) -> str:
    """Of a mail."""
    said = Counter(re.findall(r"\w+", words.lower()))
    return max(_OFTEN, key=lambda language: sum(said[word] for word in _OFTEN[language]))


@dataclass
class Mailbox:
    """One address, whoever reads there. `stopped`: what somebody who reads there wished to have no more of, the newest
    choice of any of them. `returned`: mails that came back for a passing reason."""

    stopped: set[str] = field(default_factory=set)
    dead_at: datetime | None = None
    works_since: datetime | None = None
    is_reported: bool = False
    returned: list[datetime] = field(default_factory=list)

    @property
    def is_stopped_by_others(self) -> bool:
        return self.dead_at is not None or self.is_reported

    def dies(self, now: datetime) -> None:
        self.dead_at = now

    def works_again(self, now: datetime) -> None:
        if self.dead_at:
            self.dead_at, self.works_since = None, now

    def comes_back(self, now: datetime) -> None:
        self.returned.append(now)
        since = max(now - WITHIN, self.works_since or now - WITHIN)
        if len([at for at in self.returned if at >= since]) >= FEW_RETURNS:
            self.dies(now)


@dataclass
class Visit:
    """`until`: with what has to stay free behind it. `version`: how often what the patient sees has changed, and one.
    `closed`: we cannot keep this time. `declined`: their calendar said no to it."""

    key: str
    by_phone: bool
    needs_room: bool
    starts: datetime
    ends: datetime
    is_over_booked: bool = False
    state: str = "booked"
    closed: bool = False
    confirmed: bool = False
    declined: bool = False
    version: int = 1

    @property
    def stands(self) -> bool:
        return self.state in {"booked", "arrived"}

    def is_ahead(self, now: datetime) -> bool:
        return self.stands and self.starts > now


@dataclass
class Record:
    """`own`: what this person wished at an address. `proven`: addresses that were shown to be theirs. `held_back`:
    enrollments that a person has to let go on, and why. `gone`: steps that an enrollment has no more. `asked`: how
    often something was done that a mail of this name answers, not counting those that went. `acts`: when they did
    something themselves. `has_asked_again`: somebody asked in their name, and nobody has decided about it. `in_line`:
    for which kinds of visits they wait, and earlier than which visit, or for any time."""

    first_name: str
    last_name: str
    address: str
    phone: str
    zone: str
    consented_to_education: bool
    mailboxes: dict[str, Mailbox]
    language: str = ENGLISH
    stage: str = "new"
    former: list[str] = field(default_factory=list)
    proven: set[str] = field(default_factory=set)
    own: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    has_agreed: bool = False
    held: bool = False
    people_only: bool = False
    no_calls: bool = False
    unanswered: bool = False
    has_asked_again: bool = False
    held_back: dict[str, str] = field(default_factory=dict)
    gone: set[tuple[str, str]] = field(default_factory=set)
    again: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    visits: list[Visit] = field(default_factory=list)
    acts: list[datetime] = field(default_factory=list)
    in_line: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.has_agreed = self.consented_to_education

    @property
    def box(self) -> Mailbox:
        return self.mailboxes[mailbox(self.address)]

    @property
    def is_closed(self) -> bool:
        return self.stage in CLOSED

    # --- Wishes -------------------------------------------------------------------------------------------------------
    def is_theirs(self, address: str) -> bool:
        """Whether who holds a mail to this address speaks for the person."""
        there = mailbox(address)
        return not self.address or there == mailbox(self.address) or there in self.proven

    def concerned(self, address: str) -> set[str]:
        """The mailboxes for which a choice counts that was made by a link in a mail to this one."""
        there = {mailbox(address)}
        return there | {mailbox(self.address)} if self.is_theirs(address) and self.address else there

    def stops(self, scope: str, *, by_link_to: str, in_one_click: bool = False) -> None:
        for one in self.concerned(by_link_to):
            box, mine = self.mailboxes[one], self.own[one]
            if not in_one_click:
                box.stopped.clear()
                mine.clear()
            box.stopped.add(scope)
            mine.add(scope)
        if self.is_theirs(by_link_to):
            self.consented_to_education = False

    def wants_again(self, *, by_link_to: str) -> None:
        """Nothing where the address they use gave out, or nothing was stopped by anybody who may lift it."""
        is_theirs = self.is_theirs(by_link_to)
        used = mailbox(self.address if is_theirs and self.address else by_link_to)
        wished = self.mailboxes[used].stopped | self.own[used]
        if self.mailboxes[used].dead_at or not (wished or (is_theirs and self.has_agreed)):
            return
        if not wished and self.mailboxes[used].is_stopped_by_others:
            return
        for one in self.concerned(by_link_to):
            self.mailboxes[one].stopped.clear()
            self.own[one].clear()
        if is_theirs and self.has_agreed and not self.mailboxes[used].is_stopped_by_others:
            self.consented_to_education = True

    def agrees(self, *, wants: bool) -> None:
        """On their page, to educational mails; a yes takes back what they had stopped."""
        self.consented_to_education, self.has_agreed = wants, self.has_agreed or wants
        if wants and self.address:
            self.box.stopped.clear()
            self.own[mailbox(self.address)].clear()

    def gets_all(self) -> bool:
        """Whether their page shows that nothing is stopped."""
        stopped = self.own[mailbox(self.address)] | self.box.stopped if self.address else set()
        return self.consented_to_education and not stopped and not (self.address and self.box.is_stopped_by_others)

    # --- What may leave -----------------------------------------------------------------------------------------------
    def against(self, name: str, *, to: str, now: datetime) -> str:
        """Why a mail of this name must not go to an address at this moment; "" when it may."""
        kind, box, mine = kind_of(name), self.mailboxes[mailbox(to)], self.own[mailbox(to)]
        is_dead = box.dead_at and not (kind == ANSWER and now >= box.dead_at + TRIED_AGAIN_AFTER)
        reasons = {
            "the address is dead": is_dead,
            "they wished for nothing at all": EVERYTHING in mine,
            "it was stopped": any(kind in _STOPS[scope] for scope in box.stopped | mine),
            "it was reported as unwanted": kind == COMMERCIAL and box.is_reported,
            "they did not agree to educational mails": kind == COMMERCIAL and not self.consented_to_education,
            "a hold stands": self.held and kind != ANSWER,
            "people only": self.people_only and kind in AUTOMATED,
        }
        return next((why for why, holds in reasons.items() if holds), "")

    def reaches(self, now: datetime) -> bool:
        """Whether answers to what they do get to them."""
        return bool(self.address) and not self.against("link", to=self.address, now=now)

    def local(self, now: datetime) -> datetime:
        return now.astimezone(ZoneInfo(self.zone))

    def in_words(self, visit: Visit) -> str:
        """A time as their mails have to say it: on their own clock when they are called, else on the center's."""
        zone = self.zone if visit.by_phone else CENTER_ZONE
        local = visit.starts.astimezone(ZoneInfo(zone))
        hour = f"{local.hour % 12 or 12}:{local:%M} {'a.m.' if local.hour < 12 else 'p.m.'}"
        day = f"{local:%A, %B} {local.day}"
        if self.language == SPANISH:
            day = f"{DAYS[local.weekday()]} {local.day} de {MONTHS[local.month - 1]}"
        return f"{day}, {hour} ({ZONES[zone][self.language]})"

    def waits(self, now: datetime) -> bool:
        """For a time: an earlier one as long as there is the visit, any until the request is closed."""
        going_on = {one.key for one in self.visits if one.stands and one.ends > now}
        return any(
            until in going_on if until != ANY_TIME else self.stage not in WAITS_NO_LONGER
            for until in self.in_line.values()
        )

    def reminded_at(self, visit: Visit) -> list[datetime]:
        """When reminders of it are due on the clock that is theirs now, the earliest first."""
        found = []
        for before in REMINDED_BEFORE:
            local = self.local(visit.starts - before)
            found.append(max(local, local.replace(hour=EARLIEST_REMINDER.hour, minute=0)))
        return [at for at in found if at < visit.starts]

    def ahead(self, now: datetime) -> list[Visit]:
        return [one for one in self.visits if one.is_ahead(now)]
