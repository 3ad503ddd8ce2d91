"""The questions of the request, as data. Forms, pages and the staff's view of the answers are made from this."""

from intake.questionnaire.base import LONGEST_TEXT, NONE, VERSION, Choices, Page, Question, QuestionKind, Section
from intake.questionnaire.signs import (
    EMERGENCY_SIGNS,
    REVIEW_SIGNS,
    SIGNS,
    SafetyOption,
    alarming_among,
    is_emergency,
    safety_options,
)
from intake.questionnaire.step_one import CALL_ME, STEP_ONE, question
from intake.questionnaire.step_two import PAGE, PAGES, RECHECK, SAFETY_SCRIPT, is_asked_anew

__all__ = [
    "CALL_ME",
    "EMERGENCY_SIGNS",
    "LONGEST_TEXT",
    "NONE",
    "PAGE",
    "PAGES",
    "RECHECK",
    "REVIEW_SIGNS",
    "SAFETY_SCRIPT",
    "SIGNS",
    "STEP_ONE",
    "VERSION",
    "Choices",
    "Page",
    "Question",
    "QuestionKind",
    "SafetyOption",
    "Section",
    "alarming_among",
    "is_asked_anew",
    "is_emergency",
    "question",
    "safety_options",
]
