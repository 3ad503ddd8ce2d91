"""The guards of sending: one clock, one pace, one truth about each mail, and providers that prove who they are."""

from script.guard import Guard

SENDING_GUARDS = [
    Guard(
        "a cause has one message",
        "crm/migrations/0001_initial.py",
        "one row a reason, at most.', max_length=120, unique=True",
        "one row a reason, at most.', max_length=120",
        "crm/test_emails.py::test_acknowledgement_is_one_a_submission",
    ),
    Guard(
        "what is due the database says",
        "crm/models/message.py",
        "return self.filter(state=MessageState.QUEUED, due_at__lte=Now())",
        "return self.filter(state=MessageState.QUEUED, due_at__lte=timezone.now())",
        "faults/test_clocks.py::test_everything_happens_by_the_databases_clock",
    ),
    Guard(
        "when a lease has run out the database says",
        "crm/models/message.py",
        "lease_until__lt=Now()",
        "lease_until__lt=timezone.now()",
        "faults/test_clocks.py::test_everything_happens_by_the_databases_clock",
    ),
    Guard(
        "hours, caps and last moments are judged by the database's clock",
        "crm/delivery.py",
        "    now: datetime = locked[0].clock  # type",
        "    now = datetime.now().astimezone()  # type",
        "faults/test_clocks.py::test_everything_happens_by_the_databases_clock",
    ),
    Guard(
        "a code begins to live when the database says",
        "crm/delivery.py",
        'now: datetime = getattr(batch[0], "clock", None) or queries.clock()',
        "now = datetime.now().astimezone()",
        "faults/test_clocks.py::test_a_code_is_good_for_ten_minutes_whatever_the_worker_thinks",
    ),
    Guard(
        "a late write is refused",
        "crm/delivery.py",
        "WHERE id = %s AND lease_token = %s AND state = 'sending'",
        "WHERE id = %s AND %s IS NOT NULL",
        "faults/test_storm.py::test_a_worker_cut_off_from_the_database_comes_back_too_late",
    ),
    Guard(
        "a late write is counted",
        "crm/delivery.py",
        "    sending.count_fenced()",
        "",
        "faults/test_storm.py::test_a_worker_cut_off_from_the_database_comes_back_too_late",
    ),
    Guard(
        "only who signs is heard",
        "crm/hooks.py",
        "views[provider].as_view(**{_SECRET[provider]: value})(request)",
        "views[provider].as_view()(request)",
        "crm/test_hooks.py::test_who_does_not_sign_is_refused",
    ),
    Guard(
        "only providers of ours are heard",
        "crm/hooks.py",
        "if provider not in views or not secret:",
        "if provider not in views:",
        "crm/test_hooks.py::test_a_provider_that_is_not_ours_is_nowhere",
    ),
    Guard(
        "a passing bounce is not a dead address",
        "crm/actions/provider_events.py",
        "return Kind.SOFT_BOUNCE if is_passing else Kind.HARD_BOUNCE",
        "return Kind.HARD_BOUNCE",
        "crm/test_hooks.py::test_the_fifth_passing_bounce_stops_and_each_is_told",
    ),
    Guard(
        "a mail is handed over under its own key",
        "crm/provider.py",
        'self._backend.session.headers[header] = mail.extra_headers["Message-ID"]',
        'self._backend.session.headers[header] = "k"',
        "crm/test_provider.py::test_many_mails_take_one_connection_and_keep_their_own_keys",
    ),
    Guard(
        "without keys a lost answer is not repeated",
        "crm/provider.py",
        "can_repeat = self._server.name in KEY_HEADER",
        "can_repeat = True",
        "crm/test_provider.py::test_without_keys_what_nobody_knows_waits_for_a_person",
    ),
    Guard(
        "nobody is watched",
        "crm/provider.py",
        "made.track_opens = made.track_clicks = False",
        "made.track_opens = made.track_clicks = True",
        "crm/test_provider.py::test_nobody_is_watched",
    ),
    Guard(
        "workers share the pace of a domain",
        "crm/pace.py",
        "DomainPace.objects.select_for_update(no_key=True).get(pk=domain)",
        "DomainPace(domain=domain, next_at=now)",
        "crm/test_pace.py::test_workers_share_one_pace",
    ),
]
