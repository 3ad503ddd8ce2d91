"""What intake keeps about a person, for the copy that the person may have (crm/patient_portal/data_export.py)."""

from typing import Any

from django.utils.translation import gettext_noop as noop

from crm import registry
from crm.registry import HANDLING, KEY, REPEATED, YOU
from intake.models import (
    COUNTS,
    Assessment,
    Coverage,
    NextAsk,
    Override,
    PageOfProof,
    PendingSubmission,
    Submission,
    UnprovenRequest,
    Verification,
)
from intake.requests.answers_in_words import page_title, questions_in_words


def register() -> None:
    """Call once, when the app is ready."""
    _about_answers()
    _about_assessments()
    _about_insurance()


def _about_answers() -> None:
    data = registry.personal_data
    data(
        Submission,
        path="lead",
        title=noop("Your answers"),
        fields="at page by answers questionnaire_version language",
        order="entry",
        left_out={KEY: "session answers_digest form_id entry", HANDLING: "unproven", REPEATED: "reference"},
        only=COUNTS,
        nobody={"by": YOU},
        more=_asked_and_answered,
    )
    waits = "Typed by somebody who has not shown who they are; what is taken over stands among the answers."
    data(UnprovenRequest, path="lead", why_not=waits)
    data(PendingSubmission, path="submission__lead", why_not="Says that a worker has yet to look at an answer.")


def _about_assessments() -> None:
    data = registry.personal_data
    data(
        Assessment,
        path="lead",
        title=noop("Assessments"),
        order="number",
        fields="at outcome cause rule signs flags span_days groups reasons recheck_on",
        left_out={REPEATED: "snapshot", HANDLING: "due_at rules_version evaluated number"},
    )
    data(NextAsk, path="lead", why_not="A day on which the rules are asked again, made from the assessments.")
    decided = "at outcome reason by approved_at approved_by ended_at ended_because ended_by"
    data(
        Override,
        path="assessment__lead",
        title=noop("Decisions"),
        fields=decided,
        order="entry",
        left_out={HANDLING: "needs_second", KEY: "entry"},
    )


def _about_insurance() -> None:
    data = registry.personal_data
    said = "at insurer plan_type plan by spoke_to call_reference is_active network needs_authorization needs_referral"
    said += " note profile profile_as_of"
    data(
        Verification,
        path="lead",
        title=noop("What your insurer said"),
        fields=said,
        order="entry",
        left_out={KEY: "entry"},
    )
    chosen = "chosen_at insurer plan_type plan profile chosen_by"
    data(Coverage, path="lead", title=noop("Your insurance"), fields=chosen, order="chosen_at")
    data(PageOfProof, path="lead", why_not="Page numbers of documents, which are in the copy themselves.")


def _asked_and_answered(page: Submission) -> dict[str, Any]:
    return {"title": page_title(page.page), "questions": questions_in_words(page.answers)}
