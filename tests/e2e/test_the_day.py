"""A coordinator's day in the browser: a ringing phone, the board, the ladder of missed calls, a hold, a lead that was
lost and comes back; by keyboard, on a phone, in the dark."""

import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Dialog, Page, expect

from crm.enums.leads import Stage, TaskKind
from crm.leads import actions as leads
from crm.models import Lead, Task, User
from crm.safety import alerts
from tests.e2e.conftest import Watch, barriers, overflow
from tests.e2e.test_desk import sign_in
from tests.factories import PASSWORD, make_lead, make_message, make_user
from tests.naughty_strings import MARKUP

SMALL = {"viewport": {"width": 375, "height": 800}}
WIDE = {"viewport": {"width": 1440, "height": 900}}


@pytest.fixture
def casey(site: str) -> User:
    return make_user("coordinator", name="Casey Coordinator", email="casey@example.org", password=PASSWORD)


@pytest.fixture
def dana(site: str) -> User:
    return make_user("clinician", name="Dana Clinician", email="dana@example.org", password=PASSWORD)


def check(page: Page) -> None:
    assert (page.url, barriers(page), overflow(page)) == (page.url, [], min(overflow(page), 0))


def press_to(page: Page, selector: str, *, most: int = 60) -> None:
    """Tab until it has the focus."""
    wanted = page.locator(selector).first
    for _ in range(most):
        page.keyboard.press("Tab")
        if wanted.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError(f"{selector} is never reached by Tab.")


def move_by_menu(page: Page, name: str, stage: str) -> None:
    card = page.locator(".board-card", has_text=name)
    card.locator("summary").click()
    card.locator("select").select_option(stage)
    card.get_by_role("button", name="Move", exact=True).click()


def test_a_ringing_phone_is_taken_by_keyboard(open_page: Watch, casey: User) -> None:
    known = make_lead(first_name="Kim", last_name="Known", phone="+12125550142", email="")
    page = sign_in(open_page(**WIDE), casey.email)
    page.goto("/admin/new-request/")
    check(page)

    page.locator("#id_safety_check").focus()
    page.keyboard.press("Space")
    press_to(page, "#id_first_name")
    page.keyboard.type("Robin")
    press_to(page, "#id_last_name")
    page.keyboard.type("Ringer")
    press_to(page, "#id_phone")
    page.keyboard.type("(212) 555-0142")
    expect(page.locator("#known")).to_contain_text(known.full_name)
    press_to(page, "#new-request button[type=submit]", most=120)
    page.keyboard.press("Enter")

    expect(page.get_by_text("Robin Ringer is a lead now.")).to_be_visible()
    lead = Lead.objects.get(last_name="Ringer")
    assert (lead.came_by, lead.owner, lead.phone) == ("phone", casey, "+12125550142")
    assert Task.objects.open().filter(lead=lead, kind=TaskKind.CALL).count() == 1


def test_a_warning_sign_on_the_phone_says_what_to_say(open_page: Watch, casey: User) -> None:
    page = sign_in(open_page(**WIDE), casey.email)
    page.goto("/admin/new-request/")
    page.locator("[name=safety_check][value=unsure_A1]").check()
    page.locator("#id_first_name").fill("Uma")
    page.locator("#id_last_name").fill("Urgent")
    page.locator("#id_phone").fill("(212) 555-0143")
    page.get_by_role("button", name="Save the request").click()

    expect(page.get_by_text("Say now:")).to_be_visible()
    expect(page.get_by_text("hang up and call 911 now").first).to_be_visible()
    lead = Lead.objects.get(last_name="Urgent")
    assert (lead.safety_hold, lead.outcome) == (True, "URGENT")
    page.goto("/admin/")
    expect(page.get_by_role("heading", name="Call now: warning signs")).to_be_visible()
    check(page)


