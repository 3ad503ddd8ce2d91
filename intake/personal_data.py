"""What intake keeps about a person, for the copy that the person may have (crm/personal_data.py)."""

from crm import registry
from crm.registry import HANDLING, KEY, REPEATED, STAFF
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


def hang_in() -> None:
    """Called once, when the app is ready."""
    data = registry.personal_data
    data(
        Submission,
        path="lead",
        title="Your answers",
        fields="page answers questionnaire_version language at",
        left_out={STAFF: "by", KEY: "session answers_digest form_id", HANDLING: "unproven", REPEATED: "reference"},
        only=COUNTS,
    )
    waits = "Typed by somebody who has not shown who they are; what is taken over stands among the answers."
    data(UnprovenRequest, path="lead", why_not=waits)
    data(PendingSubmission, path="submission__lead", why_not="Says that a worker has yet to look at an answer.")
    data(
        Assessment,
        path="lead",
        title="Assessments",
        fields="at outcome cause rule signs flags span_days groups reasons recheck_on",
        left_out={REPEATED: "snapshot", HANDLING: "due_at rules_version evaluated number"},
    )
    data(NextAsk, path="lead", why_not="A day on which the rules are asked again, made from the assessments.")
    by = {STAFF: "by approved_by ended_by", HANDLING: "needs_second"}
    decided = "at outcome reason approved_at ended_at ended_because"
    data(Override, path="assessment__lead", title="Decisions", fields=decided, left_out=by)
    said = "insurer plan_type plan at spoke_to call_reference is_active network needs_authorization needs_referral note"
    said += " profile profile_as_of"
    data(Verification, path="lead", title="What your insurer said", fields=said, left_out={STAFF: "by"})
    chosen = "insurer plan_type plan profile chosen_at"
    data(Coverage, path="lead", title="Your insurance", fields=chosen, left_out={STAFF: "chosen_by"})
    data(PageOfProof, path="lead", why_not="Page numbers of documents, which are in the copy themselves.")
