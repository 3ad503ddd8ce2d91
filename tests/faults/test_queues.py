"""Real workers of the three queues: what hangs in one holds up nothing in another, and whoever is alive calls."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from django.db.models.functions import Now
from django.test import Client
from pytest_django import Settings

from crm import celery_app, dispatch, periodic
from crm.documents import storage
from crm.enums.documents import DocumentKind, DocumentState
from crm.enums.leads import MessageClass, Pulse
from crm.models import Document, Heartbeat, Lead, Location, Message, PatientLink, SafetyAlert
from crm.ops import exclusive_jobs, heartbeat
from crm.patient_portal import access as patient_access
from crm.safety import alerts
from scheduling.enums import BusyKind
from scheduling.models import BusyCalendar
from script import embedded, system
from tests.factories import make_lead, make_link, make_location, make_message, make_user
from tests.faults import rehearsal
from tests.faults.crowd import zone_of_noon
from tests.faults.far_end import FarEnd, far_end
from tests.scheduling.factories import make_resource

pytestmark = pytest.mark.django_db(transaction=True)

GIVE_UP_SECONDS = 150  # of the run: a busy machine takes its time, and what hangs here hangs for longer
NEVER = "3600"


@pytest.fixture
def center(transactional_db: None) -> Location:
    return make_location(alert_email="desk@example.org")


@pytest.fixture
def far() -> Iterator[FarEnd]:
    with far_end() as end:
        yield end


@pytest.fixture
def broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A Valkey of our own, to which this process publishes."""
    before = celery_app.conf.broker_url
    with embedded.valkey(tmp_path / "valkey") as url:
        _publish_to(url)
        monkeypatch.setattr(dispatch, "_nudges", dispatch._Nudges())
        yield url
    _publish_to(before)


def _publish_to(url: str) -> None:
    celery_app.conf.update(broker_url=url)
    celery_app._after_fork()  # type: ignore[attr-defined]  # forgets the pools of connections


