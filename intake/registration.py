"""What intake adds to the pages, lists and rounds of crm (crm/registry), and to Django's checks, once all is loaded."""

from django.core.checks import register as register_check
from django.utils.translation import gettext_noop

from crm import registry
from crm.enums.leads import Event
from crm.enums.treatments import TreatmentGroup
from crm.mail import emails
from intake import checks, questionnaire
from intake.assessment import actions as assessments
from intake.assessment import closing, flags, overrides, progress, signs, time_passes, unknowns
from intake.desk import decision_views, insurance_views, panels, print_views, unproven_views, waiting
from intake.portal import data_export, ledger_views, outlook, preference_views, questions
from intake.requests import (
    acknowledgment,
    answers_in_words,
    date_answers,
    pending,
    references,
    submitted_words,
    unproven,
)

SEE_ASSESSMENTS, SEE_ANSWERS = "intake.view_assessment", "intake.view_submission"


def register() -> None:
    """Call once, in AppConfig.ready()."""
    _add_panels_of_a_lead()
    _add_panels_of_the_private_page()
    _add_words()
    _add_conditions()
    _add_what_a_record_says()
    _add_listeners()
    for module in (decision_views, waiting, insurance_views, print_views, unproven_views, data_export):
        module.register()
    registry.reference(references.leads_of)
    registry.periodic(pending.apply_due)
    register_check(checks.check_reviews, "content", deploy=True)
    register_check(checks.check_translations, "content", deploy=True)


def _add_panels_of_a_lead() -> None:
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
        "lead",
        title="Over time",
        permission="crm.view_treatment",
        render=ledger_views.panel,
        order=7,
        again_after=registry.LEDGER_CHANGED,
    )
    registry.panel("lead", title="In the patient's own words", permission=SEE_ANSWERS, render=panels.answers, order=10)


def _add_panels_of_the_private_page() -> None:
    registry.panel("warning", title=gettext_noop("Get emergency care now"), permission="", render=outlook.warning)
    for title, render, order in (
        (gettext_noop("A first look"), outlook.panel, 5),
        (gettext_noop("Your questions"), questions.panel, 10),
        (gettext_noop("Wishes and data"), preference_views.panel, 30),
    ):
        registry.panel("patient", title=title, permission="", render=render, order=order)


def _add_words() -> None:
    for name in ("how_heard", "best_time", "state"):
        registry.choices(name, questionnaire.question(name).choices)
    registry.choices("flags", flags.IN_WORDS.items())
    registry.choices("groups", TreatmentGroup.choices)
    registry.words("signs", answers_in_words.sign_in_words)
    registry.words("flags", flags.in_words)
    registry.reader(submitted_words.read)
    registry.writer(emails.ACKNOWLEDGEMENT, acknowledgment.write)


def _add_conditions() -> None:
    registry.condition("questions_answered", progress.all_answered)
    registry.condition("pays_alone", assessments.self_pay_lead_ids)
    registry.condition(unknowns.FLAG, unknowns.leads_of)


def _add_what_a_record_says() -> None:
    registry.basis(signs.basis, signs.news, overrides.told)
    registry.unread_sign(pending.has_sign)
    registry.unasked(progress.mark_unasked)
    registry.dates(date_answers.of_lead)


def _add_listeners() -> None:
    registry.listen(assessments.CAUSES, assessments.on_event, once_a_press=True)
    registry.listen([Event.STAGE_MOVED], time_passes.on_move)
    registry.listen([Event.STAGE_MOVED], closing.on_move)
    registry.proof(unproven.prove)
