"""The public face as a Django app."""

from django.apps import AppConfig
from django.core.checks import register
from django.utils.translation import gettext_noop

SEE_ASSESSMENTS, SEE_ANSWERS = "intake.view_assessment", "intake.view_submission"


class IntakeConfig(AppConfig):
    name = "intake"
    verbose_name = "Intake"

    def ready(self) -> None:
        from crm import registry
        from crm.enums.leads import Event
        from crm.enums.treatments import TreatmentGroup
        from crm.mail import emails
        from intake import checks, questionnaire
        from intake.assessment import actions as assessments
        from intake.assessment import closing, flags, overrides, progress, signs, time_passes, unknowns
        from intake.desk import decision_views, insurance_views, panels, print_views, unproven_views, waiting
        from intake.portal import data_export, ledger_views, preference_views, questions
        from intake.requests import (
            acknowledgment,
            answers_in_words,
            date_answers,
            pending,
            references,
            submitted_words,
            unproven,
        )

        registry.panel(
            "lead",
            title="Candidacy",
            permission=SEE_ASSESSMENTS,
            render=panels.candidacy,
            order=0,
            at_once=True,
            again_after=registry.LEDGER_CHANGED,
        )
        registry.panel(
            "lead", title="In the patient's own words", permission=SEE_ANSWERS, render=panels.answers, order=10
        )
        registry.panel(
            "lead",
            title="Over time",
            permission="crm.view_treatment",
            render=ledger_views.panel,
            order=7,
            again_after=registry.LEDGER_CHANGED,
        )
        registry.choices("how_heard", questionnaire.question("how_heard").choices)
        registry.choices("best_time", questionnaire.question("best_time").choices)
        registry.choices("state", questionnaire.question("state").choices)
        registry.choices("flags", flags.IN_WORDS.items())
        registry.choices("groups", TreatmentGroup.choices)
        registry.words("signs", answers_in_words.sign_in_words)
        registry.words("flags", flags.in_words)
        registry.condition("questions_answered", progress.all_answered)
        registry.unasked(progress.mark_unasked)
        registry.condition("pays_alone", assessments.self_pay_lead_ids)
        registry.condition(unknowns.FLAG, unknowns.leads_of)
        registry.basis(signs.basis, signs.news, overrides.told)
        registry.unread_sign(pending.has_sign)
        registry.dates(date_answers.of_lead)
        registry.periodic(pending.apply_due)
        registry.proof(unproven.prove)
        registry.listen(assessments.CAUSES, assessments.on_event, once_a_press=True)
        registry.listen([Event.STAGE_MOVED], time_passes.on_move)
        registry.listen([Event.STAGE_MOVED], closing.on_move)
        decision_views.register()
        waiting.register()
        insurance_views.register()
        print_views.register()
        unproven_views.register()
        registry.reference(references.leads_of)
        registry.reader(submitted_words.read)
        registry.panel("warning", title=gettext_noop("Get emergency care now"), permission="", render=questions.warning)
        registry.panel("patient", title=gettext_noop("A first look"), permission="", render=questions.outlook, order=5)
        registry.panel("patient", title=gettext_noop("Your questions"), permission="", render=questions.panel, order=10)
        registry.panel(
            "patient", title=gettext_noop("Wishes and data"), permission="", render=preference_views.panel, order=30
        )
        data_export.register()
        registry.writer(emails.ACKNOWLEDGEMENT, acknowledgment.write)
        register(checks.check_reviews, "content", deploy=True)
        register(checks.check_translations, "content", deploy=True)
