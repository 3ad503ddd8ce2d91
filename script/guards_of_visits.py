"""The guards of visits: what becomes of them and of those who wait, and what patients are told."""

from script.guard import Guard

VISIT_GUARDS = [
    Guard(
        "who was booked over is given another room",
        "scheduling/availability.py",
        "own.state = 'booked' AND own.during @> scheduling_claim.during",
        "own.state = 'nobody'",
        "scheduling/test_over_booking.py::test_who_was_booked_over_is_given_another_room",
    ),
    Guard(
        "what is opened is offered to whoever waits",
        "scheduling/actions/openings.py",
        "            waitlist.remember(*line, start, by=None)\n",
        "            pass\n",
        "scheduling/test_wishes.py::test_an_extra_morning_is_offered_to_whoever_waits",
    ),
    Guard(
        "what was open before is not offered anew",
        "scheduling/actions/openings.py",
        "sorted(starts - before.get(line, starts))",
        "sorted(starts)",
        "scheduling/test_wishes.py::test_what_was_open_before_is_not_offered_anew",
    ),
    Guard(
        "a wish for an earlier time ends with the visit",
        "scheduling/actions/waitlist.py",
        "    _end_past_wishes(now=now)\n",
        "",
        "scheduling/test_wishes.py::test_a_wish_for_an_earlier_time_ends_with_the_visit",
    ),
    Guard(
        "reminders follow a corrected clock",
        "scheduling/mails.py",
        "            _plan_reminders_anew(appointment, now=happening.now)\n",
        "            pass\n",
        "scheduling/test_details_changed.py::test_no_reminder_goes_out_before_seven_on_the_corrected_clock",
    ),
    Guard(
        "nobody is told a deadline that is past",
        "scheduling/mails.py",
        'if until > at else ""',
        'if until else ""',
        "scheduling/test_as_it_is.py::test_nobody_is_told_a_deadline_that_is_past",
    ),
    Guard(
        "no deadline binds whose time we took",
        "scheduling/actions/changing.py",
        "by is None and appointment.rebook_since is None and now",
        "by is None and now",
        "scheduling/test_as_it_is.py::test_no_deadline_binds_whose_time_we_took",
    ),
    Guard(
        "cancel pressed twice is pressed once",
        "scheduling/my.py",
        "    if _was_this_press(request, made):\n",
        "    if False:\n",
        "scheduling/test_as_it_is.py::test_cancel_pressed_twice_is_pressed_once",
    ),
    Guard(
        "visits that nobody marked are listed",
        "scheduling/work.py",
        '    registry.worklist(title="What came of these visits?", permission=see, render=unmarked, order=21)\n',
        "",
        "scheduling/test_yesterday.py::test_what_nobody_marked_is_listed_from_the_next_day_on",
    ),
    Guard(
        "whom we are to call gives a number first",
        "scheduling/choosing.py",
        "    if kind.lacks_number(lead):\n",
        "    if False:\n",
        "scheduling/test_number.py::test_whom_we_are_to_call_gives_a_number_before_a_time_is_chosen",
    ),
    Guard(
        "a number that came meanwhile stays",
        "scheduling/choosing.py",
        '    if "phone" in request.POST:  # the press before this one gave it\n',
        '    if "phone" in request.POST:\n        return _ask_number(request, kind)\n',
        "scheduling/test_number.py::test_a_number_that_came_meanwhile_stays",
    ),
    Guard(
        "no mail promises a call without a number",
        "scheduling/mails.py",
        '"has_number": not appointment.kind.lacks_number(lead)',
        '"has_number": True',
        "scheduling/test_number.py::test_mails_about_a_call_say_that_there_is_no_number",
    ),
    Guard(
        "nobody without a number is offered a call",
        "scheduling/actions/waitlist.py",
        "    if moving is None and entry.kind.lacks_number(entry.lead):\n        return False\n",
        "",
        "scheduling/test_number.py::test_who_has_no_number_any_more_is_offered_no_call",
    ),
    Guard(
        "a holiday that is taken out is offered",
        "scheduling/actions/openings.py",
        "    with new_times(now=now):\n",
        "    for _once in [now]:\n",
        "scheduling/test_wishes.py::test_a_holiday_that_is_taken_out_is_offered_to_whoever_waits",
    ),
    Guard(
        "another location flags on the page",
        "scheduling/admin/resources.py",
        " + rebooking.flag_of_nobody(now=timezone.now())",
        "",
        "scheduling/test_the_world_changes.py"
        "::test_who_is_given_another_location_on_the_page_is_flagged_at_once_and_the_administrator_is_told",
    ),
    Guard(
        "whose reminder was held back is called",
        "scheduling/work.py",
        "        is_soon | Q(held_back), status",
        "        is_soon, status",
        "scheduling/test_reached.py::test_whose_reminder_was_held_back_is_called_once",
    ),
]
