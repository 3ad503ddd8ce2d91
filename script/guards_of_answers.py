"""The guards of answers: only what was changed is written, and nothing newer is lost to an older page."""

from script.guard import Guard

_CHANGED = "intake/requests/test_only_what_was_changed.py"
_PROGRESS = "intake/assessment/test_progress.py"

ANSWER_GUARDS = [
    Guard(
        "a date among the answers is compared with a corrected birth",
        "intake/registration.py",
        "    registry.dates(date_answers.of_lead)\n",
        "",
        "crm/leads/test_states_and_dates.py::test_dates_before_a_corrected_birth_are_named_and_a_person_is_asked",
    ),
    Guard(
        "dates before a corrected birth are named",
        "crm/leads/actions.py",
        "    if earlier := impossible_dates.lines(locked, born):\n",
        "    if earlier := []:\n",
        "crm/leads/test_states_and_dates.py::test_dates_before_a_corrected_birth_are_named_and_a_person_is_asked",
    ),
    Guard(
        "where an injection was given is guessed from nothing",
        "intake/requests/told_treatments.py",
        "source=sent.source, now=sent.now, kind=kind)",
        'source=sent.source, now=sent.now, kind=kind, body_region="lumbar")',
        "intake/portal/test_my.py::test_where_an_injection_was_given_is_asked_and_never_guessed",
    ),
    Guard(
        "an older tab never empties newer answers",
        "intake/requests/forms.py",
        "return {name: answer for name, answer in self.whole().items() if self.is_touched(name)}",
        "return self.whole()",
        f"{_CHANGED}::test_one_topic_in_two_tabs_the_older_one_empties_nothing",
    ),
    Guard(
        "an older tab shows what is newer before it takes its place",
        "intake/requests/page_submission.py",
        "    if newer:\n        raise NewerAnswers(newer, seen.answers)\n",
        "",
        f"{_CHANGED}::test_an_older_tab_shows_both_and_the_person_chooses",
    ),
    Guard(
        "a page that is stored unchanged writes nothing",
        "intake/requests/page_submission.py",
        "    if not news and sent.page in seen.pages:\n        return False\n",
        "",
        f"{_CHANGED}::test_a_topic_that_is_stored_unchanged_leaves_every_byte",
    ),
    Guard(
        "a treatment that is stored unchanged writes nothing",
        "intake/requests/told_treatments.py",
        "    if not sent.answers and str(treatment.pk) in answer_history.told_to(sent.session).detailed:\n"
        "        return\n",
        "",
        "intake/requests/test_only_changed_treatments.py::test_a_treatment_stored_unchanged_leaves_every_byte",
    ),
    Guard(
        "a browser takes back only what it has been shown",
        "intake/assessment/answer_history.py",
        "    return former.session_id == page.session_id or former.pk == page.session.origin\n",
        "    return True\n",
        f"{_CHANGED}::test_two_devices_of_which_one_has_not_shown_whose_it_is",
    ),
    Guard(
        "a form with gaps empties nothing",
        "intake/assessment/answer_history.py",
        "        return former.form_id == page.form_id\n",
        "        return True\n",
        f"{_CHANGED}::test_another_request_with_gaps_empties_nothing",
    ),
    Guard(
        "the same form with another content is another press",
        "intake/requests/page_submission.py",
        "    return given is not None and (given.session_id, given.form_id) != (sent.session.pk, sent.submission_id)\n",
        "    return True\n",
        f"{_CHANGED}::test_a_second_press_on_a_slow_line_keeps_what_was_added",
    ),
    Guard(
        "a second press about a treatment is no older page",
        "intake/requests/treatment_form.py",
        "*([self.pressed[name]] if name in self.pressed else [])]",
        "]",
        "intake/requests/test_only_changed_treatments.py::test_a_second_press_about_a_treatment_keeps_what_was_added",
    ),
    Guard(
        "ratings are dated when they are given",
        "intake/requests/page_effects.py",
        "week = {name for name, at in before.at.items() if sent.now - at < SAME_WEEK}",
        "week = set(before.at)",
        f"{_CHANGED}::test_a_rating_of_long_ago_is_none_of_today",
    ),
    Guard(
        "a re-check starts empty",
        "intake/questionnaire/step_two.py",
        "return page == RECHECK.key or question_name in ASKED_ANEW",
        "return question_name in ASKED_ANEW",
        f"{_CHANGED}::test_a_re_check_starts_empty_and_the_same_numbers_are_news",
    ),
    Guard(
        "a page with injections pressed twice adds one",
        "intake/requests/told_treatments.py",
        "if one.group != TreatmentGroup.INJECTION} | pressed\n",
        "if one.group != TreatmentGroup.INJECTION}\n",
        "intake/requests/test_only_changed_treatments.py::test_an_injection_ticked_in_a_page_that_is_pressed_twice_is_one",
    ),
    Guard(
        "only topics that are for somebody are asked for",
        "intake/assessment/progress.py",
        "for page in PAGES if page.is_for(told.answers)}",
        "for page in PAGES}",
        f"{_PROGRESS}::test_low_back_pain_needs_no_neck_topic",
    ),
    Guard(
        "what is verified is not taken back unasked",
        "intake/portal/questions.py",
        '    if verified_treatments.is_verified(row) and "sure" not in request.POST:',
        "    if False:",
        f"{_PROGRESS}::test_i_did_not_have_this_about_what_is_verified_is_asked_first",
    ),
    Guard(
        "what is asked anew counts whatever a page says that it showed",
        "intake/requests/opened_values.py",
        " if not is_asked_anew(self.page, name)}",
        "}",
        f"{_CHANGED}::test_an_emergency_that_a_page_says_it_showed_is_told",
    ),
    Guard(
        "an older page of wishes takes nothing back",
        "intake/portal/preference_views.py",
        "for name in self.stands if self.is_touched(name)} | number",
        "for name in self.stands} | number",
        "intake/portal/test_wishes.py::test_an_older_page_of_wishes_takes_nothing_back",
    ),
    Guard(
        "an older page of wishes shows what is newer",
        "intake/portal/preference_views.py",
        "        if newer := {",
        "        if False and {",
        "intake/portal/test_wishes.py::test_an_older_page_of_wishes_shows_both_and_the_person_chooses",
    ),
    Guard(
        "a rating given together with a warning sign reaches the series",
        "intake/requests/page_submission.py",
        """            apply_page(replace(sent, answers=_changed(sent, seen)), before, now=sent.now, sign_told=True)
""",
        """            assessments.assess(sent.lead, cause=f"Answered: {sent.title}", now=sent.now, sign_told=True)
""",
        f"{_CHANGED}::test_what_else_a_page_with_a_sign_tells_reaches_the_record",
    ),
    Guard(
        "a rating given together with a warning sign reaches the series by a worker too",
        "intake/requests/page_effects.py",
        "    if page.session and page.page != TREATMENTS:\n",
        "    if page.session and page.page != TREATMENTS and not is_urgent:\n",
        f"{_CHANGED}::test_what_else_a_page_with_a_sign_tells_reaches_the_record",
    ),
]
