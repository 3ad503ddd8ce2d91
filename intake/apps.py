"""The public face as a Django app."""

from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_noop


class IntakeConfig(AppConfig):
    name = "intake"
    verbose_name = "Intake"

    def ready(self) -> None:
        from crm import registry
        from intake import (
            answering,
            assessments,
            checks,
            desk,
            insurance_desk,
            ledger_views,
            my,
            panels,
            papers,
            wishes,
        )
        from intake.models import Assessment, Coverage, Override, PageOfProof, Submission, Verification

        registry.panel(
            "lead",
            title="In the patient's own words",
            permission="intake.view_submission",
            render=panels.answers,
            order=10,
        )
        registry.panel(
            "lead",
            title="Candidacy",
            permission="intake.view_assessment",
            render=panels.candidacy,
            order=5,
        )
        registry.panel("lead", title="Over time", permission="crm.view_treatment", render=ledger_views.panel, order=7)
        registry.condition("questions_answered", answering.all_answered)
        registry.listen(assessments.CAUSES, assessments.on_event)
        desk.hang_in()
        insurance_desk.hang_in()
        papers.hang_in()
        registry.panel("patient", title=gettext_noop("A first look"), permission="", render=my.outlook, order=5)
        registry.panel("patient", title=gettext_noop("Your questions"), permission="", render=my.panel, order=10)
        registry.panel("patient", title=gettext_noop("Wishes and data"), permission="", render=wishes.panel, order=30)
        answered = "page answers questionnaire_version language at"
        registry.personal_data(Submission, path="lead", title="Your answers", fields=answered)
        registry.personal_data(Assessment, path="lead", title="Assessments", fields="at outcome reasons recheck_on")
        registry.personal_data(Override, path="assessment__lead", title="Decisions", fields="at outcome reason")
        said = "at spoke_to is_active network needs_authorization needs_referral"
        registry.personal_data(Verification, path="lead", title="What your insurer said", fields=said)
        registry.personal_data(Coverage, path="lead", title="Your insurance", fields="profile chosen_at")
        registry.personal_data(
            PageOfProof, path="lead", why_not="Page numbers of documents, which are in the copy themselves."
        )
        register(checks.check_reviews, "content", deploy=True)
        register(checks.check_translations, "content", deploy=True)
