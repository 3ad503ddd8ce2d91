"""The guards of the rules: what is asked of a record, when, and what no rule lowers."""

from script.guard import Guard

ASSESSMENT_GUARDS = [
    Guard(
        "a rough answer grows older from the day on which it was given",
        "intake/assessment/answer_history.py",
        '{"date": told_on - timedelta(days=days)}',
        '{"date": today - timedelta(days=days)}',
        "intake/assessment/test_time_passes.py::test_a_rough_onset_grows_older_from_the_day_on_which_it_was_given",
    ),
    Guard(
        "no day is missed on which the rules say something else",
        "intake/rules/next_day.py",
        "grows = any(_goes_on(trial, case.today) for trial in case.adequate)",
        "grows = False",
        "intake/rules/test_next_day.py::test_care_that_goes_on_completes_what_had_to_end_early",
    ),
    Guard(
        "a lead is asked at its own midnight",
        "intake/assessment/actions.py",
        "datetime.combine(turns_on, time(), tzinfo=ZoneInfo(lead.timezone))",
        'datetime.combine(turns_on, time(), tzinfo=ZoneInfo("UTC"))',
        "intake/assessment/test_time_passes.py::test_a_lead_is_asked_at_its_own_midnight_and_not_before",
    ),
    Guard(
        "time puts no re-check off",
        "intake/assessment/actions.py",
        "promised = locked.recheck_on if time_passed else None",
        "promised = None",
        "intake/assessment/test_time_passes.py::test_asking_because_time_passed_moves_no_recheck_later",
    ),
    Guard(
        "a lead that cannot be asked holds up no other",
        "intake/assessment/time_passes.py",
        "NextAsk.objects.filter(pk=lead_id).update(due_at=now + AGAIN_AFTER)",
        "raise",
        "intake/assessment/test_time_passes.py::test_one_that_cannot_be_asked_holds_up_no_other",
    ),
    Guard(
        "who is closed is not asked because time passed",
        "intake/assessment/time_passes.py",
        "    if lead.stage in LEFT_OUT:\n",
        "    if False:\n",
        "intake/assessment/test_time_passes.py::test_who_is_closed_or_a_patient_is_left_out_until_they_come_back",
    ),
    Guard(
        "a re-check that has come is promised no more",
        "intake/assessment/today.py",
        "            return promised if promised > self.on else None",
        "            return promised",
        "intake/assessment/test_time_passes.py::test_a_recheck_that_has_passed_is_no_promise",
    ),
    # The rules
    Guard(
        'a "not sure" about an emergency sign is urgent',
        "intake/rules/candidacy.py",
        'signs(A_SIGNS, "yes", "unsure")',
        'signs(A_SIGNS, "yes")',
        "intake/rules/test_candidacy.py::test_any_emergency_sign_is_urgent",
    ),
    Guard(
        "overlapping treatments count a day once",
        "intake/rules/adequate_trials.py",
        "first = max(period.first, reached)",
        "first = period.first",
        "intake/rules/test_candidacy_properties.py::test_the_same_treatments_told_twice_add_no_day",
    ),
    Guard(
        "care is counted for a year and no longer",
        "intake/rules/adequate_trials.py",
        "LOOK_BACK_DAYS = 365",
        "LOOK_BACK_DAYS = 366",
        "intake/rules/test_candidacy_oracle.py::test_both_agree_on_everything",
    ),
    Guard(
        "a rough date never counts too long",
        "intake/rules/adequate_trials.py",
        "start = last_day(entry.start, entry.start_precision)",
        "start = first_day(entry.start, entry.start_precision)",
        "intake/rules/test_candidacy.py::test_rough_dates_never_count_too_long",
    ),
    Guard(
        "an urgent lead stays urgent under a hold",
        "intake/assessment/actions.py",
        "    if lead.safety_hold:\n        return Outcome.URGENT\n",
        "",
        "intake/assessment/test_assessments.py::test_an_urgent_lead_stays_urgent_whatever_is_said_later",
    ),
    Guard(
        "URGENT is lowered only by a second person",
        "intake/assessment/actions.py",
        "    if rules == Outcome.URGENT and outcome != Outcome.URGENT:\n",
        "    if False:\n",
        "intake/assessment/test_assessments.py::test_urgent_is_lowered_only_by_a_second_person",
    ),
    Guard(
        "one press asks the rules once",
        "intake/registration.py",
        "assessments.on_event, once_a_press=True)",
        "assessments.on_event)",
        "intake/assessment/test_latest.py::test_three_treatments_of_one_press_are_one_assessment",
    ),
    # The private page
    Guard(
        "a browser that is not proven sees only its own",
        "intake/assessment/answer_history.py",
        "    return told_by(session.lead) if session.sees_record else _told_on(own_submissions(session))",
        "    return told_by(session.lead)",
        "intake/portal/test_my.py::test_a_browser_that_is_not_proven_sees_only_its_own",
    ),
]
