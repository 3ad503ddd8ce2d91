"""What docs/delivery.md promises, with real processes that die, hang and are told to stop. Large: script/faults."""

import http.client
import itertools
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import pytest
from django.utils import timezone
from pytest_django import Settings

from crm.enums.leads import MessageState, OnUnknown, TaskKind
from crm.models import Lead, Location, Message, Task
from crm.outbox import delivery
from intake.models import Submission
from scheduling.actions import booking, changing
from scheduling.models import Appointment
from script import embedded
from tests.factories import make_lead, make_location, make_message, stranger
from tests.faults import rehearsal
from tests.faults.far_end import SILENCE, FarEnd, far_end
from tests.scheduling.factories import make_kind, make_patient, make_resource, wish

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def far(settings: Settings) -> Iterator[FarEnd]:
    with far_end() as end:
        settings.MAIL_SERVER = end.server
        yield end


@pytest.fixture
def center(transactional_db: None) -> Location:
    return make_location()


def states() -> Counter[str]:
    return Counter(Message.objects.values_list("state", flat=True))


# --- The broker is refused, hung or gone while requests arrive -------------------------------------------------------


@contextmanager
def refused() -> Iterator[str]:
    yield f"redis://127.0.0.1:{embedded.free_port()}/0"


@contextmanager
def hung() -> Iterator[str]:
    """Takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield f"redis://127.0.0.1:{silent.getsockname()[1]}/0"


@contextmanager
def stopped() -> Iterator[str]:
    """A Redis that froze: the kernel takes connections for it, and nothing is answered."""
    with TemporaryDirectory() as directory, embedded.valkey(Path(directory)) as url, rehearsal.frozen(url):
        yield url


def post_at_once(site: rehearsal.Site, *, people: int, each: int, names: str = "p") -> list[tuple[int, float]]:
    """`people` browsers that send `each` requests one after another, all at the same time."""
    answers: list[tuple[int, float]] = []

    def one(person: int) -> None:
        for number in range(each):
            answers.append(site.post(stranger(email=f"{names}{person}.{number}@example.org")))

    threads = [threading.Thread(target=one, args=[person]) for person in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.parametrize("broker", [refused, hung, stopped])
def test_every_post_succeeds_whatever_the_broker_does(center: Location, far: FarEnd, broker: object) -> None:
    """And is answered no later than by a site whose Redis lives: half of the posts are quicker than its slowest."""
    assert callable(broker)
    with (
        TemporaryDirectory() as directory,
        embedded.valkey(Path(directory)) as alive,
        rehearsal.site(far, redis_url=alive) as site,
    ):
        control = post_at_once(site, people=4, each=5, names="c")
    with broker() as url, rehearsal.site(far, redis_url=url) as site:
        answers = post_at_once(site, people=4, each=5)

    assert Counter(status for status, _ in [*control, *answers]) == {302: 40}
    assert median(seconds for _, seconds in answers) <= max(seconds for _, seconds in control)
    assert (Lead.objects.count(), states()) == (40, {"queued": 40})

    assert delivery.send_due() == 40

    assert states() == {"sent": 40}
    assert sorted(far.message_ids) == sorted(Message.objects.values_list("message_id", flat=True))


def test_mails_leave_by_themselves_when_the_broker_is_back(center: Location, far: FarEnd, tmp_path: Path) -> None:
    port = embedded.free_port()
    url = f"redis://127.0.0.1:{port}/0"
    with ExitStack() as redis:
        redis.enter_context(embedded.valkey(tmp_path / "valkey", port=port))
        with rehearsal.worker(far, redis_url=url), rehearsal.site(far, redis_url=url) as site:
            before = post_at_once(site, people=2, each=2)
            assert rehearsal.wait_until_settled(seconds=20)
            redis.close()
            meanwhile = post_at_once(site, people=2, each=2)
            redis.enter_context(embedded.valkey(tmp_path / "valkey", port=port))

            assert rehearsal.wait_until_settled(seconds=30)

    assert Counter(status for status, _ in before + meanwhile) == {302: 8}
    assert states() == {"sent": 8}
    assert len(far.message_ids) == len(set(far.message_ids)) == 8


def test_the_same_form_from_two_browsers_at_once_is_one_lead(center: Location, far: FarEnd) -> None:
    form = stranger(submission_id=str(uuid.uuid4()))
    statuses: list[int] = []
    with rehearsal.site(far, redis_url="redis://127.0.0.1:1/0") as site:
        clicks = [threading.Thread(target=lambda: statuses.append(site.post(form)[0])) for _ in range(6)]
        for click in clicks:
            click.start()
        for click in clicks:
            click.join()

    assert statuses == [302] * 6
    assert (Lead.objects.count(), Submission.objects.count(), Message.objects.count()) == (1, 1, 1)


# --- Workers that die ------------------------------------------------------------------------------------------------


LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def recover() -> None:
    """What the sweeps do once the dead worker's lease has run out, until nothing is due any more."""
    Message.objects.filter(lease_until__isnull=False).update(lease_until=LONG_AGO)
    delivery.send_due()
    Message.objects.filter(state=MessageState.QUEUED).update(due_at=LONG_AGO)
    delivery.send_due()


