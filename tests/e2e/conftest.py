"""A real browser against the real site: Chromium, a served database, and nothing from elsewhere."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Frame, Locator, Page, Request, sync_playwright
from pytest_django.live_server_helper import LiveServer

from crm.models import Location
from intake.requests import bot_protection
from script.system import chromium
from tests.factories import make_location

Rules = dict[str, str | list[str]]
QUIET = "--disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync"
ALL_RULES: Rules = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
RULES_OF_COLOURS: Rules = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
AXE = Axe()
# Colours may glide from one to the other: what is measured in between is neither.
SETTLED = """async () => {
  const waited = new Promise(done => setTimeout(done, 500));
  const settled = async () => {
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
    const ending = document.getAnimations().filter(one => one.effect.getComputedTiming().endTime < 2000);
    await Promise.allSettled(ending.filter(one => one.playState === "running").map(one => one.finished));
  };
  await Promise.race([waited, settled()]);
}"""

Watch = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=[*QUIET.split(), *sandbox])
        yield browser
        browser.close()


@pytest.fixture
def site(live_server: LiveServer, transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a site with its center; the database is real and seen by the browser. It is emptied when all that
    the pages of the test have asked for is answered: emptied beside that, it may end in a deadlock.

    A browser that is driven fills in a form faster than any person: here that is no suspicion.
    """
    monkeypatch.setattr(bot_protection, "SHORTEST", timedelta(0))
    if not Location.objects.exists():
        make_location()
    yield str(live_server.url)
    let_requests_end()


def let_requests_end() -> None:
    """Wait for what the site is still answering, such as to a page that is closed by now."""
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:  # each connection of socketserver.ThreadingMixIn has its own
            thread.join(timeout=20)


@pytest.fixture
def open_page(browser: Browser, site: str) -> Iterator[Watch]:
    """Opens pages as different visitors would. Fails for script errors and for requests that leave the site."""
    contexts: list[BrowserContext] = []
    problems: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        # A 422 is an answer, not a problem; so is what htmx says of a refusal.
        answered = "Failed to load resource" in message.text or message.text.startswith("Response Status Error Code")
        if message.type == "error" and not answered:
            problems.append(message.text)

    def asked(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob"} and f"{parts.scheme}://{parts.netloc}" != site:
            problems.append(f"left the site: {request.url}")

    def open_page(path: str = "/", **options: object) -> Page:
        context = browser.new_context(base_url=site, **options)  # type: ignore[arg-type]  # passed on as given
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(8_000)
        page.on("console", heard)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("request", asked)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def page(open_page: Watch) -> Page:
    return open_page()


def follow(control: Locator) -> None:
    """Click and wait for the page it leads to: a click alone returns while the old page still stands."""
    with control.page.expect_navigation():
        control.click()


def settled(page: Page) -> None:
    """Wait until what was fetched stands in the page and is alive: pressed before that, it would leave the page."""
    page.wait_for_function("!document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling, .htmx-added')")


def barriers(page: Page | Frame, *, in_dark: bool = True) -> list[str]:
    """What axe-core finds against WCAG 2.2 A and AA, one line an element: every rule in light, those about colours in
    dark too."""
    found = _found(page, ALL_RULES)
    if not in_dark:
        return found
    with _in_the_dark(page):
        return found + [f"in dark: {line}" for line in _found(page, RULES_OF_COLOURS)]


def _found(page: Page | Frame, rules: Rules) -> list[str]:
    options = {"runOnly": rules, "resultTypes": ["violations"]}
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.axe_script)
    violations = page.evaluate("async options => (await axe.run(options)).violations", options)
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in violations for node in rule["nodes"]]


@contextmanager
def _in_the_dark(page: Page | Frame) -> Iterator[None]:
    """The desk looks at the scheme when a page is loaded, and then bears a class."""
    whole = page.page if isinstance(page, Frame) else page
    turn = "on => location.pathname.startsWith('/admin/') && document.documentElement.classList.toggle('dark', on)"
    for is_dark in (True, False):
        whole.emulate_media(color_scheme="dark" if is_dark else "light", reduced_motion="reduce")
        whole.evaluate(turn, is_dark)
        page.evaluate(SETTLED)
        if is_dark:
            yield


def longest_motion(page: Page) -> float:
    """Of all transitions and animations of a page, in seconds."""
    script = """() => Math.max(...[...document.querySelectorAll('*')].flatMap((one) => {
      const style = getComputedStyle(one);
      return [...style.transitionDuration.split(','), ...style.animationDuration.split(',')].map(parseFloat);
    }))"""
    return float(page.evaluate(script))


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))
