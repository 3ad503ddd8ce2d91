"""The guards of the record of treatments: verified facts, unchanged pages, states and dates that agree."""

from script.guard import Guard

UNCHANGED = "intake/test_unchanged.py"
VERIFIED = "intake/test_verified_facts.py"
AGREE = "crm/test_states_and_dates.py"

RECORD_GUARDS = [
    Guard(
        "the patient's page writes only what was changed",
        "intake/told.py",
        "        data, changed = self.cleaned_data, {name for name in self.stands if self.is_touched(name)}\n",
        "        data, changed = self.cleaned_data, set(self.stands)\n",
        f"{UNCHANGED}::test_the_patients_page_leaves_every_byte",
    ),
    Guard(
        "an answer that no choice stands for can be kept",
        "intake/told.py",
        "                if value and not field.valid_value(value):\n",
        "                if False:\n",
        f"{UNCHANGED}::test_what_stands_is_shown_exactly",
    ),
    Guard(
        "an older page of the patient overwrites nothing unseen",
        "intake/told.py",
        "        return self.is_touched(name) and plainly(stands) not in [plainly(one) for one in known]\n",
        "        return False\n",
        f"{UNCHANGED}::test_a_page_that_is_older_than_the_row_shows_both",
    ),
    Guard(
        "a word that has left its list is saved unchanged at the desk",
        "crm/admin/correction_form.py",
        "            keep_stored_choice(field, self.get_initial_for_field(field, name))\n",
        "            pass\n",
        f"{UNCHANGED}::test_the_desk_leaves_every_byte",
    ),
    Guard(
        "a verified fact is not changed by the patient's page",
        "crm/actions/treatments.py",
        "    if not verified.is_verified(locked):\n",
        "    if True:\n",
        f"{VERIFIED}::test_a_contradiction_stands_beside_what_was_verified",
    ),
    Guard(
        "an end before the verification is no news",
        "crm/verified.py",
        "and last_day(end, precision) >= day\n",
        "\n",
        f"{VERIFIED}::test_an_end_before_the_verification_contradicts_it",
    ),
    Guard(
        "that a verified treatment never was is no news",
        "crm/verified.py",
        '    if told.get("status") == TreatmentStatus.DECLINED:\n',
        "    if False:\n",
        f"{VERIFIED}::test_that_it_never_was_contradicts_whatever_was_told_since",
    ),
    Guard(
        "an end told since is corrected only to one since",
        "crm/verified.py",
        "    went_on = row.ongoing or (told_since and _may_lie_after(row.end_date, row.end_precision, day))\n",
        "    went_on = row.ongoing\n",
        f"{VERIFIED}::test_an_end_told_since_is_corrected_only_to_one_since",
    ),
    Guard(
        "relief that is over does not change by itself",
        "crm/verified.py",
        "        return unrated or row.ongoing or row.relief_still_present\n",
        "        return True\n",
        f"{VERIFIED}::test_a_change_of_relief_is_news_while_it_can_change",
    ),
    Guard(
        "what staff change of verified facts is verified again",
        "crm/actions/treatments.py",
        "    elif verified.is_verified(locked):\n",
        "    elif False:\n",
        f"{VERIFIED}::test_what_staff_change_asks_for_verification_again",
    ),
    Guard(
        "whoever settles a contradiction has seen the newest",
        "crm/actions/treatments.py",
        " or locked.disputed_at.isoformat() != seen:\n",
        ":\n",
        f"{VERIFIED}::test_a_page_from_before_the_patient_said_more_decides_nothing",
    ),
    Guard(
        "a state that says it is over ends the count",
        "crm/actions/treatments.py",
        "    treatment.ongoing = treatment.status == TreatmentStatus.ONGOING\n",
        "",
        f"{AGREE}::test_a_state_that_says_it_is_over_ends_the_count",
    ),
    Guard(
        "a duration is understood whole",
        "crm/said.py",
        '        if not match or match["unit"].lower() not in _DAYS:\n',
        "        if not match:\n",
        "crm/test_said.py::test_span_refuses",
    ),
    Guard(
        "an unsaid state counts for nothing",
        "intake/record.py",
        "    return (dated if treatment.status else {}) | {\n",
        "    return dated | {\n",
        "intake/test_what_rules_are_handed.py::test_an_unsaid_state_counts_for_nothing",
    ),
    Guard(
        "an answer that left its list counts nowhere",
        "intake/record.py",
        "    return [word for word in words or () if word in get_args(known)]\n",
        "    return list(words or ())\n",
        "intake/test_what_rules_are_handed.py::test_an_answer_that_left_its_list_is_shown_as_stored_and_counts_nowhere",
    ),
    Guard(
        "old words are counted nowhere",
        "intake/record.py",
        " for one in treatments if one.is_listed]",
        " for one in treatments]",
        "intake/test_what_rules_are_handed.py::test_old_words_are_not_handed_over",
    ),
    Guard(
        "a refusal tells nobody the date of birth",
        "intake/answering.py",
        "knows_birth=sent.session.sees_record, ",
        "",
        "intake/test_what_rules_are_handed.py::test_a_refusal_tells_nobody_the_date_of_birth",
    ),
    Guard(
        "whoever is not sure is not asked again",
        "crm/conditions.py",
        '    return case.lead.pk not in case.facts.of_others("told_all_they_know")\n',
        "    return True\n",
        "intake/test_not_sure.py::test_whoever_is_not_sure_of_the_relief_is_not_asked_again",
    ),
    Guard(
        "a consultation that was recorded meanwhile is shown first",
        "crm/admin/reviews.py",
        "    if form.is_valid() and not _is_recorded_meanwhile(lead, form):\n",
        "    if form.is_valid():\n",
        "intake/test_older_forms.py::test_a_consultation_that_was_recorded_meanwhile_is_shown_first",
    ),
    Guard(
        "answers that left the questionnaire are counted nowhere",
        "intake/record.py",
        '_listed(given.get("pain_region"), Region)',
        'given.get("pain_region")',
        "intake/test_what_rules_are_handed.py::test_answers_that_left_the_questionnaire_are_not_handed_over",
    ),
]
