"""The guards of what answers on the private page tell beside themselves."""

from script.guard import Guard

TESTS = "intake/test_red_flags.py"

QUESTION_GUARDS = [
    Guard(
        "every question of every topic is in the table",
        "intake/questionnaire/red_flags.py",
        '    "course": "About pain, not about strength or feeling",\n',
        "",
        f"{TESTS}::test_every_question_of_every_topic_is_in_the_table",
    ),
    Guard(
        "a derived sign of block A is read as it comes over the wire",
        "intake/raw_signs.py",
        ", *derived_signs.emergencies_in(posted)",
        "",
        f"{TESTS}::test_a_derived_emergency_is_answered_when_the_session_is_over",
    ),
    Guard(
        "a derived sign of block A leads to the emergency page",
        "intake/forms.py",
        '        names = ("safety_check", *EMERGENCY_QUESTIONS)\n',
        '        names = ("safety_check",)\n',
        f"{TESTS}::test_a_derived_emergency_from_a_browser_without_proof_is_a_report",
    ),
    Guard(
        "the snapshot holds derived signs",
        "intake/record.py",
        "        heard.hear(counts)\n",
        "",
        f"{TESTS}::test_clumsy_hands_and_unsteady_walking_below_none_lead_to_a_review",
    ),
    Guard(
        "a derived sign beats none of the same page",
        "intake/derived_signs.py",
        '            found[sign] = max(found.get(sign, ""), told, key=_HASTE.index)\n',
        '            found[sign] = found.get(sign, told) if not self._ticked else found.get(sign, "")\n',
        f"{TESTS}::test_a_derived_sign_beats_none_of_the_same_page_and_of_before",
    ),
    Guard(
        "a page about something else leaves a derived sign",
        "intake/derived_signs.py",
        "    return bool(values(page.get(part.question))) and not level(part, page)\n",
        "    return not level(part, page)\n",
        f"{TESTS}::test_a_page_about_something_else_leaves_a_derived_sign",
    ),
    Guard(
        "a sign of several answers uses those of one page",
        "intake/derived_signs.py",
        " if name not in EMERGENCY_QUESTIONS}",
        "}",
        f"{TESTS}::test_a_sign_of_several_answers_uses_those_of_one_page",
    ),
    Guard(
        "what tells an emergency is asked anew",
        "intake/questionnaire/step_two.py",
        "ASKED_ANEW = {*ASKED_AS_SIGNS, *EMERGENCY_QUESTIONS}",
        "ASKED_ANEW = {*ASKED_AS_SIGNS}",
        f"{TESTS}::test_what_tells_an_emergency_is_asked_anew_each_time",
    ),
    Guard(
        "a fact without its condition opens a look",
        "intake/assessments.py",
        "    wanted = looks.beyond(made.flags, before.flags if before else []) or not all(",
        "    wanted = not all(",
        f"{TESTS}::test_a_fact_without_its_condition_opens_a_look_and_changes_no_outcome",
    ),
    Guard(
        "a fact without its condition is no sign",
        "intake/questionnaire/red_flags.py",
        '    SignRule("B4", (_sure("conditions", "osteoporosis"), _NEW_PAIN)),\n',
        '    SignRule("B4", (_sure("conditions", "osteoporosis"),)),\n',
        f"{TESTS}::test_a_fact_without_its_condition_is_no_sign",
    ),
    Guard(
        "other words are a new fact to look at",
        "intake/looks.py",
        "{rule.code}:{_digest(answers, rule)}",
        "{rule.code}:0",
        f"{TESTS}::test_a_look_that_was_decided_opens_again_only_for_other_words",
    ),
    Guard(
        "fever with new pain since an injection leads to the emergency page",
        "intake/my.py",
        "ToldForm(request.POST, treatment=row)).is_emergency:",
        "ToldForm(request.POST, treatment=row)).is_emergency and False:",
        f"{TESTS}::test_such_an_emergency_from_a_browser_without_proof_counts_for_its_own_lead",
    ),
    Guard(
        "such a sign is answered without a session",
        "intake/safety_net.py",
        "PRIVATE = {QUESTIONS, TREATMENT}",
        "PRIVATE = {QUESTIONS}",
        f"{TESTS}::test_such_an_emergency_is_answered_when_the_session_is_over",
    ),
    Guard(
        "a page about a treatment tells its signs to a report",
        "intake/derived_signs.py",
        '    if "told" in page:\n',
        "    if False:\n",
        f"{TESTS}::test_what_came_since_an_injection_is_a_report_when_the_session_is_over",
    ),
    Guard(
        "no form makes less of an emergency than was ticked",
        "intake/safety_net.py",
        "signs.beyond(ticked, signs.of_answers(answers, lead=session.lead, now=now))",
        "[]",
        f"{TESTS}::test_no_form_makes_less_of_an_emergency_than_was_ticked",
    ),
    Guard(
        "boxes that contradict each other lose no sign",
        "intake/raw_signs.py",
        "    wanted = (form.errors.keys() & form.fields.keys()) | ",
        "    wanted = ",
        f"{TESTS}::test_boxes_that_contradict_each_other_lose_no_sign",
    ),
    Guard(
        "boxes about a treatment that contradict each other lose no sign",
        "intake/told.py",
        "        return plain | raw_signs.unread(self)\n",
        "        return plain\n",
        f"{TESTS}::test_boxes_that_contradict_each_other_are_a_report_when_the_session_is_over",
    ),
    Guard(
        "an injection alone is no sign",
        "intake/questionnaire/red_flags.py",
        '    SignRule("B5", (_sure("since_then", "fever", "infection", "worse_pain"), _INJECTED)),\n',
        '    SignRule("B5", (_sure("since_then", "fever", "infection", "worse_pain", "none"), _INJECTED)),\n',
        f"{TESTS}::test_an_injection_without_anything_since_opens_a_look_and_changes_no_outcome",
    ),
]
