"""The guards of what runs behind the site: two database roles, and workers that do not wait for each other."""

from script.guard import Guard

QUEUE_GUARDS = [
    Guard(
        "migrate acts as the owner of the tables",
        "crm/management/commands/migrate.py",
        "        connection.close()  # the system checks have just used it, as the application\n",
        "",
        "crm/test_migrate.py::test_migrate_makes_everything_as_the_owner_and_lets_the_application_in",
    ),
    Guard(
        "codes do not wait behind what is slow",
        "crm/settings.py",
        '"crm.send_urgent": "urgent",',
        '"crm.send_urgent": "slow",',
        "faults/test_queues.py::test_a_code_leaves_while_calendar_mailbox_and_scanner_hang",
    ),
    Guard(
        "what somebody waits for is urgent",
        "crm/dispatch.py",
        "if message.message_class in URGENT]",
        "if message.message_class not in URGENT]",
        "crm/test_dispatch.py::test_what_somebody_waits_for_has_a_queue_of_its_own",
    ),
    Guard(
        "no tick expires by a machine's clock",
        "crm/settings.py",
        '"sweep": {"task": "crm.sweep_messages", "schedule": 15.0},',
        '"sweep": {"task": "crm.sweep_messages", "schedule": 15.0, "options": {"expires": 15}},',
        "faults/test_queues.py::test_ticks_of_another_machines_clock_are_taken",
    ),
    Guard(
        "whoever is alive calls the next circle",
        "crm/rounds.py",
        "        sweep.urgent()",
        "        pass",
        "faults/test_queues.py::test_any_worker_calls_the_next_circle_without_a_clock_and_without_redis",
    ),
    Guard(
        "nobody says for a dead worker that it lives",
        "crm/rounds.py",
        "while not stopping.is_asked() and os.getppid() == parent:",
        "while not stopping.is_asked():",
        "faults/test_queues.py::test_rounds_end_with_their_worker",
    ),
    Guard(
        "a slow job runs once at a time",
        "crm/alone.py",
        "        return work() if mine else 0",
        "        return work()",
        "crm/test_alone.py::test_a_job_runs_once_at_a_time_and_is_free_when_its_process_dies",
    ),
    Guard(
        "the silence of a worker is told by the database's clock",
        "crm/models/heartbeat.py",
        "at__lt=Now() - SILENT_AFTER",
        "at__lt=Now() - SILENT_AFTER * 10",
        "crm/test_heartbeat.py::test_who_is_silent_is_told_the_most_pressing_first",
    ),
]
