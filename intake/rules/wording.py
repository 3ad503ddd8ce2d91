"""What the patient reads of an assessment: one next step in plain words, never a verdict, never a promise.

Patient-facing software that recommends a treatment would be a medical device (FD&C Act 520(o)(1)(E)); this only says
what happens next, and that a physician decides.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from crm.enums.leads import Outcome
from crm.enums.treatment_kinds import name_of
from crm.enums.treatments import TreatmentGroup

Evidence = dict[str, Any]

BANNER = noop(
    "Fixed rules made this from your answers. It is not a diagnosis and not medical advice. A person decides."
)
GROUPS = {
    TreatmentGroup.ACTIVE: noop("exercise and physical therapy"),
    TreatmentGroup.MEDICATION: noop("medicine"),
    TreatmentGroup.INJECTION: noop("injections"),
    TreatmentGroup.MANUAL: noop("hands-on treatment"),
}
ASKED = {
    "region": noop("where it hurts"),
    "radiation": noop("whether it spreads"),
    "onset": noop("how long you have had it"),
    "average pain": noop("how strong it is"),
    "treatments tried": noop("what you have tried"),
}
# Safety texts: shown in English too while their translation is not checked (crm/values/reviewed_text.py).
EMERGENCY = noop(
    "Your answers include a warning sign that needs emergency care. Call {911} or go to the nearest emergency "
    "department now. Do not wait for our call."
)
REVIEW = noop(
    "A doctor should look at one of your answers soon. Please contact your own doctor or an urgent-care clinic "
    "today or tomorrow. Our clinical team looks at your request too."
)
# Where people decided that it is none at the moment: what to do if that changes, and no call to go now.
IF_IT_CHANGES = noop(
    "If what you told us comes back or gets worse, or a new warning sign comes, call {911} or go to the nearest "
    "emergency department. Do not wait for us."
)
WARNINGS = {"emergency_sign": EMERGENCY, "review_sign": REVIEW}


@dataclass(frozen=True)
class Sentence:
    """One thing to tell the patient. A warning is still in English."""

    text: str
    is_warning: bool = False


def next_step(
    reasons: list[dict[str, Any]],
    recheck_on: date | None,
    *,
    is_held: bool = False,
    is_raised: bool = False,
    lowered_to: Outcome | None = None,
    is_looked_at: bool = False,
) -> list[Sentence]:
    """Return what to tell the patient, from the reasons of an assessment as stored and the day of the re-check. Under a
    safety hold (`is_held`) that is the warning alone, whatever newer answers make of it; where a person sees more haste
    than the rules (`is_raised`), only what warns: that person calls. Where people decided that a warning sign is less
    urgent than the rules say (`lowered_to`), that they looked, and what to do if it changes. While a clinician is asked
    to look (`is_looked_at`), only what warns, or that somebody looks."""
    if is_held:
        return [Sentence(EMERGENCY, is_warning=True)]
    if lowered_to and any(reason["code"] in WARNINGS for reason in reasons):
        soon = lowered_to == Outcome.PROMPT_REVIEW
        looks = Sentence(REVIEW, is_warning=True) if soon else Sentence(_looking(is_looked_at))
        return [looks, Sentence(IF_IT_CHANGES, is_warning=True)]
    if is_raised:
        reasons, recheck_on, is_looked_at = [one for one in reasons if one["code"] in WARNINGS], None, False
    if is_looked_at and not any(reason["code"] in WARNINGS for reason in reasons):
        return [Sentence(_looking(is_looked_at))]
    told = [_sentence(reason["code"], reason["evidence"]) for reason in reasons]
    said = [sentence for sentence in dict.fromkeys(told) if sentence]
    if recheck_on:
        day = date_format(recheck_on, _("F j, Y"))
        said.append(Sentence(_("We would like to ask you again on %(day)s.") % {"day": day}))
    return said


def _looking(is_looked_at: bool) -> str:
    if is_looked_at:
        return _("One of our clinicians is looking at your request.")
    return _("Our clinical team has looked at the warning sign that you told us about.")


def _sentence(code: str, evidence: Evidence) -> Sentence | None:
    if code in WARNINGS:
        return Sentence(WARNINGS[code], is_warning=True)
    return Sentence(_SENTENCES[code](evidence)) if code in _SENTENCES else None


def _groups(evidence: Evidence) -> str:
    return _listed([_(GROUPS[TreatmentGroup(group)]) for group in evidence["groups"]])


def _listed(words: list[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return _("%(some)s and %(last)s") % {"some": ", ".join(words[:-1]), "last": words[-1]}


def _kinds(kinds: list[str]) -> str:
    return _listed([_(name_of(kind)) for kind in kinds])


def _so_far(evidence: Evidence) -> str:
    told = _("So far you have told us about %(groups)s.") % {"groups": _groups(evidence)} if evidence["groups"] else ""
    sentences = (
        _(
            "Before a consultation most doctors and insurers ask for about six weeks of treatment, usually with "
            "physical therapy."
        ),
        told,
        _("Ask your own doctor what fits you, and tell us when you have had more."),
    )
    return " ".join(sentence for sentence in sentences if sentence)


def _elsewhere(evidence: Evidence) -> str:
    return _("We may not be the right place for this. A coordinator tells you who can help.")


_SENTENCES: dict[str, Callable[[Evidence], str]] = {
    "told_all": lambda _evidence: _("Thank you: you have told us what you remember. A person looks at it and goes on."),
    "under_age": _elsewhere,
    "area_not_served": _elsewhere,
    "no_spine_region": _elsewhere,
    "answers_missing": lambda found: (
        _("To point you in the right direction we still need to know %(what)s.")
        % {"what": _listed([_(ASKED[one]) for one in found["fields"]])}
    ),
    "early": lambda found: _(
        "Many people get better in the first weeks, with care from their own doctor or therapist and without surgery."
    ),
    "low_impact": lambda found: _(
        "Your answers suggest that your pain is mild at the moment. Go on with what helps, and tell us if it changes."
    ),
    "dates_missing": lambda found: (
        _("Please tell us roughly when you had %(groups)s, and how much it helped: below, under treatments.")
        % {"groups": _groups(found)}
    ),
    "relief_missing": lambda found: (
        _("Please tell us how much this helped: %(kinds)s.") % {"kinds": _kinds(found["kinds"])}
    ),
    "lasting_relief": lambda found: (
        _(
            "It sounds as if this is helping: %(kind)s. Go on with the person who treats you, and tell us if it stops "
            "helping."
        )
        % {"kind": _kinds([found["kind"]])}
    ),
    "care_incomplete": _so_far,
    "axial_early": lambda found: _(
        "Back pain that does not come from a nerve often takes about three months to settle. Until then, exercise and "
        "your own doctor's care are what most guidelines advise."
    ),
    "care_without_relief": lambda found: (
        _(
            "You have had this for about %(weeks)s weeks and have tried %(groups)s without lasting relief. A "
            "consultation may be a reasonable next step. Only a physician who examines you and looks at your pictures "
            "can say whether any procedure is right for you."
        )
        % {"weeks": found["weeks"], "groups": _groups(found)}
    ),
}
