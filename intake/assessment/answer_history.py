"""From the record of one lead to the snapshot that the rules look at."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from crm.enums.treatments import MeasurementKind, TreatmentStatus
from crm.models import Lead, Measurement, PatientSession, Treatment
from crm.values.partial_dates import first_day, last_day
from intake.models import Submission, Unproven, UnprovenRequest
from intake.rules import derived_signs, insurers
from intake.rules.derived_signs import Heard
from intake.rules.insurers import Insurer
from intake.rules.snapshot import BUCKET_DAYS, Radiation, Region, Snapshot, Tick

GivenAt = Mapping[str, datetime]
YES_NO = {"yes": True, "no": False}
NUMB_OR_WEAK = {"worse", "same", "better", "yes_unsure"}
NO_ANSWERS: tuple[object, ...] = (None, "", [])
TREATMENTS, TRIED = "treatments", "tried"  # about one of them; that nothing was
SNAPSHOT_WORDS = {
    "worse_with": {"standing", "walking", "sitting", "bending"},
    "better_with": {"sitting", "leaning_forward", "lying", "walking"},
    "limited": {"work", "sleep", "walking"},
}


@dataclass(frozen=True)
class AnswerHistory:
    """The latest answer to each question, and the page on which it was given. `insurer_since`: when the present insurer
    took the place of another one, None when it never did. `detailed`: the treatments whose page was sent. `heard`: read
    it through `heard_of`."""

    answers: dict[str, Any] = field(default_factory=dict)
    given: dict[str, Submission] = field(default_factory=dict)
    insurer_since: datetime | None = None
    pages: frozenset[str] = frozenset()
    detailed: frozenset[str] = frozenset()
    heard: Heard = field(default_factory=Heard)

    @property
    def at(self) -> dict[str, datetime]:
        """Return when each answer was given."""
        return {name: page.at for name, page in self.given.items()}


@dataclass(frozen=True)
class Kept:
    """Treatments of a lead in the order of entry, and scores by day: the record beside the answers."""

    treatments: list[Treatment]
    scores: list[Measurement]


def kept_of(lead: Lead) -> Kept:
    """Return treatments and scores. Two queries."""
    treatments = Treatment.objects.filter(lead=lead).order_by("created_at", "pk")
    return Kept(list(treatments), list(Measurement.objects.filter(lead=lead).in_order(ZoneInfo(lead.timezone))))


def told_by(lead: Lead, *, before: Submission | None = None) -> AnswerHistory:
    """Return the latest answer to each question that was ever asked: pages in the order in which they were kept. One
    query. What waits in the lead's name is no answer of theirs. `before`: only what came before this page."""
    earlier = Q(entry__lt=before.entry) if before else Q()
    return _told_on(Submission.objects.counting().filter(earlier, lead=lead), zone=ZoneInfo(lead.timezone))


def told_by_each(leads: Iterable[UUID]) -> dict[UUID, AnswerHistory]:
    """Return the same of several leads, those who told nothing left out. One query."""
    pages: dict[UUID, list[Submission]] = defaultdict(list)
    for page in _in_order(Submission.objects.counting().filter(lead__in=leads)):
        pages[page.lead_id].append(page)
    return {lead_id: _told_on(sent) for lead_id, sent in pages.items()}


def _in_order(pages: QuerySet[Submission]) -> QuerySet[Submission]:
    return pages.select_related("session", "unproven").defer("unproven__data", "unproven__note").order_by("entry")


def _told_on(pages: QuerySet[Submission] | list[Submission], *, zone: tzinfo = UTC) -> AnswerHistory:
    """Return what these pages tell, read in their order. `zone`: where whoever told it lives."""
    answers: dict[str, Any] = {}
    given: dict[str, Submission] = {}
    detailed: set[str] = set()
    insurer, since, heard = Insurer(), None, Heard()
    in_order = pages if isinstance(pages, list) else list(_in_order(pages))
    for page in in_order:
        on = page.at.astimezone(zone).date()
        if page.page == TREATMENTS:
            detailed |= {page.answers["treatment"]} if is_detailed(page) else set()
            heard.hear_treatment(page.answers, on=on)
            continue
        counts = {name: value for name, value in page.answers.items() if _takes_place_of(given.get(name), page, value)}
        answers |= counts
        heard.hear(counts, on=on)
        given |= dict.fromkeys(counts, page)
        if not insurers.INSURER_QUESTIONS.isdisjoint(counts):
            former, insurer = insurer, insurers.told(answers)
            since = page.at if former.plan and not insurer.is_same(former) else since
    sent = frozenset(page.page for page in in_order)
    return AnswerHistory(answers, given, since, sent, frozenset(detailed), heard)


