"""The picture of the packages: what the code imports, each package above those that it imports."""

import sys
from pathlib import Path

import pytest

from script import draw_packages
from script.draw_packages import App


@pytest.fixture(scope="module")
def apps() -> list[App]:
    return draw_packages.read_apps()


def test_the_picture_shows_what_the_code_imports(apps: list[App]) -> None:
    assert draw_packages.FILE.read_text("utf-8") == draw_packages.picture(apps), draw_packages.STALE


def test_packages_and_imports_are_those_of_the_code(apps: list[App]) -> None:
    intake, crm, _scheduling = apps

    assert {"intake.rules", "intake.requests"} <= set(intake.imports)
    assert "crm.migrations" not in crm.imports
    assert "intake.rules" in intake.imports["intake.models"]
    assert "crm.outbox" in crm.imports["crm.followups"]
    assert "crm.followups" not in crm.imports["crm.outbox"]


HOUSE = App(
    "house",
    {
        "house.roof": frozenset({"house.walls", "house.ground"}),
        "house.walls": frozenset({"house.ground"}),
        "house.garden": frozenset({"house.ground"}),
        "house.ground": frozenset(),
    },
)


def test_a_package_stands_above_all_that_it_imports() -> None:
    assert HOUSE.rows == [["house.roof"], ["house.garden", "house.walls"], ["house.ground"]]
    assert (HOUSE.corners()["house.roof"][1] < HOUSE.corners()["house.walls"][1]) is True


def test_of_two_ways_the_longer_one_is_drawn() -> None:
    assert HOUSE.lines["house.roof"] == {"house.walls"}
    assert HOUSE.lines["house.garden"] == {"house.ground"}


def test_a_stale_picture_names_the_command_and_is_drawn_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(draw_packages, "FILE", tmp_path / "packages.svg")
    monkeypatch.setattr(draw_packages, "read_apps", lambda: [HOUSE])
    monkeypatch.setattr(sys, "argv", ["script.draw_packages", "--check"])
    with pytest.raises(SystemExit, match=r"script/draw"):
        draw_packages.main()

    monkeypatch.setattr(sys, "argv", ["script.draw_packages"])
    draw_packages.main()
    monkeypatch.setattr(sys, "argv", ["script.draw_packages", "--check"])
    draw_packages.main()

    assert ">roof</text>" in draw_packages.FILE.read_text()
