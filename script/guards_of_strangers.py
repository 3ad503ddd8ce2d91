"""Guards against whoever knows somebody's name, address, number and date of birth."""

from script.guard import Guard

_STRANGER = "intake/test_stranger.py"
_KNOWN = "intake/test_known_people.py"

STRANGER_GUARDS = [
    Guard(
        "a typed name and address change nobody's record",
        "intake/actions.py",
        "return known.attach(asked, people.lead) if asked.by else _write_unproven(asked, people)",
        "return known.attach(asked, people.lead)",
        f"{_STRANGER}::test_an_own_address_typed_beside_a_known_name_opens_and_changes_nothing",
    ),
    Guard(
        "only the browser that sent a request changes it",
        "intake/actions.py",
        "form_id=asked.form_id, reference=asked.repeats or None, at__gt",
        "form_id=asked.form_id, at__gt",
        f"{_STRANGER}::test_having_sent_a_form_of_the_same_id_changes_nothing_of_anothers",
    ),
    Guard(
        "nobody chooses the id of somebody else's form",
        "intake/embed.py",
        'not (posted and _is_ours(request.POST.get("token", ""), posted))',
        "not posted",
        f"{_STRANGER}::test_a_frame_takes_no_id_that_somebody_else_chose",
    ),
    Guard(
        "a repeat in somebody else's name is a new request",
        "intake/actions.py",
        "if found is None or (people and people.lead.pk != found.lead_id):",
        "if found is None:",
        f"{_STRANGER}::test_a_repeat_in_somebody_elses_name_is_a_new_request",
    ),
    Guard(
        "nothing routine makes an alert silent",
        "intake/guard.py",
        'kind="urgent " if urgent else ""',
        'kind=""',
        f"{_STRANGER}::test_nothing_routine_makes_an_alert_silent",
    ),
    Guard(
        "how somebody is reached is filled in only by a tick",
        "intake/known.py",
        "names = [name for name in LEAD_FIELDS if name not in IDENTITY]",
        "names = LEAD_FIELDS",
        f"{_KNOWN}::test_no_gap_in_how_somebody_is_reached_is_filled_without_a_tick",
    ),
    Guard(
        "what was sent meanwhile is looked at first",
        "intake/unproven.py",
        "    if seen and seen != latest(held):",
        "    if False:",
        f"{_KNOWN}::test_what_was_sent_meanwhile_is_looked_at_first",
    ),
    Guard(
        "what staff have corrected is not typed over",
        "intake/actions.py",
        "if is_open and getattr(lead, name) == value]",
        "]",
        f"{_STRANGER}::test_what_staff_have_corrected_since_is_not_typed_over",
    ),
    Guard(
        "known and unknown people cost the same",
        "intake/actions.py",
        "    _work_as_for(unknown, asked, sent)\n",
        "",
        f"{_STRANGER}::test_known_and_unknown_people_cost_the_same",
    ),
    Guard(
        "what waits in somebody's name is thrown away after the work",
        "intake/known.py",
        "        if not counts:\n",
        "        if False:\n",
        f"{_STRANGER}::test_whatever_a_stranger_sends_the_record_stays",
    ),
    Guard(
        "requests at once find each other",
        "intake/known.py",
        "    _wait_for_others(email, phone)\n",
        "",
        f"{_STRANGER}::test_twenty_requests_at_once_make_one_lead",
    ),
    Guard(
        "a sign on a later page holds nobody by a typed name",
        "intake/answering.py",
        "    if waits:\n        UnprovenRequest",
        "    if False:\n        UnprovenRequest",
        f"{_STRANGER}::test_a_sign_on_the_pages_after_it_holds_nobody_either",
    ),
    Guard(
        "an address is one however it is spelled",
        "crm/models/lead.py",
        "same |= models.Q(email__iexact=email)",
        "same |= models.Q(email=email)",
        f"{_KNOWN}::test_an_address_is_one_however_it_is_spelled",
    ),
    Guard(
        "no crowd at an address hides anybody",
        "intake/known.py",
        "for pk, first, last in names if",
        "for pk, first, last in names[:20] if",
        f"{_KNOWN}::test_no_crowd_at_an_address_hides_anybody",
    ),
    Guard(
        "what is newer on record stays",
        "intake/known.py",
        "if name not in newer}",
        "if True}",
        f"{_KNOWN}::test_an_older_request_taken_over_later_changes_no_newer_wish",
    ),
    Guard(
        "one open alert a lead",
        "crm/actions/safety.py",
        "alert = known.alert if known else waiting or SafetyAlert(lead=lead, raised_at=now)",
        "alert = known.alert if known else SafetyAlert(lead=lead, raised_at=now)",
        f"{_STRANGER}::test_many_signs_in_one_name_are_one_alert",
    ),
    Guard(
        "a crowd of signs sends no crowd of alerts",
        "intake/guard.py",
        "return bool(MANY & set(self.reasons))",
        "return False",
        f"{_STRANGER}::test_limits_bound_the_alerts_and_never_the_page",
    ),
    Guard(
        "what waits in somebody's name is no answer of theirs",
        "intake/record.py",
        'Submission.objects.counting().filter(lead=lead).order_by("at", "pk")',
        'Submission.objects.filter(lead=lead).order_by("at", "pk")',
        f"{_KNOWN}::test_nothing_counts_before_somebody_has_looked",
    ),
    Guard(
        "what waits in somebody's name is in nobody's copy",
        "intake/personal_data.py",
        "        only=COUNTS,\n",
        "",
        f"{_STRANGER}::test_what_a_stranger_typed_is_in_nobodys_copy",
    ),
    Guard(
        "only who lifts holds sets a warning sign aside",
        "intake/unproven.py",
        "    if held.has_sign and not by.has_perm(MAY_LIFT):",
        "    if False:",
        f"{_KNOWN}::test_only_who_lifts_holds_sets_a_warning_sign_aside",
    ),
]
