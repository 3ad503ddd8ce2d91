"""What happens when a page of the second step is sent: kept at once, whole, and judged again."""

import uuid
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction

from crm.actions import events, leads, tasks, treatments
from crm.enums import ActivityKind, Event, TaskKind
from crm.models import Activity, Lead, Measurement, PatientSession, Task, Treatment
from crm.treatment_enums import MeasurementKind, Source, TreatmentGroup, TreatmentStatus
from crm.vocabulary import GROUP_OF
from intake import actions, assessments, insurance, record
from intake.models import Submission
from intake.questionnaire import PAGES, RECHECK

RATINGS = {
    "pain_now_avg": MeasurementKind.NRS_AVG,
    "nrs_back_avg": MeasurementKind.NRS_BACK_AVG,
    "nrs_leg_avg": MeasurementKind.NRS_LEG_AVG,
}
LOOK = "Look at the latest ratings"
BETTER_BY = Decimal("0.30")  # an important change for ratings of pain (Ostelo and others 2008)
REGION_OF = {"neck": "cervical", "mid_back": "thoracic", "low_back": "lumbar", "buttock_hip": "sacral"}
TREATMENTS = "treatments"


@dataclass(frozen=True)
class Sent:
    """A checked page as it came from a browser. `answers` are the form's cleaned data."""

    session: PatientSession
    page: str
    title: str
    answers: dict[str, Any]
    submission_id: uuid.UUID
    now: datetime
    language: str = "en"

    @property
    def source(self) -> Source:
        return Source.COORDINATOR if self.session.by and not self.session.handed_over else Source.PATIENT


@transaction.atomic
def keep_page(sent: Sent) -> bool:
    """Keeps a page: a Submission, its ratings, an Activity; then asks the rules. False when it was kept before.

    Pages are kept one by one and the latest of each counts, so two devices at once lose nothing but the older page.
    """
    lead = sent.session.lead
    before = record.current_answers(lead)
    if not _keep(sent):
        return False
    _tell_the_lead(sent)
    _measure(sent)
    _note(sent, sent.title)
    if insurance.differs(before, sent.answers):
        insurance.open_task(lead, key=sent.submission_id, now=sent.now)
    assessments.assess(lead, cause=f"Answered: {sent.title}", now=sent.now)
    if sent.page == RECHECK.key:
        _offer_improved(lead, now=sent.now)
    events.announce(lead, Event.ANSWERED, now=sent.now, key=str(sent.submission_id))
    return True


def all_answered(leads: list[uuid.UUID]) -> set[uuid.UUID]:
    """Those of these leads who sent every page of the second step at least once."""
    sent: dict[uuid.UUID, set[str]] = defaultdict(set)
    for lead_id, page in Submission.objects.filter(lead__in=leads).values_list("lead_id", "page"):
        sent[lead_id].add(page)
    return {lead_id for lead_id, pages in sent.items() if pages >= {page.key for page in PAGES}}


@transaction.atomic
def keep_emergency(sent: Sent) -> None:
    """A warning sign on a later page: kept as it is, and everything that an urgent request sets in motion."""
    if _keep(sent):
        _note(sent, sent.title)
        actions.raise_alarm(sent.session.lead, submission_id=sent.submission_id, now=sent.now)
        assessments.assess(sent.session.lead, cause=f"Answered: {sent.title}", now=sent.now)


@transaction.atomic
def pick_treatments(sent: Sent, kinds: list[str]) -> list[Treatment]:
    """Adds a treatment without details for each kind that is not there yet; the details are asked one by one."""
    lead = sent.session.lead
    there = set(visible_treatments(sent.session).values_list("kind", flat=True))
    region = _region(record.visible_answers(sent.session))
    added = []
    for kind in kinds:
        if kind in there:
            continue
        where = region if GROUP_OF[kind] == TreatmentGroup.INJECTION else ""
        treatment = treatments.add(
            lead, by=sent.session.by, source=sent.source, now=sent.now, kind=kind, body_region=where
        )
        _keep_told(sent, treatment, {"kind": kind}, submission_id=uuid.uuid4())
        added.append(treatment)
    return added


@transaction.atomic
def tell_treatment(sent: Sent, treatment: Treatment, columns: dict[str, Any]) -> None:
    """Keeps what was told of one treatment, in the patient's words beside the row that staff may correct later.

    Raises TreatmentRefused, with nothing kept, when it contradicts itself.
    """
    if _keep_told(sent, treatment, sent.answers, submission_id=sent.submission_id):
        treatments.correct(treatment, by=sent.session.by, now=sent.now, **columns)