@pytest.mark.parametrize("policy", OnUnknown)
def test_worker_killed_between_claim_and_send_loses_nothing(center: Location, far: FarEnd, policy: OnUnknown) -> None:
    message = make_message(make_lead(location=center), on_unknown=policy)

    assert rehearsal.send_once(far, DIE_AT="claimed").returncode == -signal.SIGKILL
    assert (states(), far.accepted) == ({"sending": 1}, [])
    recover()

    assert (states(), far.message_ids) == ({"sent": 1}, [message.message_id])


@pytest.mark.parametrize(("death", "arrived"), [("in_data", 0), ("accepted", 1)])
def test_worker_killed_while_handing_over_sends_an_answer_again(
    center: Location, far: FarEnd, death: str, arrived: int
) -> None:
    message = make_message(make_lead(location=center), on_unknown=OnUnknown.RESEND)

    assert rehearsal.send_once(far, DIE_AT=death).returncode == -signal.SIGKILL
    assert (states(), len(far.accepted)) == ({"in_data": 1}, arrived)
    recover()

    assert states() == {"sent": 1}
    assert far.message_ids == [message.message_id] * (arrived + 1)


@pytest.mark.parametrize(("death", "arrived"), [("in_data", 0), ("accepted", 1)])
def test_worker_killed_while_handing_over_parks_a_follow_up(
    center: Location, far: FarEnd, death: str, arrived: int
) -> None:
    make_message(make_lead(location=center), on_unknown=OnUnknown.PARK)

    assert rehearsal.send_once(far, DIE_AT=death).returncode == -signal.SIGKILL
    recover()

    assert (states(), len(far.accepted)) == ({"unknown": 1}, arrived)
    assert Task.objects.get().kind == TaskKind.MAIL_PROBLEM


def reminder(center: Location) -> tuple[Appointment, Message]:
    """An appointment in two weeks, and its first reminder, due now; no other mail waits."""
    start = (timezone.now() + timedelta(days=14)).replace(hour=15, minute=0, second=0, microsecond=0)
    rule = (range(7), clock(0), clock(0))
    wanted = wish(make_patient(center), make_kind(make_resource(center, rules=[rule])), start)
    made = booking.book(wanted, now=timezone.now())
    Message.objects.exclude(name="appointment_reminder").delete()
    first = Message.objects.order_by("due_at")[0]
    Message.objects.exclude(pk=first.pk).delete()
    Message.objects.update(due_at=LONG_AGO)
    return made, first


@pytest.mark.parametrize(("death", "arrived"), [("in_data", 0), ("accepted", 1)])
def test_a_reminder_whose_worker_is_killed_mid_send_goes_again_as_the_same(
    center: Location, far: FarEnd, death: str, arrived: int
) -> None:
    _made, first = reminder(center)

    assert rehearsal.send_once(far, DIE_AT=death).returncode == -signal.SIGKILL
    recover()

    assert states() == {"sent": 1}
    assert far.message_ids == [first.message_id] * (arrived + 1)


def test_a_reminder_whose_worker_is_killed_is_not_sent_after_a_move(center: Location, far: FarEnd) -> None:
    made, first = reminder(center)

    assert rehearsal.send_once(far, DIE_AT="in_data").returncode == -signal.SIGKILL
    later = made.starts_at + timedelta(days=1)
    changing.reschedule(made, start=later, version=1, held_by="", by=None, now=timezone.now())
    recover()

    assert first.message_id not in far.message_ids


