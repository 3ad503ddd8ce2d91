"""Who is in a life: two leads, sometimes of one household, in one center, and those who work there."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from django.db.models import Min, Q
from django.test import Client
from django.utils import timezone

from crm import periodic
from crm.enums.leads import EnrollmentState, MessageState
from crm.models import Enrollment, Lead, Location, Message, User
from intake.assessment import time_passes
from scheduling import periodic as work
from scheduling.models import Appointment, AppointmentType, Resource
from tests.crm.life import neighbor
from tests.crm.life.clock import Clock
from tests.crm.life.far_end import FarEnd, Handed, Killed
from tests.crm.life.model import COMMERCIAL, ENGLISH, SPANISH, WITHIN, Mailbox, Record, kind_of
from tests.factories import prove, step_one
from tests.recording import recorded_logs

STATES = {"NY": "America/New_York", "IL": "America/Chicago", "CO": "America/Denver", "CA": "America/Los_Angeles"}
AMISS = ("sweep_failed", "scheduling_failed", "time_not_asked", "step_failed", "batch_failed", "not_judged")
LOOKED_AFTER = timedelta(days=1)  # at least, while a visit is ahead
A_MINUTE = timedelta(minutes=1)
A_WHILE = timedelta(hours=1)


@dataclass
class Person:
    """`mails`: what the mail server took for them, oldest first. `judged`: what was held back, and rightly."""

    name: str
    lead: Lead
    record: Record
    mails: list[Handed] = field(default_factory=list)
    judged: set[UUID] = field(default_factory=set)

    @property
    def desk(self) -> str:
        return f"/admin/crm/lead/{self.lead.pk}/"

    def reads_again(self) -> Lead:
        """Their row as it is now."""
        self.lead = Lead.objects.select_related("location").get(pk=self.lead.pk)
        return self.lead

    def has_mail_on_its_way(self) -> bool:
        """One that a worker has in hand, or that was tried and waits."""
        tried = Q(state=MessageState.SENDING) | Q(state=MessageState.QUEUED, due_at__lte=timezone.now() + A_WHILE)
        return Message.objects.filter(tried, lead=self.lead).exists()

    def expects_mail(self) -> bool:
        waits = Message.objects.filter(lead=self.lead, state=MessageState.QUEUED).exists()
        return waits or Enrollment.objects.filter(lead=self.lead, state=EnrollmentState.LIVE).exists()


@dataclass
class World:
    """`wrong`: what was wrong with a mail that left; it is said after the step. `is_cut_short`: the last worker that
    came by died."""

    clock: Clock
    chance: Random
    staff: dict[str, User]
    center: Location
    providers: list[Resource]
    kinds: dict[str, AppointmentType]
    far: FarEnd
    people: list[Person] = field(default_factory=list)
    mailboxes: dict[str, Mailbox] = field(default_factory=lambda: defaultdict(Mailbox))
    wrong: list[str] = field(default_factory=list)
    is_paused: bool = False
    is_cut_short: bool = False
    complaints: list[datetime] = field(default_factory=list)
    commercial_is_held: bool = False
    neighbor: Lead | None = None

    def hears_a_complaint(self) -> None:
        """The second within 30 days holds all that is commercial, until somebody lets it go again."""
        self.complaints.append(self.clock.now)
        lately = [at for at in self.complaints if at > self.clock.now - WITHIN]
        self.commercial_is_held = self.commercial_is_held or len(lately) > 1

    def holds(self, name: str) -> bool:
        """Whether too many complained for a mail of this name to leave."""
        return self.commercial_is_held and kind_of(name) == COMMERCIAL

    def person(self, lead_id: UUID | None) -> Person | None:
        return next((one for one in self.people if one.lead.pk == lead_id), None)

    def others(self, who: Person) -> list[Person]:
        return [one for one in self.people if one is not who]

    def desk(self, name: str = "coordinator") -> Client:
        browser = Client()
        browser.force_login(self.staff[name])
        return browser

    def browser(self, who: Person) -> Client:
        """Of the patient, who has just shown who they are."""
        browser = Client()
        browser.cookies["patient"] = prove(who.lead, now=self.clock.now).secret
        return browser

    # --- Time ---------------------------------------------------------------------------------------------------------
    def goes_on(self, span: timedelta, *, is_looked_after: bool = True) -> None:
        """Time passes; whenever something is due a worker comes by, unless none does."""
        ends = self.clock.now + span
        while self.clock.now < ends:
            following = max(self.next_due() if is_looked_after else ends, self.clock.now + A_MINUTE)
            self.clock.goes_on(min(following, ends) - self.clock.now)
            if is_looked_after:
                self.worker_comes_by()

    def next_due(self) -> datetime:
        """When a worker has something to do for somebody, or is to look after visits."""
        now = self.clock.now
        mails = Message.objects.filter(state=MessageState.QUEUED, due_at__gt=now).aggregate(at=Min("due_at"))["at"]
        live = Enrollment.objects.filter(state=EnrollmentState.LIVE, due_at__gt=now).aggregate(at=Min("due_at"))["at"]
        visits = Appointment.objects.standing().filter(starts_at__gt=now).exists()
        return min(one for one in (mails, live, now + (LOOKED_AFTER if visits else 3 * LOOKED_AFTER)) if one)

    def worker_comes_by(self) -> None:
        """The rounds that are made every fifteen seconds, every minute and every day, unless its process is ended."""
        self.is_cut_short = False
        with recorded_logs() as log:
            try:
                periodic.once()
                work.once()
                time_passes.ask_due(now=self.clock.now)
            except Killed:
                self.is_cut_short = True
        amiss = [line for line in log.getvalue().splitlines() if any(word in line for word in AMISS)]
        expected = neighbor.known_by(self.neighbor) if self.neighbor and amiss else set()
        amiss = [line for line in amiss if not any(one in line for one in expected)]
        assert not amiss, amiss
        for who in self.people:
            who.record.stage = who.reads_again().stage


def arrives(world: World, name: str, **changes: Any) -> Person:
    """Somebody who fills in the first form."""
    number, state = world.chance.randrange(1000, 10000), world.chance.choice(list(STATES))
    who = {
        "first_name": name,
        "last_name": f"Sample{number}",
        "email": f"{name.lower()}{number}@example.org",
        "phone": f"(212) 555-{world.chance.randrange(100, 200):04}",
        "preferred_contact": "email",
        "state": state,
    } | changes
    language = world.chance.choice([ENGLISH, ENGLISH, SPANISH])
    page = "/es/candidate/" if language == SPANISH else "/candidate/"
    answer = Client().post(page, step_one(**who))
    assert answer.status_code == 302, answer.content.decode()
    lead = Lead.objects.select_related("location").get(first_name=name, last_name=who["last_name"])
    record = Record(
        name,
        who["last_name"],
        who["email"] or "",
        lead.phone,
        STATES[state],
        "consent_education" in changes,
        world.mailboxes,
        language,
        stage=lead.stage,
        held=lead.safety_hold,
    )
    record.asked["ack"] += 1
    person = Person(name, lead, record)
    acts(person)
    world.people.append(person)
    return person


def acts(who: Person) -> None:
    """They have just done something themselves: on that day they are asked for nothing."""
    who.record.acts.append(timezone.now())
