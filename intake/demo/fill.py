"""A center, three people who work there and 40 requests with their histories, to try things out on.

Everybody is invented: the names say so, addresses end in example.org, telephone numbers are 555-01xx. Histories are
made through the same actions as real ones, with a clock set back.
"""

import random
import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pgtrigger
from django.db import transaction

from crm import registry
from crm.accounts import groups
from crm.enums.leads import MAIN_LINE, CallOutcome, LostReason, MessageState, ReferralStep, Stage
from crm.enums.treatments import Source
from crm.followups import step_runner
from crm.leads import actions as leads
from crm.leads import referrals, treatments
from crm.mail import templates as mail_templates
from crm.models import Lead, Location, Message, ReferringPractice, User
from crm.outbox import send_rules
from intake.assessment import insurance
from intake.demo import desk
from intake.models import Plan
from intake.requests import actions
from intake.requests.forms import StepOne
from intake.requests.rows import Request

PASSWORD = "nucleus-demo-2026"  # noqa: S105 - printed for everybody to read, and only where demo data is made
LEADS = 40
EVERY = timedelta(days=1)
STAFF = [
    ("Casey Coordinator", "coordinator@example.org", "coordinator"),
    ("Dana Clinician", "clinician@example.org", "clinician"),
    ("Alex Administrator", "admin@example.org", "administrator"),
]
FIRST_NAMES = (
    "Ada Ben Cleo Dario Edda Finn Gloria Hugo Iris Jonas Kira Leo Mina Nils Olga Pablo Quinn Rosa Simon Tara "
    "Ugo Vera Will Xenia Yusuf Zoe"
).split()
LAST_NAMES = "Sample Example Placeholder Specimen Fictive Testcase Imaginary Invented".split()
NOTES = [
    "Prefers calls in the late morning.",
    "Works nights this week, call after noon.",
    "Will ask the imaging center for a copy of the disc.",
    "Husband will drive; needs a visit after school hours.",
    "Would like the appointment letter by mail as well.",
]
# What people tell on the phone: kind, months ago it began, months it went on (0: once), and the rest of the fields.
TOLD: list[tuple[str, int, int, dict[str, Any]]] = [
    ("pt_supervised", 5, 3, {"sessions": 12, "relief_percent": 20, "directed_by_clinician": True}),
    ("med_nsaid_rx", 6, 4, {"relief_percent": 30, "side_effects": ["stomach"]}),
    ("heat", 4, 3, {"relief_percent": 10}),
    ("esi_transforaminal", 3, 0, {"relief_percent": 50, "relief_duration_days": 21, "body_region": "lumbar"}),
    ("chiropractic", 8, 2, {"sessions": 8, "relief_percent": 15}),
    ("hep_prescribed", 4, 2, {"relief_percent": 25, "directed_by_clinician": True}),
    ("acupuncture", 7, 1, {"sessions": 6, "relief_percent": 0}),
    ("med_neuropathic_gabapentinoid", 3, 1, {"status": "stopped_side_effects", "side_effects": ["drowsy", "dizzy"]}),
]
PRACTICES = [("Example Family Practice", "Jordan Example, MD"), ("Placeholder Pain Clinic", "")]
# Insurer, plan, whether the center takes it.
PLANS = [("Aetna", "", "unknown"), ("Example Mutual", "PPO", "in"), ("Example Mutual", "HMO", "out")]


def exists() -> bool:
    """Tell whether this database holds a center already: demo data is made once and never over real data."""
    return Location.objects.exists()


def in_use() -> bool:
    """Tell whether the demo's people can sign in, with the password that everybody knows."""
    return User.objects.filter(email=STAFF[0][1]).exists()


@transaction.atomic
def make(*, now: datetime) -> None:
    """Make everything in one transaction. `now` is when the story ends."""
    chance = random.Random(2026)  # noqa: S311 - the same story every time
    center, staff = _center(now), _staff()
    stages = [*MAIN_LINE, Stage.NURTURE, Stage.DORMANT, Stage.IMPROVED, Stage.LOST]
    for number in range(LEADS):
        stage = stages[number % len(stages)] if number < LEADS - 1 else Stage.NEW
        _story(number, stage, center=center, coordinator=staff[0], now=now, chance=chance)
    _follow_up(now)
    desk.lay_out(desk.Cast(staff[0], staff[1], _leaver()), now=now)
    for story in registry.demo_stories():
        story(now)


