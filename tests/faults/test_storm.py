"""The short form of script/faults, in which everything happens at once, and a worker that is cut off and comes back."""

import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from crm.enums.leads import OnUnknown
from crm.followups import published
from crm.mail import status as mail_status
from crm.models import Location, Message
from script import embedded
from tests.factories import make_lead, make_location, make_message
from tests.faults import LEASE_SECONDS, rehearsal
from tests.faults.far_end import far_end
from tests.faults.proxy import proxy
from tests.faults.storm import Storm, rage

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE, MOST_PARKED = 200, 0.15  # of few mails each kill takes a large share; script/faults wants 5 % of 2,000

MAILS = 80


@pytest.fixture
def center(transactional_db: None) -> Location:
    published.ensure_shipped()  # the test before may have emptied every table
    return make_location(holidays=[])


def test_a_storm_loses_nothing_and_doubles_nothing(center: Location, tmp_path: Path) -> None:
    result, kills = rage(Storm(PEOPLE, kills=12, redis_every=6, most_seconds=40, patience_seconds=60), tmp_path)

    assert kills >= 8
    assert result.broken_promises(OnUnknown.PARK) == []
    assert (result.mails, result.parked <= MOST_PARKED * PEOPLE) == (PEOPLE, True)
    assert result.accepted > PEOPLE / 2


def test_a_worker_that_ended_is_started_again_and_goes_on(center: Location, tmp_path: Path) -> None:
    """Celery ends by itself when a sending process dies while Redis is coming back: docs/decisions/0022."""
    with far_end() as far, embedded.valkey(tmp_path) as url, rehearsal.worker(far, redis_url=url) as worker:
        worker.main.kill()
        make_message(make_lead(location=center))

        assert rehearsal.wait_until_settled(seconds=90)
        assert len(far.accepted) == 1


def test_a_worker_cut_off_from_the_database_comes_back_too_late(center: Location, tmp_path: Path) -> None:
    """Three workers and two clocks. One loses sight of the database in the middle of a mail, longer than a lease."""
    lead = make_lead(location=center)
    for _ in range(MAILS):
        make_message(lead, on_unknown=OnUnknown.PARK)
    with far_end() as far, embedded.valkey(tmp_path) as url, proxy() as way, ExitStack() as workers:
        far.delay_seconds = 0.03
        workers.enter_context(rehearsal.worker(far, redis_url=url, processes=1, DATABASE_URL=way.url))
        rehearsal.wait_until_busy(far, seconds=20)
        way.freeze()
        workers.enter_context(rehearsal.worker(far, redis_url=url, processes=2))
        others = rehearsal.wait_until_settled(seconds=90)
        time.sleep(LEASE_SECONDS)
        way.thaw()
        until = time.monotonic() + 30
        while not mail_status.standing().fenced and time.monotonic() < until:
            time.sleep(0.1)
        result = rehearsal.outcome(far)

    assert others
    assert mail_status.standing().fenced >= 1
    assert result.broken_promises(OnUnknown.PARK) == []
    assert (result.accepted >= MAILS - 1, result.parked <= 1, Message.objects.count()) == (True, True, MAILS)
