"""What intake keeps about a person, for the copy that the person may have (crm/personal_data.py)."""

from crm import registry
from intake.models import Assessment, Coverage, Override, PageOfProof, Submission, Verification


def hang_in() -> None:
    """Called once, when the app is ready."""
    data = registry.personal_data
    data(Submission, path="lead", title="Your answers", fields="page answers questionnaire_version language at")
    data(Assessment, path="lead", title="Assessments", fields="at outcome reasons recheck_on")
    data(Override, path="assessment__lead", title="Decisions", fields="at outcome reason")
    said = "at spoke_to is_active network needs_authorization needs_referral"
    data(Verification, path="lead", title="What your insurer said", fields=said)
    data(Coverage, path="lead", title="Your insurance", fields="profile chosen_at")
    data(PageOfProof, path="lead", why_not="Page numbers of documents, which are in the copy themselves.")
