"""The transparent candidacy assessment: a snapshot in, a routing suggestion with its reasons out.

Rules R1 to R11 are tried from the top and the first that holds decides; every rule that was looked at is kept. Nothing
here says that somebody is a candidate for surgery: that is a physician's to say. Where the rules and their numbers come
from: docs/candidacy.md. Pure: no Django, no database, no clock; what the patient reads is in intake/rules/wording.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from crm.enums.leads import Outcome
from crm.enums.treatments import TreatmentGroup
from intake.rules.adequate_trials import INJECTION_DAYS, NEVER_ADEQUATE, Period, Trial, distinct_days
from intake.rules.snapshot import A_SIGNS, B_SIGNS, Answers, Snapshot, TreatmentEntry

RULES_VERSION = "2026-11"

ADULT_AGE = 18
MIN_WEEKS, MIN_WEEKS_AXIAL = 6, 13
MIN_DAYS, MIN_GROUPS = 42, 2
HIGH_RATING, HIGH_RMDQ = 4, 7
LASTING_PERCENT, LASTING_DAYS = 50, 84
RECHECK_DAYS = 84

REVIEW_SIGNS = tuple(sign for sign in B_SIGNS if sign != "B7")  # B7 is a flag and decides nothing
GROUP_OF_TICK = {
    "pt": TreatmentGroup.ACTIVE,
    "home_exercise": TreatmentGroup.ACTIVE,
    "medication": TreatmentGroup.MEDICATION,
    "injections": TreatmentGroup.INJECTION,
    "chiropractic": TreatmentGroup.MANUAL,
}


@dataclass(frozen=True)
class Reason:
    """`text` is for staff; `evidence` holds the plain values behind it, from which the patient's words are made."""

    code: str
    text: str
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """`evaluated` lists every rule that was looked at, in order: {"rule", "holds"}; the last one decided."""

    outcome: Outcome
    rule: str
    reasons: tuple[Reason, ...]
    flags: tuple[str, ...]
    recheck_on: date | None
    span_days: int
    groups: tuple[str, ...]
    evaluated: tuple[dict[str, Any], ...]

    def as_json(self) -> dict[str, Any]:
        """Return the shape that `manage.py assess --json` prints."""
        return {
            "outcome": self.outcome.value,
            "rule": self.rule,
            "reasons": [{"code": reason.code, "text": reason.text} for reason in self.reasons],
            "flags": list(self.flags),
            "recheck_on": self.recheck_on.isoformat() if self.recheck_on else None,
            "span_days": self.span_days,
            "groups": list(self.groups),
        }


