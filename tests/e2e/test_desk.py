"""The coordinator's side of the main job, in a browser."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from crm.enums.leads import LEASED_STATES, MessageState, Stage
from crm.models import Lead, Location, Treatment
from crm.safety import alerts
from intake.models import QuarantinedRequest
from intake.requests import actions, quarantine
from intake.requests.forms import StepOne
from intake.requests.rows import Request
from tests.e2e.conftest import Watch, barriers, longest_motion, overflow, settled
from tests.factories import PASSWORD, make_lead, make_message, make_treatment, make_user, step_one

TOLD = [
    {
        "kind": "pt_supervised",
        "start": "03/2026",
        "end": "06/2026",
        "status": "completed",
        "sessions": "12",
        "relief_percent": "20",
    },
    {"kind": "med_nsaid_rx", "start": "03/2026", "end": "07/2026", "status": "completed"},
    {"kind": "heat"},
    {
        "kind": "esi_unknown",
        "start": "08/2026",
        "body_region": "lumbar",
        "relief_percent": "50",
        "relief_duration_days": "3 weeks",
    },
]


@pytest.fixture
def maria(site: str) -> Lead:
    """The visitor's request, as the form sends it."""
    center = Location.objects.get()
    form = StepOne(step_one(), center_name=center.name)
    assert form.is_valid()
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    return actions.submit(Request(uuid.uuid4(), form.cleaned_data, center, an_hour_ago)).lead


@pytest.fixture
def coordinator(site: str) -> str:
    return make_user("coordinator", name="Casey Coordinator", email="casey@example.org", password=PASSWORD).email