def test_what_was_typed_stays_when_something_is_missing(open_page: Watch, casey: User) -> None:
    page = sign_in(open_page(**SMALL), casey.email)
    page.goto("/admin/new-request/")
    page.locator("#id_safety_check").check()
    page.locator("#id_last_name").fill("Half")
    page.locator("#id_note").fill("Will call again.")
    page.get_by_role("button", name="Save the request").click()
    expect(page.get_by_text("Nothing is saved yet.")).to_be_visible()
    assert (page.locator("#id_last_name").input_value(), page.locator("#id_note").input_value()) == (
        "Half",
        "Will call again.",
    )
    check(page)


def test_missed_calls_climb_the_ladder(open_page: Watch, casey: User) -> None:
    lead = make_lead(owner=casey)
    page = sign_in(open_page(**WIDE), casey.email)
    for _ in range(2):
        page.goto(f"/admin/crm/lead/{lead.pk}/change/")
        page.get_by_label("How did it go?").select_option("no_answer")
        page.get_by_role("button", name="Log the call").click()
        expect(page.get_by_text("The call is on the timeline.")).to_be_visible()
    assert list(lead.enrollments.values_list("key", flat=True)) == ["not_reachable"]
    expect(page.get_by_text("Not reached").first).to_be_visible()


def test_a_card_is_moved_by_dragging_and_by_keyboard(open_page: Watch, casey: User) -> None:
    dragged = make_lead(first_name="Dora", last_name="Dragged")
    keyed = make_lead(first_name="Kay", last_name="Keyed", email="k@example.org")
    page = sign_in(open_page(**WIDE), casey.email)
    page.goto("/admin/board/")
    check(page)
    card = page.locator(".board-card", has_text=dragged.full_name)
    card.drag_to(page.locator(".board-column[data-stage=qualifying]"))
    expect(page.get_by_text("Dora Dragged: moved to Qualifying.")).to_be_visible()

    page.get_by_text("Move Kay Keyed").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Rec")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Kay Keyed: moved to Records.")).to_be_visible()
    stages = {lead.pk: lead.stage for lead in Lead.objects.all()}
    assert stages == {dragged.pk: Stage.QUALIFYING, keyed.pk: Stage.RECORDS}


def test_two_move_the_same_card_and_the_second_is_told(open_page: Watch, casey: User, dana: User) -> None:
    lead = make_lead(first_name="Tess", last_name="Twice")
    first, second = sign_in(open_page(**WIDE), casey.email), sign_in(open_page(**WIDE), dana.email)
    for page in (first, second):
        page.goto("/admin/board/")
    move_by_menu(first, "Tess", "records")
    expect(first.get_by_text("moved to Records.")).to_be_visible()
    move_by_menu(second, "Tess", "review")
    expect(second.get_by_text("Somebody moved this lead to Records in the meantime").first).to_be_visible()
    lead.refresh_from_db()
    assert lead.stage == Stage.RECORDS


def test_lost_with_a_reason_and_reopened(open_page: Watch, casey: User) -> None:
    lead = make_lead(first_name="Lou", last_name="Lost")
    page = sign_in(open_page(**WIDE), casey.email)
    page.goto("/admin/board/")
    move_by_menu(page, "Lou", "lost")
    expect(page.get_by_text("Say why the lead was lost.").first).to_be_visible()
    check(page)
    page.get_by_label("Why lost").select_option("cost")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Lou Lost: moved to Lost.")).to_be_visible()
    page.goto(f"/admin/crm/lead/{lead.pk}/change/")
    page.get_by_label("Move to").select_option("qualifying")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.locator(".stage").first).to_have_text("Qualifying")


