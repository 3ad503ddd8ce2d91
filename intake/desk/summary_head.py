"""What stands on top of the summary for the surgeon: hold, warning signs, and what people have decided."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime

from crm.enums.leads import ActivityKind
from crm.leads import reviews
from crm.models import Activity, HoldClearing, Lead, ReviewDecision
from intake.assessment import overrides
from intake.assessment.signs import UNSURE, in_words, is_emergency
from intake.models import Assessment
from intake.questionnaire import SIGNS

ANSWERS = {"yes": "", "unsure": "not sure: ", "declined": "preferred not to say: "}


@dataclass(frozen=True)
class Word:
    """What a person has decided. `entry`: its place among all of them. `waits`: it counts once a second person agrees.
    `against`: what the rules said. `knew`: the warning signs that it covers, in words."""

    what: str
    who: str
    at: datetime
    why: str
    entry: int
    waits: bool = False
    against: str = ""
    knew: str = ""


def of_lead(lead: Lead, latest: Assessment | None) -> dict[str, Any]:
    """Return for the template: the day since which the lead is on hold, whether a review is open, its warning signs in
    words, and each decision. Four queries, six under a hold."""
    held_since = _held_since(lead) if lead.safety_hold else None
    signs = _signs(latest)
    if lead.safety_hold:
        signs |= _held_for(lead, signs, since=held_since)
    decided = [*_reviews(lead), *_clearings(lead), *_against_the_rules(lead)]
    return {
        "on_hold": lead.safety_hold,
        "held_since": held_since,
        "is_looked_at": reviews.is_looked_at(lead),
        "signs": [f"{ANSWERS[said]}{SIGNS[code]} ({code})" for code, said in sorted(signs.items())],
        "decided": sorted(decided, key=lambda one: one.entry, reverse=True),
    }


def _signs(made: Assessment | None) -> dict[str, str]:
    said = made.snapshot.get("answers", {}).get("red_flags", {}) if made else {}
    return {code: answer for code, answer in said.items() if answer in ANSWERS}


def _held_for(lead: Lead, signs: dict[str, str], *, since: datetime | None) -> dict[str, str]:
    """Return every emergency sign that was reported since the hold began, whatever later answers, or those of the
    latest `signs`, say of it."""
    made = Assessment.objects.filter(lead=lead)
    made = made.filter(at__gte=since) if since else made
    reported = {sign for named in made.values_list("signs", flat=True).distinct() for sign in named}
    found = {}
    for sign in filter(is_emergency, reported):
        code = sign.removeprefix(UNSURE)
        said = "yes" if code in reported else "unsure"
        found[code] = min(said, signs.get(code, said), key=list(ANSWERS).index)
    return found


def _held_since(lead: Lead) -> datetime | None:
    """Return when the hold began. What a person did about it, such as taking the alert on, has their name."""
    begun = Activity.objects.filter(lead=lead, kind=ActivityKind.SAFETY_HOLD, by=None).order_by("-at", "-pk")
    return begun.values_list("at", flat=True).first()


def _reviews(lead: Lead) -> list[Word]:
    return [
        Word(
            f"Clinical review: {one.get_decision_display()}",
            _both(one.by, one.second_by),
            one.at,
            one.reason,
            one.entry,
            waits=not one.is_in_force,
        )
        for one in ReviewDecision.objects.filter(lead=lead, void_at=None).select_related("by", "second_by")
    ]


def _clearings(lead: Lead) -> list[Word]:
    found = HoldClearing.objects.filter(lead=lead).select_related("by")
    what = "Safety hold lifted"
    return [Word(what, str(one.by), one.at, one.note, one.entry, knew=_named(one.signs)) for one in found]


def _against_the_rules(lead: Lead) -> list[Word]:
    """Return the decision against the rules that counts, and the one that waits for a second person."""
    standing = overrides.of(lead)
    return [
        Word(
            f"Against the rules: {one.get_outcome_display()}",
            _both(one.by, one.approved_by),
            one.at,
            one.reason,
            one.entry,
            waits=not one.is_in_force,
            against=_against(one.assessment),
        )
        for one in (standing.counting, standing.waiting)
        if one
    ]


def _against(made: Assessment) -> str:
    """Return what it was made against: rule, signs, and the day of what was known."""
    knowing = f", knowing {_named(made.signs)}" if made.signs else ""
    day = date_format(localtime(made.at), "M j, Y")
    return f"rule {made.rule} ({made.get_outcome_display()}){knowing}, on what was known {day}"


def _named(signs: list[str]) -> str:
    return "; ".join(map(in_words, signs))


def _both(first: object, second: object | None) -> str:
    return f"{first} and {second}" if second else str(first)