def sign_in(page: Page, email: str) -> Page:
    page.goto("/admin/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="My day")).to_be_visible()
    return page


def enter(page: Page, told: dict[str, str]) -> None:
    """One treatment, from the lead's page and back to it."""
    page.get_by_role("link", name="Add a treatment").click()
    expect(page.get_by_role("complementary")).to_contain_text("Physical therapy")
    for name, value in told.items():
        field = page.locator(f"[name={name}]")
        if name in {"kind", "body_region", "status"}:
            field.select_option(value)
        else:
            field.fill(value)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#ledger form")).to_have_count(0)
    settled(page)


def mend(page: Page) -> None:
    """One treatment, where it stands, by keyboard: wrong at first, and left once without saving."""
    correct = page.get_by_role("row", name="Heat").get_by_role("link")
    correct.press("Enter")
    expect(page.locator("#ledger [name=kind]")).to_be_focused()
    page.get_by_role("button", name="Cancel").press("Enter")
    settled(page)
    correct.press("Enter")
    settled(page)
    relief = page.locator("[name=relief_percent]")
    relief.fill("140")
    relief.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Relief, percent")
    settled(page)
    assert barriers(page) == []
    relief.fill("5")
    relief.press("Enter")
    expect(page.get_by_text("Saved: Heat")).to_be_focused()
    expect(page.get_by_role("row", name="Heat")).to_contain_text("5 %")


def test_coordinator_works_a_request(open_page: Watch, maria: Lead, coordinator: str) -> None:
    page = sign_in(open_page(), coordinator)
    page.goto("/admin/crm/lead/")
    page.get_by_role("navigation", name="Stages").get_by_role("link", name="New", exact=True).click()
    page.get_by_role("link", name="Maria Sample").click()

    page.get_by_label("How did it go?").select_option("reached")
    page.locator("#id_call-note").fill("Told me everything she tried.")
    page.get_by_role("button", name="Log the call").click()
    for told in TOLD:
        enter(page, told)
    mend(page)
    page.get_by_label("Move to").select_option("qualifying")
    page.get_by_role("button", name="Move", exact=True).click()

    lines = [
        "Stage: Contacting → Qualifying",
        "Treatment corrected: Heat",
        "Treatment added: Epidural steroid injection, approach not known",
        "Treatment added: Heat",
        "Treatment added: Anti-inflammatory, prescribed",
        "Treatment added: Physical therapy, supervised",
        "Stage: New → Contacting",
        "Call: Reached",
        "Task done: First call",
        f"E-mail: We received your request ({maria.reference})",
        "Request: Asked for help",
    ]
    expect(page.locator(".timeline > li strong")).to_have_text(lines)
    expect(page.locator(".timeline .mail-state")).to_have_text("Queued")
    injection = Treatment.objects.get(kind="esi_unknown")
    assert (injection.relief_percent, injection.relief_duration_days) == (50, 21)
    assert barriers(page) == []


def test_refused_treatment_shows_where_and_keeps_what_was_typed(
    open_page: Watch, maria: Lead, coordinator: str
) -> None:
    page = sign_in(open_page(), coordinator)
    page.goto(f"/admin/crm/lead/{maria.pk}/treatments/add/")
    page.locator("[name=kind]").select_option("esi_caudal")
    page.locator("[name=relief_percent]").fill("120")
    page.locator("[name=provider_name]").fill("Pat Sample")
    page.get_by_role("button", name="Save", exact=True).click()

    page.get_by_role("alert").get_by_role("link", name="Relief, percent").click()

    expect(page.locator("[name=relief_percent]")).to_be_focused()
    expect(page.locator("[name=provider_name]")).to_have_value("Pat Sample")
    assert barriers(page) == []


def test_lead_is_moved_by_keyboard(open_page: Watch, maria: Lead, coordinator: str) -> None:
    page = sign_in(open_page(f"/admin/crm/lead/{maria.pk}/change/"), coordinator)
    page.goto(f"/admin/crm/lead/{maria.pk}/change/")

    page.get_by_label("Move to").focus()
    page.keyboard.type("Rec")
    button = page.locator("#move button")
    for _ in range(10):
        page.keyboard.press("Tab")
        if button.evaluate("one => one === document.activeElement"):
            break
    page.keyboard.press("Enter")

    expect(page.locator(".stage").first).to_have_text("Records")


def _urgent() -> Lead:
    """Somebody whose warning sign nobody has answered yet."""
    lead = make_lead(safety_hold=True, outcome="URGENT", email="urgent@example.org")
    alerts.raise_alert(lead, key="e2e", now=datetime.now(UTC))
    return lead


def _held() -> QuarantinedRequest:
    center = Location.objects.main()
    assert center
    now = datetime.now(UTC)
    request = Request(uuid.uuid4(), {"first_name": "Robin", "pain_region": ["neck"]}, center, now)
    quarantine.hold(request, ("honeypot",))
    return QuarantinedRequest.objects.get()


def test_no_barriers_and_nothing_sticks_out(open_page: Watch, maria: Lead, coordinator: str) -> None:
    make_treatment(maria)
    for stage in Stage:
        make_lead(stage=stage, lost_reason="other", safety_hold=stage == Stage.REVIEW, email=f"{stage}@example.org")
    message, *_others = [make_message(maria, state=state) for state in MessageState if state not in LEASED_STATES]
    page = sign_in(open_page(viewport={"width": 1440, "height": 900}), coordinator)
    lead = f"/admin/crm/lead/{maria.pk}"
    paths = [
        "/admin/crm/lead/",
        f"{lead}/change/",
        f"{lead}/details/",
        f"{lead}/treatments/add/",
        "/admin/crm/task/",
        "/admin/crm/message/",
        f"/admin/crm/message/{message.pk}/change/",
        "/admin/crm/location/",
        f"/admin/crm/lead/{_urgent().pk}/change/",
        f"{lead}/scores/add/",
        f"{lead}/outcome/",
        "/admin/intake/question/",
        "/admin/intake/quarantinedrequest/",
        f"/admin/intake/quarantinedrequest/{_held().pk}/change/",
        "/admin/intake/quarantinedrequest/balance/",
    ]
    found = {}
    for path in paths:
        page.set_viewport_size({"width": 1440, "height": 900})
        page.goto(path)
        found[path] = barriers(page)
        page.set_viewport_size({"width": 375, "height": 800})
        found[path] += [f"375: {overflow(page)} px"] if overflow(page) > 0 else []
    assert found == {path: [] for path in paths}


def test_wrong_password_says_so_and_keeps_the_name(open_page: Watch, coordinator: str) -> None:
    page = open_page("/admin/login/")
    page.get_by_label("E-mail").fill(coordinator)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("alert")).to_contain_text(re.compile("correct", re.IGNORECASE))
    expect(page.get_by_label("E-mail")).to_have_value(coordinator)
    assert barriers(page) == []


@pytest.mark.parametrize(("wish", "moves"), [("reduce", False), ("no-preference", True)])
def test_the_desk_keeps_still_for_whoever_wants_that(
    open_page: Watch, coordinator: str, wish: str, moves: bool
) -> None:
    page = sign_in(open_page(reduced_motion=wish), coordinator)
    page.goto("/admin/crm/lead/")
    assert (longest_motion(page) > 0) is moves
