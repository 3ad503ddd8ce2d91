"""What happens when a page of the second step is sent: kept at once, whole, and judged again."""

import json
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import wraps
from typing import Any, Concatenate
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from crm.actions import events, leads, tasks, treatments
from crm.enums import ActivityKind, Event, TaskKind
from crm.models import Activity, Lead, Measurement, PatientSession, Task, Treatment
from crm.treatment_enums import MeasurementKind, Source, TreatmentGroup, TreatmentStatus
from crm.vocabulary import GROUP_OF
from intake import assessments, insurance, known, record, request
from intake.models import Submission, UnprovenRequest
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
_COLUMNS = {field.name: field for field in Treatment._meta.concrete_fields}


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
    given_at: datetime | None = None  # when it counts later than it was sent

    @property
    def source(self) -> Source:
        return Source.COORDINATOR if self.session.by and not self.session.handed_over else Source.PATIENT


def one_by_one[**Given, Result](
    act: Callable[Concatenate[Sent, Given], Result],
) -> Callable[Concatenate[Sent, Given], Result]:
    """Lock the lead first, so that of two presses at once the second sees what the first has made."""

    @wraps(act)
    def locked(sent: Sent, /, *args: Given.args, **kwargs: Given.kwargs) -> Result:
        Lead.objects.select_for_update(no_key=True).get(pk=sent.session.lead_id)
        return act(sent, *args, **kwargs)

    return locked


@transaction.atomic
@one_by_one
def keep_page(sent: Sent) -> bool:
    """Keeps a page: a Submission, its ratings, an Activity; then asks the rules. False when it was kept before.

    Pages are kept one by one and the latest of each counts, so two devices at once lose nothing but the older page.
    What belongs to a request in somebody's name waits with it and changes nothing.
    """
    before, waits = record.current_answers(sent.session.lead), record.unproven_of(sent.session)
    if not _keep(sent, waits):
        return False
    _note(sent, sent.title if waits is None else f"{sent.title}, not proven")
    with known.kept_if(waits is None):
        _let_count(sent, before)
    return True


def _let_count(sent: Sent, before: dict[str, Any]) -> None:
    """Lets the record follow a page. `before`: the answers that counted until now."""
    lead = sent.session.lead
    _tell_the_lead(sent)
    _measure(sent)
    insurance.follow(lead, before, sent.answers, key=sent.submission_id, now=sent.now)
    assessments.ask(lead, cause=f"Answered: {sent.title}", now=sent.now)
    if sent.page == RECHECK.key:
        _offer_improved(lead, now=sent.now)
    events.announce(lead, Event.ANSWERED, now=sent.now, key=str(sent.submission_id))


def all_answered(leads: list[uuid.UUID]) -> set[uuid.UUID]:
    """Those of these leads who sent every page of the second step at least once."""
    sent: dict[uuid.UUID, set[str]] = defaultdict(set)
    for lead_id, page in Submission.objects.counting().filter(lead__in=leads).values_list("lead_id", "page"):
        sent[lead_id].add(page)
    return {lead_id for lead_id, pages in sent.items() if pages >= {page.key for page in PAGES}}


@transaction.atomic
@one_by_one
def keep_emergency(sent: Sent) -> None:
    """A warning sign on a later page: kept as it is, and everything that an urgent request sets in motion. What belongs
    to a request in somebody's name puts the hold on that request alone; somebody is called all the same."""
    lead, waits = sent.session.lead, record.unproven_of(sent.session)
    kept = _keep(sent, waits)
    if kept is None:
        return
    _note(sent, sent.title if waits is None else f"{sent.title}, not proven")
    if waits:
        UnprovenRequest.objects.filter(pk=waits.pk).update(has_sign=True)
        known.call_at_once(lead, key=waits.pk, cause=kept.pk, now=sent.now)
    else:
        known.raise_alarm(lead, key=kept.pk, now=sent.now)
        assessments.assess(lead, cause=f"Answered: {sent.title}", now=sent.now, sign_told=True)


@transaction.atomic
@one_by_one
def pick_treatments(sent: Sent, kinds: list[str]) -> list[Treatment]:
    """Adds a treatment without details for each kind that is not there yet; the details are asked one by one."""
    waits = record.unproven_of(sent.session)
    there = {one.kind for one in visible_treatments(sent.session)}
    region = _region(record.visible_answers(sent.session))
    fresh = [kind for kind in dict.fromkeys(kinds) if kind not in there]  # a form may tick one twice
    with known.kept_if(waits is None), events.one_press():
        added = [_add(sent, kind, region) for kind in fresh]
    for treatment in added:
        told = {"kind": treatment.kind}
        columns = told | {"body_region": treatment.body_region}
        _keep_told(sent, treatment, told, columns, submission_id=uuid.uuid4(), waits=waits)
    return added


def _add(sent: Sent, kind: str, region: str) -> Treatment:
    where = region if GROUP_OF[kind] == TreatmentGroup.INJECTION else ""
    return treatments.add(
        sent.session.lead, by=sent.session.by, source=sent.source, now=sent.now, kind=kind, body_region=where
    )


@transaction.atomic
def tell_treatment(sent: Sent, treatment: Treatment, columns: dict[str, Any]) -> None:
    """Keeps what was told of one treatment, in the patient's words beside the row that staff may correct later.

    Raises TreatmentRefused, with nothing kept, when it contradicts itself.
    """
    waits = record.unproven_of(sent.session)
    if not _keep_told(sent, treatment, sent.answers, columns, submission_id=sent.submission_id, waits=waits):
        return
    if waits is None:
        treatments.tell(treatment, by=sent.session.by, now=sent.now, knows_birth=sent.session.sees_record, **columns)
        return
    for column, value in columns.items():
        setattr(treatment, column, value)
    treatments.check(treatment, today=sent.now.astimezone(ZoneInfo(treatment.lead.timezone)).date())