def test_a_clinician_clears_a_hold_and_decides(open_page: Watch, casey: User, dana: User) -> None:
    lead = make_lead(first_name="Hope", last_name="Held", safety_hold=True, outcome="PROMPT_REVIEW")
    alerts.raise_alert(lead, key="e2e", now=datetime.now(UTC))
    page = sign_in(open_page(**SMALL), dana.email)
    page.get_by_role("button", name=re.compile("I take care of it")).click()
    page.goto("/admin/reviews/")
    check(page)
    page.get_by_role("link", name="Lift the hold of Hope Held").click()
    page.get_by_label("What you found").fill("Seen in the emergency department, all clear.")
    page.get_by_role("button", name="Lift the hold").click()
    page.get_by_role("link", name="Decide the review").click()
    page.get_by_label("Decision").select_option("suitable")
    page.get_by_label("Reason").fill("MRI fits the pain.")
    check(page)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".stage").first).to_have_text("Booking")


def test_keys_do_what_the_sheet_says(open_page: Watch, casey: User) -> None:
    lead = make_lead()
    page = sign_in(open_page(**WIDE), casey.email)
    page.goto(f"/admin/crm/lead/{lead.pk}/change/")
    for key, field in (("c", "#id_call-outcome"), ("n", "#id_note-text"), ("m", "#id_move-to")):
        page.locator("h2").first.evaluate("() => document.activeElement.blur()")
        page.keyboard.press(key)
        expect(page.locator(field)).to_be_focused()
    page.keyboard.type("nb")  # in a field letters are letters
    assert page.url.endswith("/change/")
    page.locator("h2").first.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    check(page)
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    expect(page.get_by_role("heading", name="Board")).to_be_visible()


def test_a_day_that_changes_by_itself(open_page: Watch, casey: User) -> None:
    page = sign_in(open_page(**WIDE), casey.email)
    lead = make_lead(first_name="Nora", last_name="New")
    Task.objects.create(lead=lead, kind=TaskKind.CALL, title="First call", due_at=datetime.now(UTC))
    page.evaluate("htmx.ajax('GET', '/admin/', {target: '#day'})")
    expect(page.get_by_role("link", name="Nora New", exact=True)).to_be_visible()
    page.locator(".day-later > summary").first.click()
    page.get_by_role("button", name="Tomorrow at 9").click()
    expect(page.get_by_text(re.compile("Until .*: First call"))).to_be_visible()
    check(page)


def test_nothing_that_a_lead_wrote_is_ever_run(open_page: Watch, casey: User) -> None:
    shown: list[str] = []

    def heard(dialog: Dialog) -> None:
        shown.append(dialog.message)
        dialog.dismiss()

    people = [
        make_lead(first_name=text[:80], last_name=text[:80], email=f"x{n}@example.org", tags=[text[:30]], owner=casey)
        for n, text in enumerate(MARKUP)
    ]
    for lead, text in zip(people, MARKUP, strict=True):
        leads.add_note(lead, by=casey, text=text)
        Task.objects.create(lead=lead, title=text[:120], due_at=datetime.now(UTC))
        make_message(lead, subject=text[:200], reason=text[:200])
    page = sign_in(open_page(**WIDE), casey.email)
    page.on("dialog", heard)
    page.add_init_script("""addEventListener("securitypolicyviolation", found => alert(`CSP: ${found.sample}`))""")
    for path in ("/admin/", "/admin/board/", "/admin/crm/lead/", "/admin/crm/task/", "/admin/bell/"):
        page.goto(path)
    for lead in people[:6]:
        page.goto(f"/admin/crm/lead/{lead.pk}/change/?panels=all")
    assert shown == []


def test_the_rest_of_the_desk_on_a_phone(open_page: Watch, site: str) -> None:
    alex = make_user("administrator", name="Alex", email="alex@example.org", password=PASSWORD)
    make_lead()
    page = sign_in(open_page(**SMALL), alex.email)
    for path in (
        "/admin/board/?owner=mine",
        "/admin/bell/",
        "/admin/figures/",
        "/admin/crm/stagerule/",
        "/admin/crm/stagerule/records/change/",
        f"/admin/crm/user/{alex.pk}/hand-over/",
    ):
        page.goto(path)
        assert {path: barriers(page)} == {path: []}
        assert overflow(page) <= 0
