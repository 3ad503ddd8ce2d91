"""A new provider, entered by whoever looks after a location in another time zone."""

import pytest
from django.test import Client

from crm.models import Location
from scheduling.models import Resource
from tests.factories import make_user

pytestmark = pytest.mark.django_db
NEW = "/admin/scheduling/resource/add/"


@pytest.fixture
def office(client: Client) -> Client:
    client.force_login(make_user("administrator", email="a@example.org"))
    return client


def form(center: Location, **changes: str) -> dict[str, str]:
    counts = {f"{prefix}-{name}_FORMS": "0" for prefix in ("rules", "busy_calendars") for name in ("TOTAL", "INITIAL")}
    new = {"kind": "provider", "name": "Dr. New", "location": str(center.pk), "timezone": "", "position": "0"}
    return counts | new | changes


@pytest.mark.parametrize(("chosen", "zone"), [("", "America/Denver"), ("America/Chicago", "America/Chicago")])
def test_a_new_provider_has_the_clock_of_the_location(office: Client, center: Location, chosen: str, zone: str) -> None:
    Location.objects.update(timezone="America/Denver")
    assert '<option value="" selected>As its location</option>' in office.get(NEW).content.decode()
    answer = office.post(NEW, form(center, timezone=chosen))
    assert (answer.status_code, Resource.objects.get().timezone) == (302, zone)
