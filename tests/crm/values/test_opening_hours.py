"""When a new request wants its first call."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from crm.values import opening_hours
from tests.factories import WEEKDAYS

NEW_YORK = ZoneInfo("America/New_York")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-23 08:00", "2026-11-23 08:05"),
        ("2026-11-23 12:00", "2026-11-23 12:05"),
        ("2026-11-23 17:59", "2026-11-23 18:04"),
        ("2026-11-23 18:00", "2026-11-24 08:15"),
        ("2026-11-23 07:59", "2026-11-23 08:15"),
        ("2026-11-28 12:00", "2026-11-30 08:15"),  # Saturday → Monday
        ("2026-12-24 20:00", "2026-12-28 08:15"),  # the 25th is a holiday, then a weekend
        ("2026-10-31 12:00", "2026-11-02 08:15"),  # over the end of daylight-saving time
        ("2027-03-13 12:00", "2027-03-15 08:15"),  # over its beginning
    ],
)
def test_call_due(now: str, due: str) -> None:
    found = opening_hours.call_due(local(now), hours=WEEKDAYS, holidays=["2026-12-25"], zone=NEW_YORK)

    assert found == local(due)


def test_call_due_without_hours_is_in_five_minutes() -> None:
    now = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)

    found = opening_hours.call_due(now, hours={}, holidays=[], zone=NEW_YORK)

    assert (found - now).total_seconds() == 300


def test_opening_on_a_closed_day_is_none() -> None:
    assert opening_hours.opening(local("2026-11-28").date(), hours=WEEKDAYS, holidays=[], zone=NEW_YORK) is None
