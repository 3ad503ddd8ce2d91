"""A center with one provider, and somebody who wants to come."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from crm.models import Lead, Location
from scheduling.models import AppointmentType, Resource
from tests.scheduling.browsing import browser_of
from tests.scheduling.factories import NOW, make_kind, make_patient, make_resource


@pytest.fixture
def provider(center: Location) -> Resource:
    return make_resource(center)


@pytest.fixture
def kind(provider: Resource) -> AppointmentType:
    return make_kind(provider)


@pytest.fixture
def patient(center: Location) -> Lead:
    return make_patient(center)


@pytest.fixture
def browser(patient: Lead) -> Client:
    return browser_of(patient)


@pytest.fixture
def tuesday(center: Location) -> datetime:
    """Ten in the morning of a Tuesday in two weeks or so, on the center's clock."""
    today = datetime.now(UTC).astimezone(center.zone).replace(hour=10, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=14 + (1 - today.weekday()) % 7)).astimezone(UTC)


@pytest.fixture
def then() -> Iterator[None]:
    """The day before TEN, for what asks the clock itself. PostgreSQL keeps its own."""
    with time_machine.travel(NOW, tick=True):
        yield
