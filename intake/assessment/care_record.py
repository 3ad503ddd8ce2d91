"""From the record of one lead to what the criteria of insurers look at."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError

from crm.enums.documents import ImagingModality
from crm.enums.treatments import DatePrecision, Documentation, MeasurementKind, Setting, TreatmentStatus
from crm.fields.partial_dates import SaidDate, SaidDateField
from crm.models import ImagingStudy, Lead, Treatment
from crm.values.partial_dates import first_day, last_day
from intake.assessment.answer_history import AnswerHistory, Kept, heard_of, kept_of, make_snapshot
from intake.rules.candidacy import GROUP_OF_TICK, ClinicalCase
from intake.rules.care_history import Care, CareRecord, Rating, Study
from intake.rules.snapshot import A_SIGNS, BUCKET_DAYS, TreatmentEntry

RECORDS_HERE = {Documentation.RECEIVED, Documentation.VERIFIED, Documentation.WAIVED}
ADVANCED = {ImagingModality.MRI, ImagingModality.MRI_CONTRAST, ImagingModality.CT, ImagingModality.CT_MYELOGRAM}
# The reason lies in the state itself.
SAYS_WHY = {
    TreatmentStatus.STOPPED_NO_BENEFIT,
    TreatmentStatus.STOPPED_SIDE_EFFECTS,
    TreatmentStatus.STOPPED_MADE_WORSE,
    TreatmentStatus.STOPPED_COST_ACCESS,
    TreatmentStatus.COMPLETED,
    TreatmentStatus.CONTRAINDICATED,
}
SCALE_OF: dict[str, str] = {MeasurementKind.NRS_AVG: "nrs"}


def care_record(lead: Lead, told: AnswerHistory, *, now: datetime, kept: Kept | None = None) -> CareRecord:
    """Return what the record says today, where the lead lives. Three queries; one with what is `kept`."""
    zone, kept = ZoneInfo(lead.timezone), kept or kept_of(lead)
    treatments = sorted((row for row in kept.treatments if row.is_listed), key=lambda row: row.start_date or date.max)
    ratings = [score for score in kept.scores if score.at <= now]
    studies = ImagingStudy.objects.filter(lead=lead).order_by("made_on", "pk")
    signs = heard_of(told, kept.treatments).signs
    snapshot = make_snapshot(told.answers, lead=lead, treatments=treatments, now=now, given_at=told.at, signs=signs)
    happened = [(row, entry) for row, entry in zip(treatments, snapshot.treatments, strict=True) if entry.happened]
    case, answers = ClinicalCase(snapshot), told.answers
    return CareRecord(
        today=snapshot.today,
        treatments=tuple(_care(row, entry) for row, entry in happened),
        ticked=frozenset(
            GROUP_OF_TICK[tick]
            for tick in snapshot.answers.tried
            if tick in GROUP_OF_TICK and GROUP_OF_TICK[tick] not in {entry.group for _row, entry in happened}
        ),
        **_onset(told, zone),
        pattern=case.pattern,
        ratings=tuple(
            Rating(SCALE_OF.get(one.kind, one.kind), one.at.astimezone(zone).date(), float(one.value))
            for one in ratings
        ),
        studies=tuple(_study(study) for study in studies if study.made_on),
        has_imaging=False if answers.get("imaging") == "none" else None,
        nicotine=answers["nicotine"] if answers.get("nicotine") in {"never", "former", "current"} else "",
        nicotine_until=_quit(answers.get("nicotine_quit")),
        diabetes="diabetes" in answers["conditions"] if answers.get("conditions") else None,
        hba1c=float(answers["hba1c"]) if answers.get("hba1c") not in (None, "") else None,
        warning_signs=tuple(snapshot.answers.signs(A_SIGNS, "yes", "unsure")),
    )


def _care(row: Treatment, entry: TreatmentEntry) -> Care:
    return Care(
        key=str(row.pk),
        name=str(row),
        entry=entry,
        directed=row.directed_by_clinician,
        in_person=row.setting == Setting.IN_PERSON if row.setting else None,
        documented=row.documentation in RECORDS_HERE,
        reason_for_end=row.status in SAYS_WHY or bool(row.stop_reason),
    )


def _study(study: ImagingStudy) -> Study:
    made, precision = study.made_on or date.min, study.made_precision
    return Study(
        name=str(study),
        is_advanced=study.modality in ADVANCED,
        first=first_day(made, precision),
        last=last_day(made, precision),
        has_report=study.report_at is not None,
    )


def _onset(told: AnswerHistory, zone: ZoneInfo) -> dict[str, Any]:
    """Return the latest possible onset. A rough answer counts from the day it was given: the pain has aged since."""
    if told.answers.get("onset_date"):
        return {"onset_latest": date.fromisoformat(told.answers["onset_date"]), "onset_is_exact": True}
    if told.answers.get("onset") not in BUCKET_DAYS:
        return {}
    answered = told.at["onset"].astimezone(zone).date()
    return {"onset_latest": answered - timedelta(days=BUCKET_DAYS[told.answers["onset"]])}


def _quit(text: Any) -> date | None:
    """Return the last day on which nicotine may have been used: rough words are taken at their latest. None for what
    nobody could tell today, such as a year before 1900."""
    try:
        said: SaidDate | None = SaidDateField(required=False).clean(text or "")
    except ValidationError:
        return None
    return last_day(said.date, DatePrecision(said.precision)) if said else None
