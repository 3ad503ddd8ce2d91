"""The optional second step: one page a topic, each sent and kept on its own; and the pages that ask again later.

Scores: three ratings of the last seven days are asked in own words and scored as their mean, after PEG (Krebs 2009);
no other instrument's questions are in here, because they belong to their publishers.
"""

from dataclasses import replace

from intake.questionnaire.about_you import ABOUT_YOU
from intake.questionnaire.background import BACKGROUND
from intake.questionnaire.base import Page, Question, QuestionKind, Section
from intake.questionnaire.common import SAFETY
from intake.questionnaire.imaging import IMAGING
from intake.questionnaire.insurance import INSURANCE
from intake.questionnaire.pain import NECK, PAIN
from intake.questionnaire.red_flags import ASKED_AS_SIGNS, EMERGENCY_QUESTIONS, RECENT_QUESTIONS
from intake.questionnaire.step_one import question

ASKED_ANEW = {*ASKED_AS_SIGNS, *EMERGENCY_QUESTIONS, *RECENT_QUESTIONS}
PAGES: tuple[Page, ...] = (ABOUT_YOU, PAIN, NECK, IMAGING, BACKGROUND, INSURANCE)
PAGE = {page.key: page for page in PAGES}


SAFETY_SCRIPT = Page(
    "safety",
    "Warning signs",
    "To be read out in a call, sentence by sentence.",
    (Section("safety", "Safety first", "", (SAFETY, question("safety_check_b"))),),
)

RECHECK = Page(
    "recheck",
    "How are you now?",
    "A few questions, so that we can see whether it got better. About one minute.",
    (
        Section("safety", "Safety first", "", (SAFETY, question("safety_check_b"))),
        Section(
            "strength",
            "The last 7 days",
            "0 is no pain, 10 the worst that you can imagine.",
            tuple(replace(one, required=True) for one in PAIN.sections[1].questions[:3]),
            why="The same three numbers as before, so that we can compare.",
        ),
        Section(
            "since",
            "Since we last asked",
            "",
            (
                Question(
                    "new_treatments",
                    QuestionKind.ONE,
                    "Have you tried anything new?",
                    (("yes", "Yes, I will add it next"), ("no", "No")),
                    required=True,
                ),
            ),
            why="What you have tried since then changes what makes sense next.",
        ),
    ),
)


def is_asked_anew(page: str, question_name: str) -> bool:
    """Return whether a question starts empty each time: warning signs anywhere, what tells an emergency or asks for the
    last weeks, and all of the re-check."""
    return page == RECHECK.key or question_name in ASKED_ANEW
