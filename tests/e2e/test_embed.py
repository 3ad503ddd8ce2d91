"""The form in another site's page, in Chromium without third-party cookies: two origins, both served for real."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import Browser, FrameLocator, Page, expect

from crm import locations
from crm.models import Lead, Location, SafetyAlert
from tests.e2e.conftest import barriers, overflow
from tests.e2e.test_patient import fill_in

Host = Callable[..., Page]


class _Quiet(SimpleHTTPRequestHandler):
    """Serves a folder; with each /probe.html a cookie that wants to be kept everywhere (RFC 6265bis, SameSite=None)."""

    def log_message(self, format: str, *args: object) -> None:
        pass

    def end_headers(self) -> None:
        if self.path == "/probe.html":
            self.send_header("Set-Cookie", "probe=1; SameSite=None; Secure; Path=/")
        self.send_header("Cache-Control", "no-store")  # a page that changes within a second has the same date
        super().end_headers()


@pytest.fixture
def other_site(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The center's own site: another host and port than ours, so another origin and another site for cookies."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", tmp_path
    server.shutdown()
    server.server_close()


@pytest.fixture
def ours(site: str) -> str:
    """Our own site under a name that is another site than 127.0.0.1."""
    return f"http://localhost:{urlsplit(site).port}"


@pytest.fixture
def host(browser: Browser, ours: str, other_site: tuple[str, Path]) -> Iterator[Host]:
    """Opens a page of the center's site with the snippet in it, as the administrator copies it."""
    origin, folder = other_site
    contexts = []

    def open_host(*, listed: bool = True, attributes: str = "", **options: object) -> Page:
        Location.objects.update(embed_origins=[origin] if listed else ["https://www.example.org"])
        locations.forget()
        given = str(render_to_string("crm/admin/embed_snippet.html", {"site": ours}))
        snippet = given.replace("<iframe", f"<iframe {attributes}")
        page = f"<!doctype html><html lang=en><title>Our center</title><main><h1>Our center</h1>{snippet}</main></html>"
        (folder / "index.html").write_text(page)
        context = browser.new_context(**options)  # type: ignore[arg-type]  # passed on as given
        contexts.append(context)
        page_of_host = context.new_page()
        page_of_host.set_default_timeout(8_000)
        page_of_host.goto(f"{origin}/index.html")
        return page_of_host

    yield open_host
    for context in contexts:
        context.close()


def frame_of(page: Page) -> FrameLocator:
    return page.frame_locator("iframe")


def send(page: Page) -> None:
    frame_of(page).get_by_role("button", name="Send my request").click()


def inner(page: Page) -> Page:
    """The page in the frame, which can be filled in like any other."""
    handle = page.locator("iframe").element_handle()
    frame = handle.content_frame()
    assert frame
    frame.wait_for_load_state()
    return frame  # type: ignore[return-value]  # has what fill_in asks for


def frame_height(page: Page) -> float:
    box = page.locator("iframe").bounding_box()
    assert box
    return box["height"]


def test_this_browser_blocks_cookies_of_frames(host: Host, other_site: tuple[str, Path]) -> None:
    """What the other tests stand on: a frame from another site cannot set a cookie, the same page on its own can."""
    page, (origin, folder) = host(), other_site
    probe = f"http://localhost:{urlsplit(origin).port}/probe.html"
    (folder / "probe.html").write_text("<p>Probe</p>")
    (folder / "index.html").write_text(f'<!doctype html><title>Around</title><iframe src="{probe}"></iframe>')
    page.reload()
    expect(frame_of(page).get_by_text("Probe")).to_be_visible()
    assert page.context.cookies() == []
    page.goto(probe)
    assert [cookie["name"] for cookie in page.context.cookies()] == ["probe"]


def test_a_request_from_another_site(host: Host) -> None:
    page = host()
    fill_in(inner(page))
    send(page)
    expect(frame_of(page).get_by_role("heading", name="We have your request")).to_be_visible()
    assert frame_of(page).locator(".reference").inner_text() == Lead.objects.get().reference
    assert Lead.objects.get().attribution == {"via": "embed"}
    assert page.context.cookies() == []


