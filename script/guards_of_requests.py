"""The guards of the request, the assessment and the private page. script/guards.py holds those of crm's base."""

from script.guard import Guard

REQUEST_GUARDS = [
    # The rules
    Guard(
        'a "not sure" about an emergency sign is urgent',
        "intake/candidacy.py",
        'signs(A_SIGNS, "yes", "unsure")',
        'signs(A_SIGNS, "yes")',
        "intake/test_candidacy.py::test_any_emergency_sign_is_urgent",
    ),
    Guard(
        "overlapping treatments count a day once",
        "intake/trials.py",
        "first = max(period.first, reached)",
        "first = period.first",
        "intake/test_candidacy_properties.py::test_the_same_treatments_told_twice_add_no_day",
    ),
    Guard(
        "care is counted for a year and no longer",
        "intake/trials.py",
        "LOOK_BACK_DAYS = 365",
        "LOOK_BACK_DAYS = 366",
        "intake/test_candidacy_oracle.py::test_both_agree_on_everything",
    ),
    Guard(
        "a rough date never counts too long",
        "intake/trials.py",
        "start = last_day(entry.start, entry.start_precision)",
        "start = first_day(entry.start, entry.start_precision)",
        "intake/test_candidacy.py::test_rough_dates_never_count_too_long",
    ),
    Guard(
        "an urgent lead stays urgent under a hold",
        "intake/assessments.py",
        "    if lead.safety_hold:\n        return Outcome.URGENT\n",
        "",
        "intake/test_assessments.py::test_an_urgent_lead_stays_urgent_whatever_is_said_later",
    ),
    Guard(
        "URGENT is lowered only by a second person",
        "intake/assessments.py",
        "lowers = assessment.outcome == Outcome.URGENT",
        "lowers = False",
        "intake/test_assessments.py::test_urgent_is_lowered_only_by_a_second_person",
    ),
    # Known people
    Guard(
        "a household is not merged",
        "intake/actions.py",
        "if name_key(lead.first_name, lead.last_name) == name), None)",
        "), None)",
        "intake/test_known_people.py::test_another_name_or_another_address_is_another_lead",
    ),
    Guard(
        "a stranger cannot overwrite a known number",
        "intake/actions.py",
        "if name in WISHES or not getattr(lead, name):",
        "if True:",
        "intake/test_known_people.py::test_another_number_is_told_to_staff_and_not_taken_over",
    ),
    # Safety
    Guard(
        "an alert that nobody answers is escalated",
        "crm/actions/safety.py",
        "later = alert.level < len(ESCALATE_AFTER)",
        "later = False",
        "crm/test_safety.py::test_it_is_escalated_after_fifteen_and_thirty_minutes",
    ),
    Guard(
        "no hold is lifted without a note",
        "crm/actions/safety.py",
        "if not note.strip():",
        "if False:",
        "crm/test_safety.py::test_a_hold_is_lifted_with_a_note_after_an_answer",
    ),
    Guard(
        "trouble with alerts silences no mail",
        "crm/sweep.py",
        "except Exception as trouble:",
        "except ZeroDivisionError as trouble:",
        "crm/test_safety.py::test_trouble_with_the_database_of_alerts_silences_no_mail",
    ),
    # The private page
    Guard(
        "nothing is shown before the second factor",
        "crm/private.py",
        "if not session.is_proven and (reads or not session.may_write):",
        "if False:",
        "crm/test_patient_access.py::test_nothing_is_shown_before_the_second_factor",
    ),
    Guard(
        "a browser that is not proven sees only its own",
        "intake/record.py",
        "    if session.is_proven:\n        return current_answers(session.lead)\n",
        "    return current_answers(session.lead)\n",
        "intake/test_my.py::test_a_browser_that_is_not_proven_sees_only_its_own",
    ),
    Guard(
        "five wrong codes end the session",
        "crm/patient_access.py",
        "elif any(code.tries + 1 >= MOST_TRIES for code in codes):",
        "elif False:",
        "crm/test_patient_access.py::test_many_tries_at_once_count_as_many",
    ),
    Guard(
        "a code belongs to its session",
        "crm/patient_access.py",
        "select_for_update().filter(session=session, expires_at__gt=now)",
        "select_for_update().filter(expires_at__gt=now)",
        "crm/test_patient_access.py::test_tries_count_in_their_own_session_only",
    ),
    Guard(
        "no stored mail opens anything",
        "crm/patient_access.py",
        "filled = copy.copy(message)",
        "filled = message",
        "crm/test_patient_access.py::test_filling_in_leaves_the_message_as_it_was",
    ),
    Guard(
        "a link lives for seven days",
        "crm/patient_access.py",
        "revoked_at__isnull=True, expires_at__gt=now, purpose=purpose)",
        "revoked_at__isnull=True, purpose=purpose)",
        "crm/test_patient_access.py::test_a_link_lives_for_seven_days",
    ),
    # The door
    Guard(
        "no suspicion holds an emergency back",
        "intake/views.py",
        "    if form.is_emergency:\n        return _emergency(request, form, centre)\n",
        "",
        "intake/test_guard.py::test_no_suspicion_holds_an_emergency_back",
    ),
    Guard(
        "what looks made by a machine is held",
        "intake/views.py",
        "    if verdict.reasons:\n",
        "    if False:\n",
        "intake/test_guard.py::test_what_looks_made_by_a_machine_is_held",
    ),
    Guard(
        "only our own proxies are believed",
        "intake/guard.py",
        "passed[-min(settings.TRUSTED_PROXIES, len(passed))]",
        "passed[0]",
        "intake/test_guard.py::test_only_our_own_proxies_are_believed",
    ),
    Guard(
        "what got lost shows in the balance",
        "intake/quarantine.py",
        'received=Count("pk"),',
        'received=Count("pk", filter=Q(asked=True) | Q(waits=True)),',
        "intake/test_guard.py::test_what_got_lost_shows",
    ),
    Guard(
        "a solution is for one request",
        "intake/proof.py",
        "if named != str(submission_id) or not",
        "if not",
        "intake/test_guard.py::test_a_solution_is_for_one_request_and_for_a_while",
    ),
    Guard(
        "no sum outweighs a trap",
        "intake/quarantine.py",
        "return held if held and set(held.reasons) <= OUTWEIGHED else None",
        "return held",
        "intake/test_guard.py::test_no_sum_outweighs_a_trap",
    ),
    Guard(
        "a broken database keeps nobody from the emergency page",
        "intake/views.py",
        "except DatabaseError as trouble:",
        "except ZeroDivisionError as trouble:",
        "intake/test_views.py::test_a_warning_sign_leads_to_emergency_care_even_when_nothing_can_be_stored",
    ),
]
