"""What the apps above crm hang into its pages."""

import pytest
from django.http import HttpRequest

from crm import registry
from crm.accounts import groups
from crm.models import Lead
from crm.registry import pages


def nothing(_request: HttpRequest, _lead: Lead) -> str:
    return ""


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "_panels", [])


def hang(area: str, title: str, *, order: int = 100) -> None:
    registry.panel(area, title=title, permission="crm.view_lead", render=nothing, order=order)


def test_panels_come_in_order_then_by_title(empty: None) -> None:
    for title, order in [("Zebra", 10), ("Beta", 100), ("Alpha", 100), ("Last", 200)]:
        hang("lead", title, order=order)

    assert [panel.title for panel in registry.panels("lead")] == ["Zebra", "Alpha", "Beta", "Last"]


def test_panels_are_those_of_the_area(empty: None) -> None:
    hang("lead", "Here")
    hang("dashboard", "Elsewhere")

    assert registry.panels("lead") == [registry.Panel("lead", "Here", "crm.view_lead", nothing, 100)]
    assert registry.panels("unknown") == []


@pytest.mark.django_db
def test_whatever_is_hung_into_the_desk_asks_for_permissions_that_exist() -> None:
    hung = {f"route {one.name}": one.permission for one in registry.routes()}
    hung |= {f"panel “{one.title}”": one.permission for one in registry.panels("lead")}
    for area in (registry.MY_DAY, registry.REVIEWS):
        hung |= {f"list “{one.title}”": one.permission for one in registry.worklists(area)}

    for what, permission in hung.items():
        names = permission.split()
        assert names, f"{what}: name the permission that it needs (CONTRIBUTING.md, “A page of the desk”)"
        assert len(groups.permissions_named(names)) == len(names)


def test_intake_hangs_the_answers_into_the_lead_page() -> None:
    from intake.desk import panels

    [panel] = [panel for panel in registry.panels("lead") if panel.render is panels.answers]
    assert panel.permission == "intake.view_submission"