def test_the_frame_is_as_high_as_its_page(host: Host) -> None:
    page = host()
    expect(frame_of(page).get_by_role("heading", name="Am I a candidate?")).to_be_visible()
    page.wait_for_function("document.querySelector('iframe').clientHeight > 2000")
    whole = inner(page).evaluate("document.documentElement.scrollHeight")
    assert abs(frame_height(page) - whole) <= 2
    fill_in(inner(page))
    send(page)
    page.wait_for_function("document.querySelector('iframe').clientHeight < 1800")
    expect(frame_of(page).get_by_role("heading", name="We have your request")).to_be_in_viewport()


def test_messages_of_others_are_not_heeded(host: Host) -> None:
    """From the page itself, and from a frame of ours that is not in this page: neither moves anything."""
    page = host()
    page.wait_for_function("document.querySelector('iframe').clientHeight > 2000")
    before = frame_height(page)
    page.evaluate(
        "window.postMessage({nucleus: 'height', height: 5}, '*');"
        "window.postMessage({nucleus: 'way-out', address: 'https://evil.example.org/'}, '*')"
    )
    page.wait_for_timeout(300)
    assert (frame_height(page), urlsplit(page.url).path) == (before, "/index.html")


@pytest.mark.parametrize("scripts", ["both", "only in the frame", "none"])
def test_an_emergency_leaves_the_frame(host: Host, ours: str, scripts: str) -> None:
    page = host(java_script_enabled=scripts != "none")
    if scripts == "only in the frame":
        page.route("**/embed.js", lambda route: route.abort())
        page.reload()
    frame = inner(page)
    frame.locator("[name=safety_check][value=A1]").check()
    frame.get_by_role("button", name="See what to do now").first.click()
    if scripts == "none":
        expect(frame_of(page).get_by_role("heading", name="Please get emergency care now")).to_be_visible()
        frame_of(page).get_by_role("link", name="Show this on the whole screen").click()
    page.wait_for_url(re.compile("/candidate/emergency/"))
    assert page.url.startswith(ours)
    expect(page.get_by_role("heading", name="Please get emergency care now")).to_be_visible()
    expect(page.get_by_role("link", name="Call 911")).to_be_visible()


def test_an_emergency_in_a_frame_that_lets_nothing_out_is_complete_there(host: Host) -> None:
    page = host(attributes='sandbox="allow-forms allow-scripts allow-same-origin"')
    page.route("**/embed.js", lambda route: route.abort())
    page.reload()
    frame = inner(page)
    fill_in(frame)
    frame.locator("[name=safety_check][value=A1]").check()
    frame.get_by_role("button", name="See what to do now").first.click()
    expect(frame_of(page).get_by_role("heading", name="Please get emergency care now")).to_be_visible()
    expect(frame_of(page).get_by_role("link", name="Call 911")).to_be_visible()
    assert SafetyAlert.objects.count() == 1


def test_a_site_that_is_not_listed_shows_nothing(host: Host) -> None:
    page = host(listed=False)
    page.wait_for_timeout(500)
    assert frame_of(page).get_by_role("button").count() == 0
    expect(page.get_by_role("link", name="Open it on its own page")).to_be_visible()


@pytest.mark.parametrize(("width", "state"), [(1280, "empty"), (375, "mistakes"), (320, "mistakes"), (320, "sent")])
def test_without_barriers(host: Host, width: int, state: str) -> None:
    page = host(viewport={"width": width, "height": 800})
    frame = inner(page)
    if state == "sent":
        fill_in(frame)
    if state != "empty":
        send(page)
        expect(frame_of(page).get_by_role("alert" if state == "mistakes" else "heading").first).to_be_visible()
    assert barriers(page) + barriers(inner(page)) == []
    assert overflow(inner(page)) <= 0


def test_by_keyboard_and_with_the_summary_in_focus(host: Host) -> None:
    page = host()
    inner(page).locator("[name=safety_check]").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Space")
    expect(inner(page).locator("[name=safety_check]").first).not_to_be_checked()
    frame_of(page).get_by_role("button", name="Send my request").focus()
    page.keyboard.press("Enter")
    expect(frame_of(page).get_by_role("alert")).to_be_focused()
    expect(frame_of(page).get_by_role("alert")).to_be_in_viewport()