@transaction.atomic
def take_back_treatment(sent: Sent, treatment: Treatment) -> None:
    """It never took place: ticked by mistake. The row stays, marked so."""
    treatments.correct(treatment, by=sent.session.by, now=sent.now, status=TreatmentStatus.DECLINED)


def visible_treatments(session: PatientSession) -> Any:
    """The treatments that a browser may be shown: all once it is proven, else and on a tablet those it told."""
    happened = Treatment.objects.filter(lead=session.lead).exclude(status=TreatmentStatus.DECLINED)
    if not session.sees_record:
        own = record.own_submissions(session).filter(page=TREATMENTS)
        happened = happened.filter(pk__in=[submission.answers["treatment"] for submission in own])
    return happened.order_by("created_at", "pk")


def _keep(sent: Sent) -> bool:
    """Adds the Submission; False when this very page was sent before."""
    lead = Lead.objects.select_for_update(no_key=True).get(pk=sent.session.lead_id)
    if Submission.objects.filter(pk=sent.submission_id).exists():
        return False
    actions.submission(
        lead,
        page=sent.page,
        answers=sent.answers,
        submission_id=sent.submission_id,
        session=sent.session,
        now=sent.now,
        language=sent.language,
    ).save(force_insert=True)
    return True


def _keep_told(sent: Sent, treatment: Treatment, told: dict[str, Any], *, submission_id: uuid.UUID) -> bool:
    answers = {"treatment": str(treatment.pk), "told": told}
    return _keep(replace(sent, page=TREATMENTS, answers=answers, submission_id=submission_id))


def _tell_the_lead(sent: Sent) -> None:
    """What crm needs of the answers: the language for mails, when we have it, and the date of birth."""
    wish, born = sent.answers.get("preferred_language"), sent.answers.get("date_of_birth")
    if wish in dict(settings.LANGUAGES):
        Lead.objects.filter(pk=sent.session.lead_id).update(language=wish)
    if born and _may_say_who_it_is(sent.session):
        leads.tell_birthday(sent.session.lead, born=date.fromisoformat(born), by=sent.session.by, now=sent.now)


def _may_say_who_it_is(session: PatientSession) -> bool:
    """Proven, or the browser whose request made this lead. Whoever merely typed the name and address of somebody known
    must not set what later proves who they are."""
    first = Submission.objects.filter(lead=session.lead_id).order_by("at", "pk").values_list("pk", flat=True).first()
    return session.is_proven or (session.origin is not None and session.origin == first)


def _measure(sent: Sent) -> None:
    """Ratings as dated series; the three together as their mean, after PEG (Krebs 2009)."""
    given = {kind: _number(sent.answers.get(name)) for name, kind in RATINGS.items()}
    three = [_number(sent.answers.get(name)) for name in ("pain_now_avg", "pain_enjoyment", "pain_activity")]
    if None not in three:
        given[MeasurementKind.PEG] = (sum(filter(None, three), Decimal(0)) / 3).quantize(Decimal("0.1"))
    Measurement.objects.bulk_create(
        Measurement(lead=sent.session.lead, at=sent.now, kind=kind, value=value, source=sent.source)
        for kind, value in given.items()
        if value is not None
    )


def _number(value: Any) -> Decimal | None:
    return Decimal(value) if str(value).isdecimal() else None


def _note(sent: Sent, title: str) -> None:
    Activity.objects.create(
        lead=sent.session.lead,
        kind=ActivityKind.ANSWERS,
        at=sent.now,
        by=sent.session.by,
        summary=title,
        details={"submission": str(sent.submission_id)},
    )


def _offer_improved(lead: Lead, *, now: datetime) -> None:
    """Better by 30 % since the first rating: a person decides whether the request is settled."""
    ratings = list(Measurement.objects.filter(lead=lead, kind=MeasurementKind.NRS_AVG).order_by("at", "pk"))
    first, last = ratings[0].value, ratings[-1].value
    if len(ratings) < 2 or not first or (first - last) / first < BETTER_BY:
        return
    key = f"improved:{ratings[-1].pk}"
    if Task.objects.filter(key=key).exists():
        return
    # Titles are read by roles that may not read answers; the timeline is not.
    tasks.open_once(Task(lead=lead, kind=TaskKind.OTHER, title=LOOK, due_at=now, key=key))
    words = f"Pain went from {first.normalize():f} to {last.normalize():f}: offer “Improved”"
    Activity.objects.create(lead=lead, kind=ActivityKind.OUTCOME, at=now, summary=words)


def _region(answers: dict[str, Any]) -> str:
    """Where injections probably went: where it hurts. The person can say otherwise on the next page."""
    return next((REGION_OF[place] for place in answers.get("pain_region") or [] if place in REGION_OF), "lumbar")
