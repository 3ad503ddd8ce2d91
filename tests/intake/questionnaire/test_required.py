"""What has to be answered is answered wherever a whole request is made up."""

from intake.questionnaire import STEP_ONE
from tests import answers


def test_the_tests_own_request_answers_whatever_is_required() -> None:
    required = {one.name for section in STEP_ONE for one in section.questions if one.required}

    assert required - set(answers.STEP_ONE) == set(), (
        "Answer these in tests/answers.py and in intake/demo/fill.py (CONTRIBUTING.md, “A question of step 1”)"
    )
