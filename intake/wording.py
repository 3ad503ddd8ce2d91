"""What the patient reads of an assessment: one next step in plain words, never a verdict, never a promise.

Patient-facing software that recommends a treatment would be a medical device (FD&C Act 520(o)(1)(E)); this only says
what happens next, and that a physician decides.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from crm.enums import TreatmentGroup
from crm.vocabulary import TreatmentKind

Evidence = dict[str, Any]

BANNER = "Fixed rules made this from your answers. It is not a diagnosis and not medical advice. A person decides."
GROUPS = {
    TreatmentGroup.ACTIVE: "exercise and physical therapy",
    TreatmentGroup.MEDICATION: "medicine",
    TreatmentGroup.INJECTION: "injections",
    TreatmentGroup.MANUAL: "hands-on treatment",
}
ASKED = {
    "region": "where it hurts",
    "radiation": "whether it spreads",
    "onset": "how long you have had it",
    "average pain": "how strong it is",
    "treatments tried": "what you have tried",
}


def next_step(reasons: list[dict[str, Any]], recheck_on: date | None) -> list[str]:
    """Sentences for the patient from the reasons of an assessment as stored, and the day of the re-check."""
    said = [_SENTENCES[reason["code"]](reason["evidence"]) for reason in reasons if reason["code"] in _SENTENCES]
    again = [f"We would like to ask you again on {recheck_on:%B %-d, %Y}."] if recheck_on else []
    return [*dict.fromkeys(said), *again]


def _groups(evidence: Evidence) -> str:
    return _listed([GROUPS[TreatmentGroup(group)] for group in evidence["groups"]])


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _kind(evidence: Evidence) -> str:
    return str(TreatmentKind(evidence["kind"]).label)


def _kinds(evidence: Evidence) -> str:
    return _listed([str(TreatmentKind(kind).label) for kind in evidence["kinds"]])


def _so_far(evidence: Evidence) -> str:
    told = f"So far you have told us about {_groups(evidence)}." if evidence["groups"] else ""
    return (
        "Before a consultation most doctors and insurers ask for about six weeks of treatment, usually with physical "
        f"therapy. {told} Ask your own doctor what fits you, and tell us when you have had more."
    ).replace("  ", " ")


_ELSEWHERE = "We may not be the right place for this. A coordinator tells you who can help."

_SENTENCES: dict[str, Callable[[Evidence], str]] = {
    "emergency_sign": lambda _: (
        "Your answers include a warning sign that needs emergency care. Call 911 or go to the nearest emergency "
        "department now. Do not wait for our call."
    ),
    "review_sign": lambda _: (
        "A doctor should look at one of your answers soon. Please contact your own doctor or an urgent-care clinic "
        "today or tomorrow. Our clinical team looks at your request too."
    ),
    "under_age": lambda _: _ELSEWHERE,
    "area_not_served": lambda _: _ELSEWHERE,
    "no_spine_region": lambda _: _ELSEWHERE,
    "answers_missing": lambda found: (
        f"To point you in the right direction we still need to know {_listed([ASKED[one] for one in found['fields']])}."
    ),
    "early": lambda _: (
        "Many people get better in the first weeks, with care from their own doctor or therapist and without surgery."
    ),
    "low_impact": lambda _: (
        "Your answers suggest that your pain is mild at the moment. Go on with what helps, and tell us if it changes."
    ),
    "dates_missing": lambda found: (
        f"Please tell us roughly when you had {_groups(found)}, and how much it helped: below, under treatments."
    ),
    "relief_missing": lambda found: f"Please tell us how much this helped: {_kinds(found)}.",
    "lasting_relief": lambda found: (
        f"It sounds as if this is helping: {_kind(found)}. Go on with the person who treats you, and tell us if it "
        "stops helping."
    ),
    "care_incomplete": _so_far,
    "axial_early": lambda _: (
        "Back pain that does not come from a nerve often takes about three months to settle. Until then, exercise and "
        "your own doctor's care are what most guidelines advise."
    ),
    "care_without_relief": lambda found: (
        f"You have had this for about {found['weeks']} weeks and have tried {_groups(found)} without lasting relief. "
        "A consultation may be a reasonable next step. Only a physician who examines you and looks at your pictures "
        "can say whether any procedure is right for you."
    ),
}
