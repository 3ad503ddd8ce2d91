"""What a page of the second step changes: ratings, language, date of birth, treatments, and what the rules say."""

import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from crm.enums.leads import ActivityKind, Event, TaskKind
from crm.enums.treatments import MeasurementKind, Source
from crm.errors import TreatmentRefused
from crm.leads import actions as leads
from crm.leads import events, tasks, treatments
from crm.models import Activity, Lead, Measurement, PatientSession, Task, Treatment
from intake.assessment import actions as assessments
from intake.assessment import answer_history, insurance
from intake.assessment.answer_history import TREATMENTS, AnswerHistory
from intake.models import Submission
from intake.questionnaire import RECHECK
from intake.requests import known_people
from intake.rules import derived_signs

RATINGS = {
    "pain_now_avg": MeasurementKind.NRS_AVG,
    "nrs_back_avg": MeasurementKind.NRS_BACK_AVG,
    "nrs_leg_avg": MeasurementKind.NRS_LEG_AVG,
}
LOOK = "Look at the latest ratings"
BETTER_BY = Decimal("0.30")  # an important change for ratings of pain (Ostelo and others 2008)
INTERFERENCE = ("pain_now_avg", "pain_enjoyment", "pain_activity")
SAME_WEEK = timedelta(days=7)  # of which all three ask
_COLUMNS = {field.name: field for field in Treatment._meta.concrete_fields}


@dataclass(frozen=True)
class Sent:
    """A checked page as it came from a browser. `answers` are those that were changed on it, as cleaned data; `shown`
    is what it showed when it was opened, None when it carried nothing along. `pressed`: all that was changed, where of
    `answers` only the news are left; it tells a repeat. `left_out`: what was asked and got no answer. `whole`: all
    that the page said, changed or not."""

    session: PatientSession
    page: str
    title: str
    answers: dict[str, Any]
    submission_id: uuid.UUID
    now: datetime
    language: str = "en"
    shown: Mapping[str, Any] | None = None
    pressed: Mapping[str, Any] | None = None
    left_out: Mapping[str, Any] = field(default_factory=dict)
    whole: Mapping[str, Any] = field(default_factory=dict)

    @property
    def lead(self) -> Lead:
        return self.session.lead

    @property
    def telling(self) -> dict[str, Any]:
        """Return what the page was filled in with where it tells a warning sign together with what was changed. Who is
        not proven may have no record beside which the change alone would tell it."""
        together = derived_signs.telling({**self.whole, **self.answers}, asked=self.answers)
        return {name: self.whole[name] for name in sorted(together - self.answers.keys())}

    @property
    def source(self) -> Source:
        return Source.COORDINATOR if self.session.by and not self.session.handed_over else Source.PATIENT


def apply_page(sent: Sent, before: AnswerHistory, *, now: datetime, sign_told: bool = False) -> None:
    """Let the record follow a page. `before`: what counted without it. `sign_told`: it bears an emergency sign, and
    whatever is better is nothing to talk about now."""
    _tell_the_lead(sent)
    _measure(sent, before)
    insurance.follow(sent.lead, before.answers, sent.answers, key=sent.submission_id, now=now)
    assessments.ask(sent.lead, cause=f"Answered: {sent.title}", now=now, sign_told=sign_told)
    if sent.page == RECHECK.key and not sign_told:
        _offer_improved(sent.lead, now=now)
    events.announce(sent.lead, Event.ANSWERED, now=now, key=str(sent.submission_id))


