"""The short form of `script/faults booking`: patients against two web processes, one of them killed at random."""

import pytest

from scheduling.enums import Status
from scheduling.models import Appointment
from tests.faults.bookings import Siege, stand

pytestmark = pytest.mark.django_db(transaction=True)


def test_bookings_survive_killed_web_processes() -> None:
    result = stand(Siege(patients=12, rounds=1_000, most_seconds=60, pause_seconds=2.0))

    assert result.broken == []
    assert result.kills >= 2
    assert min(result.told[f"{act} accepted"] for act in ("book", "move", "cancel")) >= 5
    assert Appointment.objects.filter(status=Status.BOOKED).exists()
