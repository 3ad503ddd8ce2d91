"""What was sent from a page of questions, as question and answer: for where it comes back unstored."""

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.patient_portal import submitted_answers
from intake.questionnaire import SAFETY_SCRIPT, QuestionKind, localize
from intake.requests.answers_in_words import ALL_SECTIONS, values_in_words
from intake.requests.treatment_form import PickForm, ToldForm

# Buttons that say something themselves, beside what stands on their page.
BUTTONS = {"not_tried": _("I did not have this"), "nothing": _("I tried nothing")}


def read(name: str, values: list[str]) -> tuple[str, str] | None:
    """Read one field (crm/registry, `reader`), in the language in force. Warning signs have a way of their own."""
    if name in BUTTONS:
        return str(BUTTONS[name]), gettext("Yes")
    sections = map(localize.section, (*ALL_SECTIONS, *SAFETY_SCRIPT.sections))
    asked = next((one for section in sections for one in section.questions if one.name == name), None)
    if asked is None:
        return submitted_answers.of_fields(ToldForm.base_fields | PickForm().fields)(name, values)
    if asked.kind is QuestionKind.SAFETY:
        return None
    return asked.label, ", ".join(values_in_words(asked, [one for one in values if one]))
