"""Who is alive behind the site, by PostgreSQL's clock."""

from datetime import timedelta

import pytest
from celery.signals import task_postrun, task_prerun
from django.db import DatabaseError, InterfaceError
from django.db.models.functions import Now
from django.test import Client

from crm import locations, periodic, worker_rounds
from crm import tasks as crm_tasks
from crm.enums.leads import Pulse
from crm.models import Heartbeat, JobRun, Location
from crm.models.heartbeat import SILENT_AFTER
from crm.ops import heartbeat, metrics
from crm.outbox import delivery
from crm.safety import alert_webhook, alerts
from tests.factories import make_location

pytestmark = pytest.mark.django_db


def let_pass(name: Pulse, time: timedelta) -> None:
    Heartbeat.objects.filter(name=name).update(at=Now() - time)
    locations.forget()


def silent() -> list[str]:
    locations.forget()
    found = locations.main()
    assert found is not None
    return heartbeat.in_words(found.silent)  # type: ignore[attr-defined]  # annotated in queries


def test_a_beat_is_noted_again_and_again_in_one_row() -> None:
    heartbeat.note([Pulse.URGENT, Pulse.SLOW])
    let_pass(Pulse.URGENT, timedelta(hours=1))
    assert heartbeat.seconds_since()["urgent"] == pytest.approx(3600, abs=60)

    heartbeat.note([Pulse.URGENT])

    assert heartbeat.seconds_since()["urgent"] < 60
    assert Heartbeat.objects.count() == 2


def test_nobody_is_told_while_everybody_is_heard(center: Location) -> None:
    heartbeat.note(Pulse)
    let_pass(Pulse.MAIL, SILENT_AFTER - timedelta(seconds=30))

    assert silent() == []


def test_who_is_silent_is_told_the_most_pressing_first(center: Location) -> None:
    heartbeat.note(Pulse)
    for name in Pulse:
        let_pass(name, timedelta(minutes=7, seconds=30))

    assert silent() == [
        "No worker has taken urgent mail (codes, links and alerts) for 7 minutes.",
        "No worker has taken other mail for 7 minutes.",
        "No worker has taken incoming mail, calendars and scans, or all are busy, for 7 minutes.",
        "The clock (beat) has not struck for 7 minutes.",
    ]


def test_every_page_of_the_desk_tells(desk: Client) -> None:
    make_location()
    heartbeat.note(Pulse)
    assert "has not struck" not in desk.get("/admin/").content.decode()
    let_pass(Pulse.BEAT, timedelta(minutes=3))

    for address in ("/admin/", "/admin/board/"):
        page = desk.get(address).content.decode()
        assert "The clock (beat) has not struck for 3 minutes." in page


def test_figures_name_each_heart(client: Client, settings: object) -> None:
    heartbeat.note([Pulse.BEAT, Pulse.URGENT])
    let_pass(Pulse.BEAT, timedelta(seconds=90))

    lines = client.get("/metrics").content.decode().splitlines()

    ages = {line.split()[0]: float(line.split()[1]) for line in lines if line.startswith("nucleus_heartbeat_age")}
    assert set(ages) == {
        'nucleus_heartbeat_age_seconds{name="beat"}',
        'nucleus_heartbeat_age_seconds{name="urgent"}',
    }
    assert ages['nucleus_heartbeat_age_seconds{name="beat"}'] >= 90
    assert metrics.pulses_as_text().endswith("\n")


# --- Rounds ----------------------------------------------------------------------------------------------------------


def test_a_round_looks_after_what_is_urgent_and_says_nothing_of_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """It needs no broker: that it goes on does not show that the worker takes anything."""
    swept: list[None] = []
    monkeypatch.setattr(periodic, "urgent", lambda: swept.append(None))
    Heartbeat.objects.all().delete()

    assert worker_rounds.make_one([Pulse.URGENT, Pulse.SLOW])

    assert (heartbeat.seconds_since(), len(swept)) == ({}, 1)


def test_the_rest_of_the_mail_is_swept_when_no_tick_has_done_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis or the clock is away, or the worker has lost it. Only beside the workers that would have taken the tick."""
    swept: list[None] = []
    monkeypatch.setattr(periodic, "once", lambda: swept.append(None))
    for queues, minutes, found in (
        ([Pulse.MAIL], 0, 0),
        ([Pulse.URGENT, Pulse.SLOW], 2, 0),
        ([Pulse.URGENT, Pulse.MAIL], 2, 1),
        ([Pulse.MAIL], 0, 0),
    ):
        JobRun.objects.update_or_create(
            job=periodic.MESSAGES, defaults={"begun_at": Now() - timedelta(minutes=minutes)}
        )
        assert worker_rounds.make_one(queues)
        assert len(swept) == found
        swept.clear()


# --- Who says it -----------------------------------------------------------------------------------------------------


class Run:
    """A task at work, as Celery's signals hand it over."""

    def __init__(self, queue: str | None, *, eager: bool = False) -> None:
        self.request = self
        self.is_eager = eager
        self.delivery_info = {"exchange": "", "routing_key": queue} if queue else None


@pytest.mark.parametrize(
    ("run", "heard"),
    [
        (Run("slow"), {"slow"}),
        (Run("urgent"), {"urgent"}),
        (Run("mail", eager=True), set()),  # in a web process, which is no worker
        (Run("elsewhere"), set()),
        (Run(None), set()),
    ],
)
def test_a_queue_is_heard_of_when_a_run_of_it_begins_or_ends(run: Run, heard: set[str]) -> None:
    for sign in (task_prerun, task_postrun):
        Heartbeat.objects.all().delete()
        sign.send(sender=run, task=run, task_id="1", args=[], kwargs={})
        assert set(heartbeat.seconds_since()) == heard


@pytest.mark.parametrize("trouble", [DatabaseError, InterfaceError])
def test_whoever_beats_goes_on_without_a_database(trouble: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_names: object) -> None:
        raise trouble

    monkeypatch.setattr(heartbeat, "note", away)
    monkeypatch.setattr(crm_tasks, "close_old_connections", lambda: None)

    crm_tasks._struck()
    crm_tasks.tell_that_a_queue_moves(task=Run("mail"))  # type: ignore[arg-type]


# --- Rounds ----------------------------------------------------------------------------------------------------------


def test_trouble_with_one_path_of_what_is_urgent_does_not_silence_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def fail(**_given: object) -> int:
        raise ZeroDivisionError

    def send(*, classes: object) -> int:
        done.append("sent")
        return 2

    def call() -> int:
        done.append("called")
        return 0

    monkeypatch.setattr(alerts, "escalate", fail)
    monkeypatch.setattr(delivery, "send_due", send)
    monkeypatch.setattr(alert_webhook, "post_due", call)

    assert periodic.urgent() == 2
    assert done == ["sent", "called"]
