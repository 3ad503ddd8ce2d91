"""The named cast, and what every test may not do."""

import pytest
from django.test import Client

from crm.models import Lead, Location, User
from tests.factories import make_lead, make_location, make_user


@pytest.fixture
def centre(db: None) -> Location:
    return make_location()


@pytest.fixture
def lead(centre: Location) -> Lead:
    return make_lead(location=centre)


@pytest.fixture
def coordinator(db: None) -> User:
    return make_user(name="Casey Coordinator", email="casey@example.org")


@pytest.fixture
def clinician(db: None) -> User:
    return make_user("clinician", name="Dana Clinician", email="dana@example.org")


@pytest.fixture
def outsider(db: None) -> User:
    """May sign in to the desk and do nothing there."""
    return make_user(name="Oli Outsider", email="oli@example.org")


@pytest.fixture
def desk(client: Client, coordinator: User) -> Client:
    """A browser in which the coordinator is signed in."""
    client.force_login(coordinator)
    return client