def apply_kept(page: Submission, *, title: str, is_urgent: bool, now: datetime) -> None:
    """Let the record follow a page that was kept before; what is newer on record stays. A warning sign was acted on
    when it came."""
    if page.page == TREATMENTS:
        with events.one_press():
            _apply_treatment(page, now=now)
            assessments.ask(page.lead, cause="Treatments told", now=now)
    if is_urgent:
        events.announce(page.lead, Event.OUTCOME_CHANGED, now=now)
    if page.session and page.page != TREATMENTS:
        newer = known_people.newer_on_record(page.lead, ("language", "date_of_birth"), than=page.at)
        stays = {"preferred_language" if name == "language" else name for name in newer}
        answers = {name: value for name, value in page.answers.items() if name not in stays}
        sent = Sent(page.session, page.page, title, answers, page.form_id, page.at, page.language)
        apply_page(sent, answer_history.told_by(page.lead, before=page), now=now, sign_told=is_urgent)
    elif is_urgent or page.page != TREATMENTS:
        assessments.ask(page.lead, cause=f"Answered: {title}", now=now, sign_told=is_urgent)


def columns_of(page: Submission) -> dict[str, Any]:
    """Return what was told of a treatment as values of its columns."""
    told = page.answers.get("columns", {})
    return {name: _COLUMNS[name].to_python(value) for name, value in told.items()}


def _apply_treatment(page: Submission, *, now: datetime) -> None:
    """Bring the row up to what a page told of a treatment. The words stay in any case; what contradicts a correction
    that staff have made since changes no row."""
    row = Treatment.objects.filter(pk=page.answers["treatment"], lead=page.lead).first()
    with suppress(TreatmentRefused):
        if row:
            treatments.tell(row, by=None, now=now, **columns_of(page))
        else:
            key = uuid.UUID(page.answers["treatment"])
            treatments.add(page.lead, by=None, source=Source.PATIENT, now=now, pk=key, **columns_of(page))


def _tell_the_lead(sent: Sent) -> None:
    """Tell the lead what crm needs of the answers: the language for mails, when we have it, and the date of birth."""
    wish, born = sent.answers.get("preferred_language"), sent.answers.get("date_of_birth")
    if wish in dict(settings.LANGUAGES):
        Lead.objects.filter(pk=sent.lead.pk).update(language=wish)
    if born:
        leads.tell_birthday(sent.lead, born=date.fromisoformat(born), by=sent.session.by, now=sent.now)


def _measure(sent: Sent, before: AnswerHistory) -> None:
    """Store ratings as dated series, those alone that were given now; three of one week as their mean, after PEG (Krebs
    2009)."""
    given = {kind: _number(sent.answers.get(name)) for name, kind in RATINGS.items()}
    week = {name for name, at in before.at.items() if sent.now - at < SAME_WEEK}
    three = [_number(sent.answers.get(name, before.answers.get(name) if name in week else "")) for name in INTERFERENCE]
    if None not in three and not sent.answers.keys().isdisjoint(INTERFERENCE):
        given[MeasurementKind.PEG] = (sum(filter(None, three), Decimal(0)) / 3).quantize(Decimal("0.1"))
    Measurement.objects.bulk_create(
        Measurement(lead=sent.lead, at=sent.now, kind=kind, value=value, source=sent.source)
        for kind, value in given.items()
        if value is not None
    )


def _number(value: Any) -> Decimal | None:
    return Decimal(value) if str(value).isdecimal() else None


def _offer_improved(lead: Lead, *, now: datetime) -> None:
    """Offer "Improved" when pain is 30 % better than at first: a person decides whether the request is settled."""
    rated = Measurement.objects.filter(lead=lead, kind=MeasurementKind.NRS_AVG)
    ratings = list(rated.in_order(ZoneInfo(lead.timezone)))
    if len(ratings) < 2:
        return
    first, last = ratings[0].value, ratings[-1].value
    if not first or (first - last) / first < BETTER_BY:
        return
    key = f"improved:{ratings[-1].pk}"
    if Task.objects.filter(key=key).exists():
        return
    # Titles are read by roles that may not read answers; the timeline is not.
    tasks.open_once(Task(lead=lead, kind=TaskKind.OTHER, title=LOOK, due_at=now, key=key))
    words = f"Pain went from {first.normalize():f} to {last.normalize():f}: offer “Improved”"
    Activity.objects.create(lead=lead, kind=ActivityKind.OUTCOME, at=now, summary=words)
