"""The guards of sequences that end, change and begin: what is over asks nobody, and what has no effect is said."""

from script.guard import Guard

_CLOSED = "crm/leads/test_closed_requests.py"
_DESK = "crm/desk/test_follow_ups.py"
_CHOICES = "crm/outbox/test_preferences.py::test_what_cannot_be_lifted_here_is_not_offered_and_never_called_done"

SEQUENCE_GUARDS = [
    Guard(
        "records are asked for no more once their stage is over",
        "crm/followups/conditions.py",
        "case.lead.stage != Stage.RECORDS",
        "case.lead.stage == Stage.LOST",
        f"{_CLOSED}::test_records_are_asked_for_no_more_once_their_stage_is_over",
    ),
    Guard(
        "a step that is added behind people is skipped for them",
        "crm/followups/versions.py",
        "        plan.skip_overdue(enrollment, reason=BEHIND, but=overdue, now=stands_at)\n",
        "",
        "crm/desk/test_sequences.py::test_a_step_that_is_added_behind_people_is_skipped_for_them",
    ),
    Guard(
        "of who is paused only what lies behind the pause is skipped",
        "crm/followups/versions.py",
        "enrollment.paused_at or now",
        "now",
        "crm/desk/test_sequences.py::test_of_who_is_paused_only_what_lies_behind_the_pause_is_skipped",
    ),
    Guard(
        "closing a request ends what only served to win it",
        "crm/leads/actions.py",
        "        next_steps.end(locked, now=now)\n",
        "        pass\n",
        f"{_CLOSED}::test_closing_a_request_ends_what_only_served_to_win_it",
    ),
    Guard(
        "of mails that did not arrive only those are let go that a closed request needs no more",
        "crm/leads/next_steps.py",
        "filter(pk__in=mail_of.values(), message_class__in=AUTOMATED)",
        "filter(pk__in=mail_of.values())",
        f"{_CLOSED}::test_of_mails_that_did_not_arrive_those_that_a_request_needs_no_more_are_let_go",
    ),
    Guard(
        "what ended with a request waits again with it",
        "intake/assessment/closing.py",
        "        ended.update(due_at=happening.now, **tasks.ANEW)\n",
        "        assert ended is not None\n",
        "intake/assessment/test_closing.py::test_what_ended_with_the_request_waits_again_with_it",
    ),
    Guard(
        "who is still expected is verified",
        "intake/assessment/closing.py",
        "    elif not next_steps.is_expected(lead):",
        "    elif next_steps:",
        "intake/assessment/test_closing.py::test_who_is_still_expected_is_verified",
    ),
    Guard(
        "no sequence is published that moves a lead where none can go",
        "crm/followups/versions.py",
        "    _refuse_what_never_happens(locked.definition)\n",
        "",
        f"{_CLOSED}::test_a_move_that_can_never_happen_is_neither_saved_nor_published",
    ),
    Guard(
        "nothing is begun by hand that would end at once",
        "crm/followups/enrollment.py",
        "    if ends := conditions.what_ends(found[1],",
        "    if ends := False and conditions.what_ends(found[1],",
        f"{_DESK}::test_what_would_end_at_once_is_not_begun_and_says_why",
    ),
    Guard(
        "what is begun and mails nothing says why",
        "crm/admin/lead/follow_ups.py",
        "            if why := followups.why_no_mail(begun, now=now):",
        "            if why := begun and '':",
        f"{_DESK}::test_what_is_begun_and_mails_nothing_says_why",
    ),
    Guard(
        "whose address takes no mail is not said to get one",
        "crm/patient_portal/conversation.py",
        " and not suppression.answers_are_stopped(lead)",
        "",
        "crm/patient_portal/test_conversation.py::test_where_no_mail_goes_staff_are_told",
    ),
    Guard(
        "what cannot be lifted by a link is not offered there",
        "crm/mail/opt_out.py",
        "        return False\n    return SuppressedBecause.OPT_OUT in reasons or",
        "        return True\n    return reasons or",
        _CHOICES,
    ),
    Guard(
        "no wish to get mail again counts for an address that takes none",
        "crm/mail/opt_out.py",
        "    if SuppressedBecause.BOUNCE in reasons:\n        return False\n",
        "",
        "crm/outbox/test_preferences.py::test_no_wish_to_get_mail_again_counts_for_an_address_that_takes_none",
    ),
    Guard(
        "what has no effect is not called done",
        "crm/outbox/preference_views.py",
        "    if not _may_return(holder, lead):\n        return False\n    opt_out.opt_in(",
        "    opt_out.opt_in(",
        _CHOICES,
    ),
]
