"""What the patient reads of the rules on the private page: the warning under a hold, and the next step."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone

from crm.enums.leads import Outcome
from crm.leads import reviews
from crm.models import Lead, PatientSession
from intake.assessment import actions as assessments
from intake.assessment import today, unknowns
from intake.rules import wording


def warning(request: HttpRequest, lead: Lead) -> str:
    """Return what somebody under a safety hold reads before everything else; "" for others, and until it is proven who
    is reading."""
    session: PatientSession = request.patient  # type: ignore[attr-defined]  # set by patient_page
    is_shown = session.sees_record and lead.safety_hold
    return _in_words(wording.next_step([], None, is_held=True)) if is_shown else ""


def panel(request: HttpRequest, lead: Lead) -> str:
    """Return what the rules make of the record, in the patient's words; "" until it is proven who is reading, and where
    `warning` stands in its place."""
    session: PatientSession = request.patient  # type: ignore[attr-defined]  # set by patient_page
    latest = assessments.latest(lead) if session.sees_record and not lead.safety_hold else None
    if latest is None:
        return ""
    decided, rules = assessments.in_force(lead, latest), Outcome(latest.outcome)
    passed = today.of_lead(lead, now=timezone.now(), stored=latest)
    knows_today = passed is None or passed.outcome.urgency <= rules.urgency
    told_all = unknowns.FLAG in latest.flags and not (passed and passed.differs)
    found = [{"code": one.code, "evidence": one.evidence} for one in passed.result.reasons] if passed else []
    reasons = [{"code": "told_all", "evidence": {}}] if told_all else found or latest.reasons
    recheck_on = passed.recheck_on if passed else None
    sentences = wording.next_step(
        reasons,
        recheck_on,
        is_raised=decided.urgency > rules.urgency,
        lowered_to=decided if decided.urgency < rules.urgency and knows_today else None,
        is_looked_at=reviews.is_looked_at(lead),
    )
    return _in_words(sentences) if sentences else ""


def _in_words(sentences: list[wording.Sentence]) -> str:
    return render_to_string("intake/portal/outlook.html", {"sentences": sentences, "banner": wording.BANNER})