@transaction.atomic
def take_back_treatment(sent: Sent, treatment: Treatment) -> None:
    """It never took place: ticked by mistake. The row stays, marked so."""
    columns: dict[str, Any] = {"status": TreatmentStatus.DECLINED}
    if waits := record.unproven_of(sent.session):
        _keep_told(sent, treatment, {"not_tried": True}, columns, submission_id=sent.submission_id, waits=waits)
    else:
        treatments.tell(treatment, by=sent.session.by, now=sent.now, **columns)


def visible_treatments(session: PatientSession) -> list[Treatment]:
    """The treatments that a browser may be shown: all once it is proven, else and on a tablet those it told."""
    if waits := record.unproven_of(session):
        return [one for one in told_treatments(waits) if one.status != TreatmentStatus.DECLINED]
    happened = Treatment.objects.filter(lead=session.lead).exclude(status=TreatmentStatus.DECLINED)
    if not session.sees_record:
        own = record.own_submissions(session).filter(page=TREATMENTS)
        happened = happened.filter(pk__in=[submission.answers["treatment"] for submission in own])
    return list(happened.order_by("created_at", "pk"))


def told_treatments(waits: UnprovenRequest) -> list[Treatment]:
    """The treatments that were told with a request in somebody's name, as rows that nobody has saved."""
    rows: dict[str, Treatment] = {}
    for submission in Submission.objects.filter(unproven=waits, page=TREATMENTS).order_by("at", "pk"):
        name = submission.answers["treatment"]
        row = rows.setdefault(
            name, Treatment(pk=uuid.UUID(name), lead=waits.lead, source=Source.PATIENT, created_at=submission.at)
        )
        for column, value in submission.answers.get("columns", {}).items():
            setattr(row, column, _COLUMNS[column].to_python(value))
    return list(rows.values())


def save_told(treatment: Treatment, *, now: datetime) -> None:
    """Save a treatment that was told with a request in somebody's name, once that counts."""
    told = {
        name: getattr(treatment, name) for name in _COLUMNS if name not in treatments.LOCAL_ONLY | {"lead", "source"}
    }
    treatments.add(treatment.lead, by=None, source=Source.PATIENT, now=now, **told)


def count_later(page: Submission, *, now: datetime) -> None:
    """Let a page count that was sent with a request in somebody's name, once a person has taken that over."""
    if page.session and page.page != TREATMENTS:
        newer = known.newer_on_record(page.lead, ("language", "date_of_birth"), than=page.at)
        stays = {"preferred_language" if name == "language" else name for name in newer}
        answers = {name: value for name, value in page.answers.items() if name not in stays}
        sent = Sent(page.session, page.page, page.page, answers, page.form_id, now, page.language, given_at=page.at)
        _let_count(sent, record.current_answers(page.lead))


def _keep(sent: Sent, waits: UnprovenRequest | None) -> Submission | None:
    """Adds the Submission; None when this very page was sent before."""
    lead = Lead.objects.select_for_update(no_key=True).get(pk=sent.session.lead_id)
    made = request.submission(
        lead,
        page=sent.page,
        answers=sent.answers,
        form_id=sent.submission_id,
        session=sent.session,
        now=sent.now,
        language=sent.language,
        unproven=waits,
    )
    if Submission.objects.filter(form_id=made.form_id, answers_digest=made.answers_digest).exists():
        return None
    made.save(force_insert=True)
    return made


def _keep_told(
    sent: Sent,
    treatment: Treatment,
    told: dict[str, Any],
    columns: dict[str, Any],
    *,
    submission_id: uuid.UUID,
    waits: UnprovenRequest | None,
) -> bool:
    """Keeps the words; with a request in somebody's name also what they would make of the row, which is not there."""
    answers: dict[str, Any] = {"treatment": str(treatment.pk), "told": told}
    if waits:
        answers["columns"] = json.loads(json.dumps(columns, cls=DjangoJSONEncoder))
    return _keep(replace(sent, page=TREATMENTS, answers=answers, submission_id=submission_id), waits) is not None


def _tell_the_lead(sent: Sent) -> None:
    """What crm needs of the answers: the language for mails, when we have it, and the date of birth."""
    wish, born = sent.answers.get("preferred_language"), sent.answers.get("date_of_birth")
    if wish in dict(settings.LANGUAGES):
        Lead.objects.filter(pk=sent.session.lead_id).update(language=wish)
    if born:
        leads.tell_birthday(sent.session.lead, born=date.fromisoformat(born), by=sent.session.by, now=sent.now)


def _measure(sent: Sent) -> None:
    """Ratings as dated series; the three together as their mean, after PEG (Krebs 2009)."""
    given = {kind: _number(sent.answers.get(name)) for name, kind in RATINGS.items()}
    three = [_number(sent.answers.get(name)) for name in ("pain_now_avg", "pain_enjoyment", "pain_activity")]
    if None not in three:
        given[MeasurementKind.PEG] = (sum(filter(None, three), Decimal(0)) / 3).quantize(Decimal("0.1"))
    Measurement.objects.bulk_create(
        Measurement(lead=sent.session.lead, at=sent.given_at or sent.now, kind=kind, value=value, source=sent.source)
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
    rated = Measurement.objects.filter(lead=lead, kind=MeasurementKind.NRS_AVG)
    ratings = list(rated.in_order(ZoneInfo(lead.timezone)))
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
