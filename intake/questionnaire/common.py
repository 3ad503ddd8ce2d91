"""What the pages of the second step share: answers that many questions offer, and the question of warning signs."""

from dataclasses import replace

from intake.questionnaire.base import SCALE, Choices
from intake.questionnaire.step_one import question

UNSURE: Choices = (("unsure", "Not sure"),)
PREFER_NOT: Choices = (("prefer_not", "Prefer not to say"),)
YES_NO: Choices = (("yes", "Yes"), ("no", "No"), *UNSURE)
RATING: Choices = (*((str(number), str(number)) for number in SCALE), *UNSURE)

SAFETY = replace(
    question("safety_check"),
    label="Before you go on: has any of these started or got worse?",
)