def heard_of(told: AnswerHistory, treatments: Iterable[Treatment]) -> Heard:
    """Return the signs and facts that were told of a lead, without those of its `treatments` that never took place, or
    took place too long ago, as the record knows by now. They are looked at only where treatments were told."""
    if not told.heard.treatments:
        return told.heard
    rows = list(treatments)
    told.heard.leave_out({str(one.pk) for one in rows if one.status == TreatmentStatus.DECLINED})
    for one in rows:
        if one.start_date and "start_date" not in one.disputed:  # else not before a person has looked
            told.heard.dated(str(one.pk), last_day(one.start_date, one.start_precision))
    return told.heard


def _takes_place_of(former: Submission | None, page: Submission, value: Any) -> bool:
    """Return whether an answer counts from then on. One that was left empty takes back only what whoever sent the page
    had before them: what they had told themselves, or the whole record where they see it, as it was then."""
    if value not in NO_ANSWERS or former is None:
        return True
    if page.session and page.session.sees_record and _counted(former, at=page.at):
        return True
    if page.session is None:
        return former.form_id == page.form_id
    return former.session_id == page.session_id or former.pk == page.session.origin


def _counted(page: Submission, *, at: datetime) -> bool:
    """Return whether a page was in the record at a moment, not still waiting in somebody's name."""
    return page.unproven is None or (page.unproven.decided_at or at) <= at


def is_detailed(page: Submission) -> bool:
    """Return whether a page about a treatment is the one with its details, not a tick or "I did not have this"."""
    return page.page == TREATMENTS and page.answers["told"].keys().isdisjoint({"kind", "not_tried"})


def pages_of_details(lead: Lead) -> list[Submission]:
    """Return the pages with details of a treatment that count, in the order in which they came. One query."""
    pages = Submission.objects.counting().filter(lead=lead, page=TREATMENTS).order_by("entry")
    return list(filter(is_detailed, pages))


def current_answers(lead: Lead) -> dict[str, Any]:
    """Return the answers that count for a lead, without their history."""
    return told_by(lead).answers


def told_to(session: PatientSession) -> AnswerHistory:
    """Return what a browser on the private page may be shown: all that was told once proven; else, and on a tablet,
    only what it has sent itself. One query."""
    return told_by(session.lead) if session.sees_record else _told_on(own_submissions(session))


def visible_answers(session: PatientSession) -> dict[str, Any]:
    """Return the answers alone."""
    return told_to(session).answers


def unproven_of(session: PatientSession) -> UnprovenRequest | None:
    """Return the request in somebody's name to which all belongs that this browser sends; None when what it sends
    counts: it is proven, or it has made its lead itself, or a person has taken its request over. Nobody decides about
    it until the transaction ends."""
    if session.is_proven or session.origin is None:
        return None
    waits = UnprovenRequest.objects.filter(submissions=session.origin).exclude(state=Unproven.TAKEN_OVER)
    return waits.select_for_update(of=("self",), no_key=True).first()


def own_submissions(session: PatientSession) -> QuerySet[Submission]:
    """Return what was sent from this browser: the request that it began with, and the pages since."""
    return Submission.objects.filter(Q(session=session) | Q(pk=session.origin), lead=session.lead)


def snapshot_of(
    lead: Lead,
    answers: dict[str, Any],
    *,
    now: datetime,
    given_at: GivenAt | None = None,
    signs: dict[str, str] | None = None,
    kept: Kept | None = None,
) -> Snapshot:
    """Return what the record says today, where the lead lives; `answers` as current_answers gives them, `signs` as
    heard_of does. Two queries, none with what is `kept`."""
    kept = kept or kept_of(lead)
    rmdq = [int(score.value) for score in kept.scores if score.kind == MeasurementKind.RMDQ]
    return make_snapshot(
        answers,
        lead=lead,
        treatments=kept.treatments,
        rmdq=rmdq[-1] if rmdq else None,
        now=now,
        given_at=given_at,
        signs=signs,
    )