def test_a_reminder_with_two_sweeps_goes_once(center: Location, far: FarEnd) -> None:
    _made, first = reminder(center)
    command, variables = [sys.executable, "manage.py", "send_due"], rehearsal.environment(far)

    runs = [subprocess.Popen(command, cwd=rehearsal.ROOT, env=variables, stdout=subprocess.PIPE) for _ in range(2)]
    for run in runs:
        run.communicate(timeout=60)

    assert (states(), far.message_ids) == ({"sent": 1}, [first.message_id])


def test_two_send_due_at_once_send_no_mail_twice(center: Location, far: FarEnd) -> None:
    lead = make_lead(location=center)
    for _ in range(120):
        make_message(lead, on_unknown=OnUnknown.PARK)
    far.delay_seconds = 0.005
    command = [sys.executable, "manage.py", "send_due"]
    variables = rehearsal.environment(far)

    runs = [subprocess.Popen(command, cwd=rehearsal.ROOT, env=variables, stdout=subprocess.PIPE) for _ in range(2)]
    counts = [int(run.communicate(timeout=60)[0].split()[-2]) for run in runs]

    assert states() == {"sent": 120}
    assert len(far.message_ids) == len(set(far.message_ids)) == sum(counts) == 120
    assert min(counts) > 0


# --- Being told to stop ----------------------------------------------------------------------------------------------


def test_worker_told_to_stop_gives_back_what_it_had_not_begun(center: Location, far: FarEnd, tmp_path: Path) -> None:
    lead = make_lead(location=center)
    for _ in range(30):
        make_message(lead, on_unknown=OnUnknown.PARK)
    far.delay_seconds = 0.1

    with embedded.valkey(tmp_path) as url, rehearsal.worker(far, redis_url=url) as worker:
        rehearsal.wait_until_busy(far, seconds=60)
        took = worker.stop()

    assert took < rehearsal.KILLED_AFTER
    assert states() == {"sent": len(far.accepted), "queued": 30 - len(far.accepted)}
    assert 0 < len(far.accepted) < 30


def test_worker_told_to_stop_does_not_wait_for_a_silent_server(center: Location, far: FarEnd, tmp_path: Path) -> None:
    """Which it would wait for until long after it is killed."""
    message = make_message(make_lead(location=center), on_unknown=OnUnknown.PARK)
    far.will_say("RCPT", SILENCE)

    with embedded.valkey(tmp_path) as url, rehearsal.worker(far, redis_url=url, STEP_SECONDS="600") as worker:
        wait_for_state(message, MessageState.SENDING)
        took = worker.stop()

    message.refresh_from_db()
    assert took < rehearsal.KILLED_AFTER
    assert (message.state, message.lease_token) == ("queued", None)


def test_site_told_to_stop_ends_in_time_and_keeps_what_it_confirmed(center: Location, far: FarEnd) -> None:
    confirmed: list[str] = []
    numbers = itertools.count()

    def visit(site: rehearsal.Site) -> None:
        """Sends one request after another until nobody listens any more."""
        while next(numbers) < 5000:
            form = stranger(submission_id=str(uuid.uuid4()))
            try:
                status, _ = site.post(form)
            except (OSError, http.client.HTTPException):
                return
            assert status == 302
            confirmed.append(form["submission_id"])

    with rehearsal.site(far, redis_url="redis://127.0.0.1:1/0") as site:
        visitors = [threading.Thread(target=visit, args=[site]) for _ in range(3)]
        for visitor in visitors:
            visitor.start()
        until = time.monotonic() + 30  # a busy machine takes its time
        while len(confirmed) <= 3 and time.monotonic() < until:
            time.sleep(0.1)
        took = rehearsal.end(site.main)
        for visitor in visitors:
            visitor.join()

    assert took < rehearsal.KILLED_AFTER
    assert len(confirmed) > 3
    assert set(confirmed) <= {str(pk) for pk in Submission.objects.values_list("form_id", flat=True)}


def wait_for_state(message: Message, state: MessageState, *, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not Message.objects.filter(pk=message.pk, state=state).exists():
        assert time.monotonic() < until, f"The message never became {state}."
        time.sleep(0.02)
    time.sleep(0.3)
