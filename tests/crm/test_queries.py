"""The one query that keeps its answer; the others are tested with the pages they serve."""

import pytest
from pytest_django import DjangoAssertNumQueries

from crm import locations
from crm.models import Location
from tests.factories import make_location


def test_main_location_is_the_first_active_one(db: None) -> None:
    make_location(name="Closed", is_active=False)
    make_location(name="Second", position=2)
    first = make_location(name="First", position=1)

    assert locations.main() == first


def test_main_location_is_none_before_one_is_set_up(db: None) -> None:
    assert locations.main() is None


def test_main_location_is_asked_for_once(center: Location, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        for _ in range(3):
            assert locations.main() == center


def test_main_location_changes_when_it_is_forgotten(center: Location) -> None:
    locations.main()
    Location.objects.update(name="Another")

    locations.forget()

    found = locations.main()
    assert found is not None
    assert found.name == "Another"


def test_main_location_changes_after_a_while(center: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    locations.main()
    Location.objects.update(name="Another")

    monkeypatch.setattr(locations, "KEPT_SECONDS", 0.005)  # as if much time had passed

    found = locations.main()
    assert found is not None
    assert found.name == "Another"
