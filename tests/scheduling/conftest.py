"""A centre with one provider, and somebody who wants to come."""

import pytest

from crm.models import Lead, Location
from scheduling.models import AppointmentType, Resource
from tests.scheduling.factories import make_kind, make_patient, make_resource


@pytest.fixture
def provider(centre: Location) -> Resource:
    return make_resource(centre)


@pytest.fixture
def kind(provider: Resource) -> AppointmentType:
    return make_kind(provider)


@pytest.fixture
def patient(centre: Location) -> Lead:
    return make_patient(centre)