class Hanging:
    """A server that takes connections and never comes to an answer: a letter a second, so that not even a time limit of
    the socket ends it. `open` counts the connections that nobody has given up."""

    def __init__(self, door: socket.socket) -> None:
        self.port: int = door.getsockname()[1]
        self.open = self.taken = 0
        threading.Thread(target=self._admit, args=[door], daemon=True).start()

    def _admit(self, door: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = door.accept()
                self.taken += 1
                self.open += 1
                threading.Thread(target=self._drawl, args=[client], daemon=True).start()

    def _drawl(self, client: socket.socket) -> None:
        client.settimeout(1)
        with suppress(ConnectionError), client:
            while True:
                client.sendall(b"x")
                with suppress(TimeoutError):
                    if not client.recv(65536):
                        break
        self.open -= 1


@contextmanager
def hanging_server() -> Iterator[Hanging]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        yield Hanging(door)


def wait_for(condition: Callable[[], object], what: str) -> None:
    until = time.monotonic() + GIVE_UP_SECONDS
    while not condition():
        assert time.monotonic() < until, f"Never: {what}."
        time.sleep(0.05)


def now() -> datetime:
    return datetime.now(UTC)


def ask_for_a_code(lead: Lead) -> Message:
    make_link(lead, now=now())
    session = patient_access.begin(lead, now=now(), link=PatientLink.objects.get(lead=lead)).session
    assert patient_access.send_code(session, now=now())
    return Message.objects.get(lead=lead, name="code")


def arrived(far: FarEnd, message: Message) -> bool:
    return message.message_id in far.message_ids


# --- What hangs ------------------------------------------------------------------------------------------------------


def test_a_code_leaves_while_calendar_mailbox_and_scanner_hang(
    center: Location, far: FarEnd, broker: str, settings: Settings, tmp_path: Path
) -> None:
    """Every slot of the slow workers is held by a server that never answers, and stays held until the code is there.
    No sweep and no round comes by: it is the nudge that takes it there."""
    settings.DOCUMENTS_DIR = tmp_path / "documents"
    with ExitStack() as stack:
        calendar, mailbox, scanner = hanging = [stack.enter_context(hanging_server()) for _ in range(3)]
        others = {
            "IMAP_URL": f"imap://us:word@127.0.0.1:{mailbox.port}/INBOX",
            "CLAMD_URL": f"tcp://127.0.0.1:{scanner.port}",
            "DOCUMENTS_DIR": str(settings.DOCUMENTS_DIR),
            "ROUND_SECONDS": NEVER,
        }
        url = f"http://127.0.0.1:{calendar.port}/busy.ics"
        for _ in range(9):  # a calendar is given up after a while, and the next one asked
            BusyCalendar.objects.create(resource=make_resource(center), url=url, kind=BusyKind.ICS)
        waiting_for_the_scanner(make_lead(location=center))
        stack.enter_context(rehearsal.clock(far, redis_url=broker, SWEEP_SECONDS=NEVER))
        stack.enter_context(rehearsal.workers(far, "urgent", "mail", "slow", redis_url=broker, **others))
        wait_for(lambda: all(one.open for one in hanging), "calendar, mailbox and scanner hang")
        taken = (mailbox.taken, scanner.taken)

        code = ask_for_a_code(make_lead(location=center, email="b@example.org"))
        wait_for(lambda: arrived(far, code), "the code")

        assert (mailbox.taken, scanner.taken, mailbox.open, scanner.open) == (*taken, 1, 1)
        assert [job for job in ("calendars", "mailbox", "documents") if is_free(job)] == []


def is_free(job: str) -> bool:
    with exclusive_jobs.held(job) as mine:
        return mine


def waiting_for_the_scanner(lead: Lead) -> None:
    body = b"%PDF-1.7"
    document = Document.objects.create(
        lead=lead, name="a.pdf", size=len(body), kind=DocumentKind.OTHER, state=DocumentState.PENDING, scan_at=now()
    )
    storage.append(document.pk, number=0, is_last=True, plain=body, at=0)


# --- Clocks that disagree --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["+3600", "-3600"])
def test_ticks_of_another_machines_clock_are_taken(center: Location, far: FarEnd, broker: str, wrong: str) -> None:
    """Nobody is woken for this mail, and the workers' clock is an hour away from beat's: only the tick brings it."""
    lead = make_lead(location=center, timezone=zone_of_noon())
    mail = make_message(lead, message_class=MessageClass.REMINDER)  # an answer would go with a worker's first round
    assert exclusive_jobs.is_first(periodic.MESSAGES, within=timedelta())  # so that no round sweeps
    theirs = {"LD_PRELOAD": system.false_clock(), "FAKETIME": wrong}

    with (
        rehearsal.clock(far, redis_url=broker),
        rehearsal.workers(far, "mail", redis_url=broker, ROUND_SECONDS=NEVER, **theirs),
    ):
        wait_for(lambda: arrived(far, mail), "the mail")
        wait_for(lambda: set(heartbeat.seconds_since()) == {Pulse.BEAT, Pulse.MAIL}, "both hearts")
        ages = heartbeat.seconds_since()

    assert max(ages.values()) < GIVE_UP_SECONDS
    assert min(ages.values()) >= 0


def test_no_tick_expires() -> None:
    """By whose clock should it?"""
    assert [name for name, entry in celery_app.conf.beat_schedule.items() if entry.get("options")] == []


# --- Whoever is alive calls for help ---------------------------------------------------------------------------------


@pytest.mark.parametrize("queue", ["urgent", "mail", "slow"])
def test_any_worker_calls_the_next_circle_without_a_clock_and_without_redis(
    center: Location, far: FarEnd, queue: str
) -> None:
    late = now() - alerts.ESCALATE_AFTER[0]
    alert = SafetyAlert.objects.create(
        lead=make_lead(location=center), raised_at=late, next_level_at=now() - timedelta(seconds=1)
    )

    with rehearsal.workers(far, queue, redis_url="redis://127.0.0.1:1/0"):
        wait_for(lambda: far.accepted, "the mail of the next level")

    alert.refresh_from_db()
    assert alert.level == 1
    assert [str(mail["To"]) for mail in far.accepted] == ["desk@example.org"]
    assert heartbeat.seconds_since() == {}  # it lives, and takes nothing from its queue


def test_each_queue_is_heard_of_by_its_own_work(center: Location, far: FarEnd, broker: str) -> None:
    with rehearsal.clock(far, redis_url=broker), rehearsal.workers(far, "urgent", "mail", redis_url=broker):
        wait_for(lambda: set(heartbeat.seconds_since()) == {*Pulse} - {Pulse.SLOW}, "all but the one that nobody takes")


def test_mail_leaves_without_a_clock_and_without_redis(center: Location, far: FarEnd) -> None:
    mail = make_message(make_lead(location=center))

    with rehearsal.workers(far, "mail", redis_url="redis://127.0.0.1:1/0"):
        wait_for(lambda: arrived(far, mail), "the mail that nobody waits for")


def test_a_worker_ends_when_its_rounds_have_ended(center: Location, far: FarEnd) -> None:
    """So that its supervisor starts both afresh: a worker without rounds would call nobody once its broker is away."""
    lead = make_lead(location=center)
    with rehearsal.workers(far, "slow", redis_url="redis://127.0.0.1:1/0") as [worker]:
        code = make_message(lead, message_class=MessageClass.ANSWER)
        wait_for(lambda: arrived(far, code), "a round")
        rehearsal.rounds_of(worker).kill()
        _gone, alive = psutil.wait_procs([worker], timeout=GIVE_UP_SECONDS)

    assert alive == []


def test_rounds_end_with_their_worker(center: Location, far: FarEnd) -> None:
    """Even when it is killed: nobody says for it that it is alive."""
    with rehearsal.workers(far, "slow", redis_url="redis://127.0.0.1:1/0") as [worker]:
        wait_for(worker.children, "the first round")
        family = worker.children(recursive=True)
        worker.kill()
        _gone, alive = psutil.wait_procs(family, timeout=GIVE_UP_SECONDS)

    assert alive == []


def test_a_worker_that_is_gone_is_told_at_the_desk_and_in_the_figures(center: Location, client: Client) -> None:
    heartbeat.note(Pulse)
    Heartbeat.objects.filter(name=Pulse.URGENT).update(at=Now() - timedelta(minutes=7, seconds=20))
    client.force_login(make_user("coordinator"))

    page = client.get("/admin/").content.decode()

    assert "No worker has taken urgent mail (codes, links and alerts) for 7 minutes." in page
    assert "has not struck" not in page