def make_snapshot(
    answers: dict[str, Any],
    *,
    lead: Lead,
    now: datetime,
    treatments: Iterable[Treatment] = (),
    rmdq: int | None = None,
    given_at: GivenAt | None = None,
    signs: dict[str, str] | None = None,
) -> Snapshot:
    """Return the same from what is at hand, without a query. Uses of the lead its location, state and time zone.
    Without `signs`, those that the answers tell as one page."""
    zone = ZoneInfo(lead.timezone)
    today = now.astimezone(zone).date()
    told_on = min(today, (given_at or {}).get("onset", now).astimezone(zone).date())
    return Snapshot.model_validate(
        {
            "today": today,
            "answers": _answers(answers, today, told_on)
            | {"red_flags": derived_signs.of_page(answers, on=now.date()) if signs is None else signs}
            | {"area_served": _is_served(lead), "rmdq": rmdq},
            "treatments": [_entry(one, today) for one in treatments if one.is_listed],
        }
    )


def _answers(given: dict[str, Any], today: date, told_on: date) -> dict[str, Any]:
    birthday = born(given)
    average = _rating(given.get("pain_now_avg"))
    others = [_rating(given.get(name)) for name in ("pain_enjoyment", "pain_activity")]
    words = {name: [word for word in given.get(name) or [] if word in known] for name, known in SNAPSHOT_WORDS.items()}
    return words | {
        "age": age_on(today, birthday) if birthday else None,
        "regions": _listed(given.get("pain_region"), Region),
        "radiation": _listed(given.get("radiation"), Radiation),
        "limb_symptoms": _limb_symptoms(given),
        "onset": _onset(given, today, told_on),
        "nrs_average": average,
        "interference": [average, *others] if any(rating is not None for rating in others) else None,
        "tried": _listed(given.get("tried_treatments"), Tick),
    }


def _listed(words: Iterable[str] | None, known: Any) -> list[str]:
    """Return those of a list of choices, a Literal; a word that has left it is shown as it was stored and counts
    nowhere."""
    return [word for word in words or () if word in get_args(known)]


def _limb_symptoms(given: dict[str, Any]) -> bool | None:
    """Tell whether a limb is numb or weak, whichever question says so; None when none does."""
    parts = {given.get("limb_weakness"), given.get("limb_numbness")}
    return True if parts & NUMB_OR_WEAK else YES_NO.get(given.get("limb_symptoms", ""))


def _onset(given: dict[str, Any], today: date, told_on: date) -> dict[str, Any] | None:
    """Return the onset as the rules read it. A rough answer counts from the day it was given: pain has aged since."""
    if given.get("onset_date"):
        return {"date": min(date.fromisoformat(given["onset_date"]), today)}
    if not given.get("onset"):
        return None
    days = BUCKET_DAYS.get(given["onset"])  # None: words that have left the list
    return None if days is None else {"date": told_on - timedelta(days=days)}


def _rating(value: Any) -> float | None:
    return float(value) if str(value).isdecimal() else None


def age_on(day: date, born: date) -> int:
    """Return the age in whole years; born on February 29 one is older on March 1."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def born(given: dict[str, Any]) -> date | None:
    """Return the date of birth among the answers."""
    return date.fromisoformat(given["date_of_birth"]) if given.get("date_of_birth") else None


def _is_served(lead: Lead) -> bool | None:
    """Tell whether the center serves the lead's state; None when nobody told a state, or it serves everywhere."""
    served = lead.location.served_states
    return lead.state in served if served and lead.state else None


def _entry(treatment: Treatment, today: date) -> dict[str, Any]:
    """Return a row as the rules read it. A start that is tomorrow in the lead's zone and today in ours is today's.

    Rough dates go in by what is possible, so that March 15 to "March" is no contradiction. Whatever has no state told
    goes in without dates: it counts for nothing until somebody says whether it goes on or is over.
    """
    start, end = treatment.start_date, treatment.end_date
    dated: dict[str, Any] = {
        "start": first_day(start, treatment.start_precision) if start else None,
        "start_precision": treatment.start_precision,
        "end": last_day(end, treatment.end_precision) if end else None,
        "end_precision": treatment.end_precision,
    }
    if dated["start"] and treatment.status != TreatmentStatus.PLANNED:
        dated["start"] = min(dated["start"], today)
    return (dated if treatment.status else {}) | {
        "kind": treatment.kind,
        "status": treatment.status or TreatmentStatus.COMPLETED.value,
        "ongoing": treatment.ongoing,
        "sessions": treatment.sessions,
        "relief_percent": treatment.relief_percent,
        "relief_duration_days": treatment.relief_duration_days,
        "relief_still_present": treatment.relief_still_present,
    }
