"""The guards of what people decide: every sign is looked at, and no decision counts against what it did not know."""

from script.guard import Guard

DECISION_GUARDS = [
    Guard(
        "a sign that no decision has covered opens a review",
        "intake/assessments.py",
        "    if not (fresh := signs.uncovered(lead, made)):\n",
        "    if not (fresh := signs.uncovered(lead, made)) or lead.outcome == made.outcome:\n",
        "intake/test_signs.py::test_a_new_sign_after_a_decision_opens_a_review_though_the_outcome_is_the_same",
    ),
    Guard(
        "an emergency sign from anywhere holds",
        "intake/assessments.py",
        "    if any(signs.is_emergency(sign) for sign in fresh) and not lead.safety_hold:\n",
        "    if False:\n",
        "intake/test_signs.py::test_an_emergency_sign_from_anywhere_puts_the_lead_on_hold",
    ),
    Guard(
        "a yes is more than not sure",
        "intake/signs.py",
        "if sign not in there and sign.removeprefix(UNSURE) not in there]",
        "if sign.removeprefix(UNSURE) not in {one.removeprefix(UNSURE) for one in there}]",
        "intake/test_signs.py::test_not_sure_that_becomes_a_yes_is_new",
    ),
    Guard(
        "a review covers no emergency sign",
        "intake/signs.py",
        "{sign for sign in signs if not is_emergency(sign)}",
        "set(signs)",
        "intake/test_signs.py::test_a_review_does_not_lift_what_only_the_hold_covers",
    ),
    Guard(
        "an older page decides nothing",
        "crm/actions/decisions.py",
        "    if seen is not None and seen != basis.number:\n",
        "    if False:\n",
        "intake/test_signs.py::test_a_form_that_does_not_know_the_newest_sign_is_refused_with_it",
    ),
    Guard(
        "a void decision is agreed to by nobody",
        "crm/actions/reviews.py",
        "    if locked.void_at:\n",
        "    if False:\n",
        "intake/test_signs.py::test_a_new_sign_makes_a_decision_that_waits_void",
    ),
    Guard(
        "a decision ends only the reviews that it is about",
        "crm/actions/reviews.py",
        "but=(imaging.REVIEW_KEY, OF_A_REPORT)",
        "but=()",
        "intake/test_signs.py::test_a_decision_ends_the_review_of_an_imaging_study_only_when_it_is_about_it",
    ),
    Guard(
        "under a hold nothing sounds mild",
        "intake/wording.py",
        "    if is_held:\n",
        "    if False:\n",
        "intake/test_signs.py::test_under_a_hold_nothing_sounds_mild",
    ),
    Guard(
        "a decision against a rule ends with it",
        "intake/overrides.py",
        "if made.rule != against.rule else",
        "if False else",
        "intake/test_overrides.py::test_it_ends_when_another_rule_decides_and_never_comes_back",
    ),
    Guard(
        "what was raised does not end by itself",
        "intake/overrides.py",
        "    if counting and counting.raises:\n",
        "    if False:\n",
        "intake/test_overrides.py::test_what_was_raised_holds_through_new_data_and_a_person_is_asked",
    ),
    Guard(
        "what was raised is lowered by two",
        "intake/assessments.py",
        "    return raised is not None and",
        "    return False and",
        "intake/test_overrides.py::test_what_was_raised_is_lowered_by_two",
    ),
]