class ClinicalCase:
    """A snapshot with what the rules derive from it, each derived once."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot, self.answers, self.today = snapshot, snapshot.answers, snapshot.today
        self.trials = [Trial(entry, snapshot.today) for entry in snapshot.happened]

    @cached_property
    def adequate(self) -> list[Trial]:
        return [trial for trial in self.trials if trial.is_adequate]

    @cached_property
    def span(self) -> int:
        return distinct_days([trial.counted for trial in self.adequate if trial.counted])

    @cached_property
    def groups(self) -> set[TreatmentGroup]:
        return {trial.entry.group for trial in self.adequate}

    @cached_property
    def care_is_complete(self) -> bool:
        return _is_complete(self.span, self.groups)

    @cached_property
    def undated(self) -> list[TreatmentGroup]:
        """Groups of what was tried without dates: entries, and ticks for which no entry of the group exists.

        Exercise on one's own is no answer to a tick for physical therapy or a prescribed program.
        """
        told = {trial.entry.group for trial in self.trials if trial.entry.kind not in NEVER_ADEQUATE}
        ticked = [GROUP_OF_TICK[tick] for tick in self.answers.tried if tick in GROUP_OF_TICK]
        entries = [trial.entry.group for trial in self.trials if trial.is_undated]
        return sorted({*entries, *(group for group in ticked if group not in told)})

    @cached_property
    def would_be_complete(self) -> bool:
        """Tell whether care would be complete if all that is undated had lasted long enough and ended today."""
        lengths = [INJECTION_DAYS if group == TreatmentGroup.INJECTION else MIN_DAYS for group in self.undated]
        hoped = [Period(self.today - timedelta(days=length - 1), self.today) for length in lengths]
        span = distinct_days([*hoped, *(trial.counted for trial in self.adequate if trial.counted)])
        return _is_complete(span, self.groups | set(self.undated))

    @cached_property
    def unrated(self) -> list[TreatmentEntry]:
        """Return adequate, dated entries of which nobody said how much they helped."""
        asked = [trial for trial in self.adequate if trial.period and trial.entry.status != "contraindicated"]
        return [trial.entry for trial in asked if trial.entry.relief_percent is None]

    @cached_property
    def onset(self) -> date | None:
        return self.answers.onset.day(self.today) if self.answers.onset else None

    @cached_property
    def weeks(self) -> int:
        return (self.today - self.onset).days // 7 if self.onset else 0

    @cached_property
    def pattern(self) -> str:
        """Return how the pain behaves: "radicular" (nerve), "claudication" (on walking), "axial" (neither)."""
        answers = self.answers
        if {"leg_below_knee", "arm", "hand"} & set(answers.radiation) or answers.limb_symptoms:
            return "radicular"
        if {"standing", "walking"} & set(answers.worse_with) and {"sitting", "leaning_forward"} & set(
            answers.better_with
        ):
            return "claudication"
        return "axial"

    @cached_property
    def has_impact(self) -> bool:
        answers = self.answers
        ratings = [rating for rating in (answers.nrs_average, answers.interference_score) if rating is not None]
        return (
            any(rating >= HIGH_RATING for rating in ratings)
            or (answers.rmdq is not None and answers.rmdq >= HIGH_RMDQ)
            or bool(answers.limited)
        )

    @cached_property
    def helping(self) -> list[TreatmentEntry]:
        """Current treatments, or else the latest ones, that give lasting relief. Worn off when pain is high again."""
        now = [trial for trial in self.trials if trial.entry.is_ongoing]
        ended = [trial for trial in self.trials if trial.ended_on]
        latest = max((trial.ended_on for trial in ended if trial.ended_on), default=None)
        looked_at = now or [trial for trial in ended if trial.ended_on == latest]
        nrs = self.answers.nrs_average
        if nrs is None or nrs > HIGH_RATING:
            return []
        return [trial.entry for trial in looked_at if _is_lasting(trial.entry)]


def _is_complete(span: int, groups: set[TreatmentGroup]) -> bool:
    return span >= MIN_DAYS and len(groups) >= MIN_GROUPS and TreatmentGroup.ACTIVE in groups


def _is_lasting(entry: TreatmentEntry) -> bool:
    if entry.relief_percent is None or entry.relief_percent < LASTING_PERCENT:
        return False
    return entry.relief_still_present or (entry.relief_duration_days or 0) >= LASTING_DAYS


# --- The rules, in their order: each gives its reasons when it holds, and nothing when it does not --------------------

Reasons = list[Reason]


def emergency_signs(answers: Answers) -> list[str]:
    """Return the signs of block A that fire R1."""
    return answers.signs(A_SIGNS, "yes", "unsure")


def review_signs(answers: Answers) -> list[str]:
    """Return the signs of block B that fire R2: a plain yes brings those along that somebody is not sure about."""
    yes, unsure = answers.signs(REVIEW_SIGNS, "yes"), answers.signs(REVIEW_SIGNS, "unsure")
    return [sign for sign in REVIEW_SIGNS if sign in yes + unsure] if yes or len(unsure) > 1 else []


def _emergency(case: ClinicalCase) -> Reasons:
    signs = emergency_signs(case.answers)
    text = f"Emergency warning sign reported: {', '.join(signs)}. "
    text += "Do not book a routine visit before emergency evaluation. Call now."
    return [Reason("emergency_sign", text, {"signs": signs})] if signs else []


def _review(case: ClinicalCase) -> Reasons:
    signs = review_signs(case.answers)
    text = f"Warning sign for clinician review within 1 business day: {', '.join(signs)}."
    return [Reason("review_sign", text, {"signs": signs})] if signs else []


def _out_of_scope(case: ClinicalCase) -> Reasons:
    answers = case.answers
    why = {
        "under_age": answers.age is not None and answers.age < ADULT_AGE,
        "area_not_served": answers.area_served is False,
        "no_spine_region": answers.regions == ("other",),
    }
    words = {"under_age": "under 18", "area_not_served": "area not served", "no_spine_region": "no spine region"}
    return [
        Reason(code, f"Outside service: {words[code]}. Offer referral.", {"why": code})
        for code, holds in why.items()
        if holds
    ]


def _core_missing(case: ClinicalCase) -> Reasons:
    answers = case.answers
    missing = {
        "region": not answers.regions,
        "radiation": not answers.radiation,
        "onset": answers.onset is None,
        "average pain": answers.nrs_average is None,
        "treatments tried": not answers.tried and not case.trials,
    }
    fields = [name for name, absent in missing.items() if absent]
    return [Reason("answers_missing", f"Missing: {', '.join(fields)}.", {"fields": fields})] if fields else []


def _early(case: ClinicalCase) -> Reasons:
    if case.weeks >= MIN_WEEKS:
        return []
    text = f"Pain for {case.weeks} weeks (< {MIN_WEEKS}). Most acute and subacute back pain improves; payers ask for "
    text += f"{MIN_WEEKS} weeks or more. Re-check {_recheck_early(case)}."
    return [Reason("early", text, {"weeks": case.weeks})]


def _low_impact(case: ClinicalCase) -> Reasons:
    if case.has_impact:
        return []
    answers, score = case.answers, case.answers.interference_score
    shown = {"NRS": answers.nrs_average, "interference": score and round(score, 1), "RMDQ": answers.rmdq}
    text = ", ".join(f"{name} {_number(value)}" for name, value in shown.items())
    return [Reason("low_impact", f"Low current impact: {text}.")]


def _details_missing(case: ClinicalCase) -> Reasons:
    if not case.care_is_complete and case.would_be_complete:
        groups = [group.value for group in case.undated]
        names = ", ".join(str(group.label) for group in case.undated)
        return [Reason("dates_missing", f"Treatment details missing for: {names}.", {"groups": groups})]
    if case.care_is_complete and case.unrated:
        kinds = sorted({entry.kind for entry in case.unrated})
        text = f"Nobody said how much it helped: {', '.join(kinds)}."
        return [Reason("relief_missing", text, {"kinds": kinds})]
    return []


def _lasting_relief(case: ClinicalCase) -> Reasons:
    return [
        Reason(
            "lasting_relief",
            f"Lasting relief reported: {entry.kind} {entry.relief_percent} %.",
            {"kind": entry.kind, "percent": entry.relief_percent},
        )
        for entry in case.helping
    ]


def _care_incomplete(case: ClinicalCase) -> Reasons:
    if case.care_is_complete:
        return []
    has_exercise = TreatmentGroup.ACTIVE in case.groups
    text = f"Conservative care not yet complete: {case.span} of {MIN_DAYS} days; {len(case.groups)} of {MIN_GROUPS} "
    text += f"kinds; supervised or prescribed exercise: {'yes' if has_exercise else 'no'}."
    evidence = {"days": case.span, "groups": _sorted_values(case.groups), "exercise": has_exercise}
    return [Reason("care_incomplete", text, evidence)]


def _axial_early(case: ClinicalCase) -> Reasons:
    if case.pattern != "axial" or case.weeks >= MIN_WEEKS_AXIAL:
        return []
    text = f"Axial pain without nerve pattern for {case.weeks} weeks (< 3 months)."
    return [Reason("axial_early", text, {"weeks": case.weeks})]


def _consult(case: ClinicalCase) -> Reasons:
    kinds = ", ".join(sorted({trial.entry.kind for trial in case.adequate}))
    text = f"Pain {case.weeks} weeks, {case.pattern}; {case.span} days of conservative care in 12 months over "
    text += (
        f"{len(case.groups)} kinds without lasting relief ({kinds}); impact NRS {_number(case.answers.nrs_average)}."
    )
    return [Reason("care_without_relief", text, {"weeks": case.weeks, "groups": _sorted_values(case.groups)})]


def _recheck_early(case: ClinicalCase) -> date:
    return (case.onset or case.today) + timedelta(weeks=MIN_WEEKS)


def _recheck_axial(case: ClinicalCase) -> date:
    return (case.onset or case.today) + timedelta(weeks=MIN_WEEKS_AXIAL)


def _recheck_incomplete(case: ClinicalCase) -> date:
    """Return the day on which the missing days are reached if care that is going on continues; else in six weeks."""
    missing = MIN_DAYS - case.span
    if missing > 0 and any(_runs_today(trial) for trial in case.adequate):
        return case.today + timedelta(days=missing)
    return case.today + timedelta(days=MIN_DAYS)


def _runs_today(trial: Trial) -> bool:
    going_on = trial.entry.is_ongoing and trial.entry.group != TreatmentGroup.INJECTION
    return going_on and trial.days > 0


def _recheck_later(case: ClinicalCase) -> date:
    return case.today + timedelta(days=RECHECK_DAYS)


@dataclass(frozen=True)
class CandidacyRule:
    code: str
    outcome: Outcome
    reasons: Callable[[ClinicalCase], Reasons]
    recheck: Callable[[ClinicalCase], date] | None = None


RULES = (
    CandidacyRule("R1", Outcome.URGENT, _emergency),
    CandidacyRule("R2", Outcome.PROMPT_REVIEW, _review),
    CandidacyRule("R3", Outcome.OUT_OF_SCOPE, _out_of_scope),
    CandidacyRule("R4", Outcome.MORE_INFO, _core_missing),
    CandidacyRule("R5", Outcome.CONTINUE_CONSERVATIVE, _early, _recheck_early),
    CandidacyRule("R6", Outcome.CONTINUE_CONSERVATIVE, _low_impact, _recheck_later),
    CandidacyRule("R7", Outcome.MORE_INFO, _details_missing),
    CandidacyRule("R8", Outcome.CONTINUE_CONSERVATIVE, _lasting_relief, _recheck_later),
    CandidacyRule("R9", Outcome.CONTINUE_CONSERVATIVE, _care_incomplete, _recheck_incomplete),
    CandidacyRule("R10", Outcome.CONTINUE_CONSERVATIVE, _axial_early, _recheck_axial),
    CandidacyRule("R11", Outcome.CONSULT_LIKELY, _consult),
)


def assess(snapshot: Snapshot) -> Result:
    """Return the outcome of a snapshot. It depends on nothing else: the same snapshot always gives the same result."""
    case, evaluated = ClinicalCase(snapshot), []
    for rule in RULES:
        reasons = rule.reasons(case)
        evaluated.append({"rule": rule.code, "holds": bool(reasons)})
        if reasons:
            break
    return Result(
        outcome=rule.outcome,
        rule=rule.code,
        reasons=tuple(reasons),
        flags=tuple(_flags(case)),
        recheck_on=rule.recheck(case) if rule.recheck else None,
        span_days=case.span,
        groups=tuple(_sorted_values(case.groups)),
        evaluated=tuple(evaluated),
    )


def _flags(case: ClinicalCase) -> list[str]:
    """Return the flags a snapshot can tell; the rest comes from the record (intake/assessment/flags.py)."""
    answers = case.answers
    flags = {
        "age_at_onset_unusual": bool(answers.signs(("B7",), "yes")),
        "conflicting_answers": answers.tried == ("nothing",) and bool(case.trials),
        "needs_documentation": any(trial.is_excused for trial in case.adequate),
        "safety_answer_declined": bool(answers.signs(("A4",), "declined")),
    }
    return [flag for flag, holds in flags.items() if holds]


def _sorted_values(groups: set[TreatmentGroup]) -> list[str]:
    return sorted(group.value for group in groups)


def _number(value: float | None) -> str:
    return "not given" if value is None else f"{value:g}"
