"""`manage.py demo`: once, and never over real data."""

from io import StringIO

import pytest
from django.core.management import call_command

from crm.models import Location, User
from tests.factories import make_location

pytestmark = pytest.mark.django_db


def test_demo_command_makes_data_once_and_never_over_real_data() -> None:
    center = make_location(name="A real center")
    out = StringIO()

    call_command("demo", stdout=out)

    assert list(Location.objects.all()) == [center]
    assert not User.objects.exists()
