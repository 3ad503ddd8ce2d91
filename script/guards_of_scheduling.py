"""The guards of bookings: whose time it is, who may change it, and what is offered to whom."""

from script.guard import Guard

_AT_ONCE = "scheduling/test_at_once.py"
_BOOKING = "scheduling/test_booking.py"
_CHANGING = "scheduling/test_changing.py"
_MINE = "scheduling/test_my_appointments.py"

SCHEDULING_GUARDS = [
    Guard(
        "claims never overlap",
        "scheduling/migrations/0001_initial.py",
        "ExclusionConstraint(condition=models.Q(('state__in', ('held', 'booked')))",
        "ExclusionConstraint(condition=models.Q(('state', 'nobody'))",
        f"{_AT_ONCE}::test_many_want_one_time_and_one_gets_it",
    ),
    Guard(
        "claims are taken in one order",
        "scheduling/actions/claims.py",
        "in_turn = sorted(resources)",
        "in_turn = list(resources); __import__('random').shuffle(in_turn)",
        f"{_AT_ONCE}::test_provider_and_room_asked_for_in_both_orders",
    ),
    Guard(
        "an old page moves nothing",
        "scheduling/actions/changing.py",
        "if locked.version != version or not locked.stands:",
        "if not locked.stands:",
        f"{_CHANGING}::test_an_old_page_moves_nothing",
    ),
    Guard(
        "a hold is its owner's",
        "scheduling/actions/claims.py",
        "hold=name, held_by=held_by, state=ClaimState.HELD, hold_expires_at__gt=Now(), lead=lead",
        "hold=name, state=ClaimState.HELD, hold_expires_at__gt=Now()",
        f"{_BOOKING}::test_a_hold_is_kept_by_its_owner_alone",
    ),
    Guard(
        "what others hold is not offered",
        "scheduling/availability.py",
        "AND (state <> 'held' OR hold_expires_at > statement_timestamp() AND held_by <> %(held_by)s)",
        "AND (state <> 'held' OR %(held_by)s IS NULL)",
        f"{_BOOKING}::test_a_hold_is_not_offered_to_others",
    ),
    Guard(
        "a safety hold blocks booking",
        "scheduling/actions/booking.py",
        "    check_hold(lead, by=wanted.by)",
        "    pass",
        f"{_BOOKING}::test_a_safety_hold_blocks_every_booking",
    ),
    Guard(
        "a booking is looked up on the server",
        "scheduling/actions/booking.py",
        "    found = availability.at_start(wanted.question(), wanted.start, now=now)\n    if found:",
        "    found = Free(wanted.start, wanted.start, ((wanted.kind.providers.get().pk, None),))\n    if found:",
        f"{_BOOKING}::test_a_forged_request_books_nothing",
    ),
    Guard(
        "only some book alone",
        "scheduling/actions/booking.py",
        "    if wanted.by is None and wanted.moving is None and not may_book_alone(lead, wanted.kind):",
        "    if False:",
        f"{_BOOKING}::test_only_some_book_alone",
    ),
    Guard(
        "a patient's deadline",
        "scheduling/actions/changing.py",
        "    if by is None and now > appointment.starts_at - timedelta(minutes=minutes):",
        "    if False:",
        f"{_CHANGING}::test_past_its_deadline_only_the_desk_cancels",
    ),
    Guard(
        "over-booking wants a permission",
        "scheduling/actions/booking.py",
        'if wanted.over and not (wanted.by and wanted.by.has_perm("scheduling.overbook")):',
        "if False:",
        f"{_BOOKING}::test_over_booking_wants_a_permission_and_a_reason",
    ),
    Guard(
        "nobody misses what has not begun",
        "scheduling/actions/attendance.py",
        "if to == Status.NOSHOW and now < locked.starts_at:",
        "if False:",
        f"{_CHANGING}::test_nobody_misses_what_has_not_begun",
    ),
    Guard(
        "a move calls old reminders off",
        "scheduling/mails.py",
        '    """After a move: everything that was planned is for another time."""\n'
        "    MessageTopic.objects.filter(pk=appointment.topic_id).update(version=appointment.version, live=True)",
        '    """After a move: everything that was planned is for another time."""',
        f"{_CHANGING}::test_a_move_calls_the_old_reminders_off",
    ),
    Guard(
        "an appointment is its patient's",
        "scheduling/patients.py",
        "return get_object_or_404(queries.of_lead(request.patient.lead), pk=appointment_id)",
        "return get_object_or_404(Appointment, pk=appointment_id)",
        f"{_MINE}::test_nobody_sees_anothers_appointment",
    ),
    Guard(
        "only the patient sees appointments",
        "scheduling/patients.py",
        "        if not request.patient.is_the_patient:\n            return redirect",
        "        if False:\n            return redirect",
        f"{_MINE}::test_only_the_patient_sees_them",
    ),
    Guard(
        "a calendar is its location's",
        "scheduling/admin/calendar.py",
        'Location.objects.filter(in_sight(user, location="pk"), is_active=True)',
        "Location.objects.filter(is_active=True)",
        "scheduling/test_desk_appointments.py::test_another_locations_calendar_is_not_shown",
    ),
    Guard(
        "a closed time is left even at the same hour",
        "scheduling/actions/changing.py",
        "is_where_it_is and locked.rebook_since is None",
        "is_where_it_is",
        "scheduling/test_closed.py::test_the_same_time_with_somebody_else_ends_the_wait",
    ),
    Guard(
        "nobody is in two places at once",
        "scheduling/actions/booking.py",
        "if other.starts_at < end and other.ends_at > start:",
        "if False:",
        "scheduling/test_what_follows.py::test_nobody_is_in_two_places_at_once",
    ),
    Guard(
        "a hold of one kind books no other",
        "scheduling/actions/claims.py",
        'Claim.objects.filter(held_by=values["held_by"], lead=values["lead_id"], kind=values["kind"])',
        'Claim.objects.filter(held_by=values["held_by"], lead=values["lead_id"])',
        "scheduling/test_what_follows.py::test_a_hold_of_one_kind_books_no_other",
    ),
    Guard(
        "a patient keeps one time",
        "scheduling/actions/claims.py",
        '    list(Lead.objects.select_for_update(no_key=True).filter(pk=values["lead_id"]).values_list("pk"))\n',
        "",
        f"{_AT_ONCE}::test_a_second_press_waits_for_the_first",
    ),
    Guard(
        "nobody confirms a closed time",
        "scheduling/actions/attendance.py",
        "if locked.rebook_since and by is None:",
        "if False:",
        "scheduling/test_closed.py::test_nobody_confirms_a_time_that_is_closed",
    ),
    Guard(
        "one bad calendar stops no other",
        "scheduling/busy.py",
        "except Exception as trouble:  # whatever an address answers",
        "except Unreadable as trouble:  # whatever an address answers",
        "scheduling/test_hostile_calendars.py::test_trouble_of_our_own_stops_no_other_calendar",
    ),
    Guard(
        "an over-booking covers the overlap alone",
        "scheduling/actions/booking.py",
        "    claims.take_over(wanted.provider, span, appointment_id=pk)\n",
        "    take([wanted.provider], state=ClaimState.EXTRA)\n",
        "scheduling/test_over_booking.py::test_an_over_booking_covers_the_overlap_alone",
    ),
    Guard(
        "over-booked time stays taken when the other goes",
        "scheduling/actions/claims.py",
        "    if former:\n        there",
        "    if former and former is None:\n        there",
        "scheduling/test_over_booking.py::test_who_was_booked_over_goes_and_the_time_stays_taken",
    ),
    Guard(
        "a time that we called off is offered to nobody",
        "scheduling/actions/changing.py",
        "        rebooking.keep_closed(locked, by=by)\n",
        "        waitlist.on_freed(locked, locked.starts_at)\n",
        "scheduling/test_called_off.py"
        "::test_a_time_that_we_called_off_is_offered_to_nobody_until_it_is_opened",
    ),
    Guard(
        "an offer is withdrawn with the wish",
        "scheduling/actions/waitlist.py",
        "    _withdraw_mail(entry)\n    entry.state = state",
        "    entry.state = state",
        "scheduling/test_waiting.py::test_an_offer_that_is_withdrawn_is_not_mailed",
    ),
]
