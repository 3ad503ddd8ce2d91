"""The pages to read, in a browser: for everybody, on every screen, light and quick."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from playwright.sync_api import Browser, expect
from pytest_django import Settings

from bench.first_view import FIRST_VIEW_BYTES, first_view
from intake.public import articles
from tests.e2e.conftest import Watch, barriers, overflow

PATHS = ["/", "/learn/", *(f"/learn/{slug}/" for slug in articles.articles())]


def test_no_barriers_and_nothing_sticks_out(open_page: Watch) -> None:
    page = open_page("/")
    found: dict[str, list[str]] = {}
    for path in PATHS:
        page.goto(path)
        found[path] = []
        page.set_viewport_size({"width": 375, "height": 900})
        found[path] += barriers(page)
        page.set_viewport_size({"width": 320, "height": 900})
        found[path] += [f"320: {overflow(page)} px"] if overflow(page) > 0 else []
    assert found == {path: [] for path in PATHS}


def test_map_works_by_keyboard_alone(open_page: Watch) -> None:
    page = open_page("/learn/")
    page.locator(".map-list a").last.focus()

    page.keyboard.press("Tab")
    first = page.locator(".spine-map a").first
    expect(first).to_be_focused()
    assert page.evaluate("getComputedStyle(document.activeElement.querySelector('circle')).strokeWidth") == "5px"
    for _ in range(7):
        page.keyboard.press("Tab")
    expect(page.locator(".spine-map a").last).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Spondylolisthesis")


def test_marks_of_the_map_are_large_enough_and_apart(open_page: Watch) -> None:
    page = open_page("/learn/", viewport={"width": 320, "height": 800})

    boxes: list[dict[str, float]] = page.locator(".spine-map circle").evaluate_all(
        """all => all.map(circle => circle.getBoundingClientRect())
            .map(box => ({x: box.x + box.width / 2, y: box.y + box.height / 2, d: box.width}))"""
    )

    assert len(boxes) == 8
    assert min(box["d"] for box in boxes) >= 24
    apart = [
        ((one["x"] - two["x"]) ** 2 + (one["y"] - two["y"]) ** 2) ** 0.5
        for place, one in enumerate(boxes)
        for two in boxes[:place]
    ]
    assert min(apart) > max(box["d"] for box in boxes)


def test_contents_lead_to_their_headings_on_a_phone(open_page: Watch) -> None:
    page = open_page("/learn/sciatica/", viewport={"width": 375, "height": 800}, java_script_enabled=False)
    page.get_by_text("On this page").first.click()

    page.get_by_role("link", name="When surgery is discussed").click()

    expect(page.get_by_role("heading", name="When surgery is discussed")).to_be_in_viewport()


def test_paper_shows_the_text_and_nothing_to_press(open_page: Watch) -> None:
    page = open_page("/learn/sciatica/", color_scheme="dark")
    page.emulate_media(media="print")

    for hidden in (".site-head", ".site-foot", "aside", ".contents.on-narrow", ".way-up"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(page.locator(".on-paper")).to_contain_text("/learn/sciatica/")
    expect(page.get_by_text("Not yet medically reviewed")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(0, 0, 0)"


# --- As a real site serves it: static files hashed and compressed ----------------------------------------------------


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # that name is the base class's
        pass


@pytest.fixture
def deployed(site: str, tmp_path: Path, settings: Settings) -> Iterator[str]:
    """The address of a second server on the same database, with static files as collectstatic leaves them."""
    compressed = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": compressed}
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]  # ours, not the desk's
    settings.STATIC_ROOT = tmp_path
    call_command("collectstatic", interactive=False, verbosity=0)
    server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
    server.set_app(get_wsgi_application())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("path", ["/", "/learn/", "/learn/herniated-disc/", "/candidate/", "/ask/"])
def test_first_view_is_light_and_asks_nobody_else(browser: Browser, deployed: str, path: str) -> None:
    view = first_view(browser, deployed + path)
    assert 20_000 < view.size <= FIRST_VIEW_BYTES
    assert view.origins == {deployed}