def _center(now: datetime) -> Location:
    weekdays = {day: ["08:00", "18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
    center = Location.objects.create(
        name="Riverbend Spine Center",
        short_name="Riverbend",
        phone="+12125550100",
        phone_display="(212) 555-0100",
        fax="+12125550101",
        street="1 Example Plaza",
        city="New York",
        state="NY",
        postal_code="10001",
        timezone="America/New_York",
        hours=weekdays,
        holidays=[f"{day}" for day in _holidays(now.year) if day != now.date()],  # or the desk would be empty today
        served_states=["NY", "NJ", "CT", "PA"],
        sender_name="Riverbend Center",
        sender_email="hello@riverbend.example.org",
    )
    for insurer, name, network in PLANS:
        Plan.objects.create(location=center, insurer=insurer, name=name, network=network, as_of=now.date())
    for name, provider in PRACTICES:
        ReferringPractice.objects.create(name=name, provider=provider, fax="+12125550177", city="New York", state="NY")
    return center


def _holidays(year: int) -> list[date]:
    """Return Thanksgiving (the fourth Thursday of November), Christmas, and the New Year after it."""
    first = date(year, 11, 1)
    thanksgiving = first + timedelta(days=21 + (3 - first.weekday()) % 7)
    return [thanksgiving, date(year, 12, 25), date(year + 1, 1, 1)]


def _staff() -> list[User]:
    groups.ensure_groups()
    people = []
    for name, email, role in STAFF:
        user = User.objects.create_user(email, PASSWORD, name=name, is_staff=True, is_superuser=role == "administrator")
        user.groups.set(groups.groups_named(role))
        people.append(user)
    return people


def _leaver() -> User:
    """Make the account of somebody who does not work here anymore."""
    return User.objects.create_user("robin@example.org", None, name="Robin Formerly", is_staff=True, is_active=False)


def _story(
    number: int, stage: Stage, *, center: Location, coordinator: User, now: datetime, chance: random.Random
) -> None:
    """Make one request and what happened to it until it reached `stage`, at believable hours."""
    days_ago = 0 if stage == Stage.NEW and number % 2 else chance.randint(2, 60)
    asked = _at(now, days_ago=days_ago, hour=chance.randint(8, 20), minute=chance.randint(0, 59))
    lead = actions.submit(_request(number, center, min(asked, now - timedelta(minutes=3)), chance)).lead
    _mark_sent(lead)
    step = max((now - asked) / 8, timedelta(minutes=1))

    def after(steps: float) -> datetime:
        return _in_office_hours(asked + steps * step, now=now)

    if stage == Stage.NEW:
        return
    reached = chance.choice([CallOutcome.REACHED, CallOutcome.REACHED, CallOutcome.LEFT_VOICEMAIL])
    leads.log_call(lead, by=coordinator, outcome=reached, note=chance.choice(NOTES), now=after(1))
    Lead.objects.filter(pk=lead.pk).update(owner=coordinator)
    if stage == Stage.CONTACTING:
        return
    _tell_treatments(lead, coordinator, after(2), chance)
    if lead.how_heard == "doctor":
        _refer(lead, coordinator, after(2.5), chance)
    leads.add_note(lead, by=coordinator, text=chance.choice(NOTES), now=after(3))
    if stage in MAIN_LINE[3:]:
        _insure(lead, coordinator, after(3.5), chance)
    on_the_way = MAIN_LINE[2 : MAIN_LINE.index(stage) + 1] if stage in MAIN_LINE else [Stage.QUALIFYING, stage]
    for place, goal in enumerate(on_the_way):
        reason = LostReason.CHOSE_OTHER if goal == Stage.LOST else ""
        leads.move(lead, to=goal, by=coordinator, lost_reason=reason, now=after(4 + 4 * place / len(on_the_way)))


def _in_office_hours(moment: datetime, *, now: datetime) -> datetime:
    """Press a day's 24 hours into 9:00 to 18:00 in New York, so that the order of events stays; never after `now`."""
    local = moment.astimezone(ZoneInfo("America/New_York"))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return min(midnight + timedelta(hours=9) + (local - midnight) * 9 / 24, now)


def _at(now: datetime, *, days_ago: int, hour: int, minute: int) -> datetime:
    """Return the moment of an hour of the day in New York, counted roughly: five hours behind UTC."""
    day = (now - timedelta(days=days_ago)).date()
    return datetime.combine(day, time(hour, minute), tzinfo=UTC) + timedelta(hours=5)


def _request(number: int, center: Location, asked: datetime, chance: random.Random) -> Request:
    """Return a request as the form would have sent it; every eleventh reports a sign that wants a clinician's look."""
    first, last = FIRST_NAMES[number % len(FIRST_NAMES)], LAST_NAMES[number % len(LAST_NAMES)]
    tried = chance.sample(["pt", "home_exercise", "medication", "injections", "chiropractic", "other"], k=3)
    form = StepOne(
        {
            "safety_check": ["none"],
            "safety_check_b": ["B6"] if number % 11 == 4 else ["none"],
            "pain_region": [chance.choice(["low_back", "low_back", "neck"])],
            "radiation": [chance.choice(["leg_below_knee", "leg_above_knee", "buttock", "none"])],
            "onset": chance.choice(["6to12w", "3to6m", "6to12m", "1to5y"]),
            "pain_now_avg": str(chance.randint(3, 9)),
            "tried_treatments": tried,
            "imaging": chance.choice(["mri_lt12m", "mri_older", "ct_xray", "none"]),
            "first_name": first,
            "last_name": last,
            "email": f"{first}.{last}{number}@example.org".lower() if number % 7 else "",
            "phone": f"+1212555{110 + number:04d}",
            "phone_type": "mobile",
            "preferred_contact": "phone",
            "best_time": [chance.choice(["morning", "noon", "afternoon", "evening"])],
            "state": chance.choice(["NY", "NY", "NJ", "CT", "PA"]),
            "ok_voicemail": "on" if number % 3 else "",
            "how_heard": chance.choice(["search", "doctor", "friend_family", "insurance"]),
            "consent_privacy": "on",
            "consent_contact": "on",
            "consent_education": "on" if number % 2 else "",
        },
        center_name=center.name,
    )
    if not form.is_valid():
        raise ValueError(f"The demo's own request is not in order: {form.errors.as_json()}")
    return Request(uuid.UUID(int=chance.getrandbits(128), version=4), form.cleaned_data, center, asked)


def _mark_sent(lead: Lead) -> None:
    """Mark the acknowledgement as sent at once, back then; nothing is sent to anybody now."""
    with pgtrigger.ignore("crm.Message:state_moves"):
        Message.objects.filter(lead=lead).update(
            state=MessageState.SENT,
            attempts=1,
            created_at=lead.created_at,
            due_at=lead.created_at,
            finished_at=lead.created_at + timedelta(seconds=4),
        )


def _tell_treatments(lead: Lead, coordinator: User, now: datetime, chance: random.Random) -> None:
    for kind, months_ago, months, fields in chance.sample(TOLD, k=chance.randint(2, 4)):
        start = (now - timedelta(days=30 * months_ago)).date()
        end = start + timedelta(days=30 * months)
        treatments.add(
            lead,
            by=coordinator,
            source=Source.COORDINATOR,
            now=now,
            kind=kind,
            start_date=start,
            end_date=end,
            **fields,
        )


def _refer(lead: Lead, coordinator: User, now: datetime, chance: random.Random) -> None:
    practice = chance.choice(list(ReferringPractice.objects.order_by("name")))
    day = (lead.created_at - timedelta(days=3)).date()
    referral = referrals.record(lead, practice, referred_on=day, may_tell=True, by=coordinator, now=now)
    referrals.tell(referral, ReferralStep.ARRIVAL, how="Fax", by=coordinator, now=now)


def _insure(lead: Lead, coordinator: User, now: datetime, chance: random.Random) -> None:
    """Choose the plan and the criteria that count for a lead, and record what the insurer said."""
    plan = chance.choice(list(Plan.objects.filter(location=lead.location).order_by("insurer", "name")))
    profile = "aetna_decompression" if plan.insurer == "Aetna" else "general"
    insurance.choose(lead, profile=profile, plan=plan, by=coordinator, now=now)
    insurance.record_verification(
        lead,
        by=coordinator,
        now=now,
        plan=plan,
        spoke_to="Morgan Example, provider line",
        call_reference=f"CALL-{chance.randint(10_000, 99_999)}",
        is_active="yes",
        network=plan.network,
        needs_authorization="yes",
    )


def _follow_up(now: datetime) -> None:
    """Replay a day at a time what has gone out by itself since the first request, judged as it is for real."""
    at = Lead.objects.earliest("created_at").created_at
    while at < now - EVERY:
        at += EVERY
        step_runner.run_due(at=at)
        mails = list(Message.objects.filter(state=MessageState.QUEUED, due_at__lte=at).select_related("lead__location"))
        known = send_rules.background(mails, now=at)
        for mail in mails:
            _settle(mail, send_rules.obstacle(mail, now=at, background=known), at)


def _settle(mail: Message, found: send_rules.Obstacle | None, at: datetime) -> None:
    row = Message.objects.filter(pk=mail.pk)
    if found and found.until:
        row.update(due_at=found.until, reason=found.reason)
        return
    mail_templates.fill(mail)
    words = {"subject": mail.subject, "text": mail.text, "html": mail.html} if not found else {}
    state, reason = (found.state, found.reason) if found else (MessageState.SENT, "")
    with pgtrigger.ignore("crm.Message:state_moves"):
        row.update(state=state, reason=reason, finished_at=at, attempts=1, **words)
