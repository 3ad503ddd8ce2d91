"""Where appointments lie in a calendar: nothing covers anything, and nothing falls off."""

from datetime import timedelta

import pytest

from crm.models import Lead, Location
from scheduling.admin.calendar_grid import MINUTE_PX, Grid
from scheduling.models import Appointment, AppointmentType
from tests.factories import make_user
from tests.scheduling.factories import HALF_HOUR, TEN, as_staff, book

pytestmark = pytest.mark.django_db
FIRST = TEN.date()


@pytest.fixture
def three(patient: Lead, kind: AppointmentType) -> list[Appointment]:
    """At ten, beside it at ten fifteen, and before dawn."""
    lee = as_staff(make_user("lead_coordinator", email="lee@example.org"))
    over = {"provider": kind.providers.get().pk, "overbook_reason": "Urgent", **lee}
    made = book(patient, kind)
    return [made, *(book(patient, kind, TEN + by, **over) for by in (HALF_HOUR / 2, -timedelta(hours=5)))]


def test_what_overlaps_lies_side_by_side(three: list[Appointment], center: Location) -> None:
    grid = Grid(center.zone)
    _early, one, other = sorted(grid.blocks(three, FIRST), key=lambda block: block.top)
    assert (one.left, one.width, other.left, other.width) == (0, 50, 50, 50)
    assert other.top - one.top == round(15 * MINUTE_PX)


def test_the_hours_grow_with_what_lies_outside(three: list[Appointment], center: Location) -> None:
    grid = Grid.for_all(three, center.zone)
    assert (grid.first, grid.last) == (5, 19)
    assert all(block.top >= 0 and block.top + block.height <= grid.height for block in grid.blocks(three, FIRST))


def test_one_after_the_other_is_as_wide_as_it_can_be(patient: Lead, kind: AppointmentType, center: Location) -> None:
    lee = as_staff(make_user("coordinator", email="c@example.org"))
    rows = [book(patient, kind, TEN + n * HALF_HOUR, **lee) for n in range(3)]
    assert {block.width for block in Grid(center.zone).blocks(rows, FIRST)} == {100}
