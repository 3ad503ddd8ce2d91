"""Follow-ups in a browser: choosing mails from a phone, by keyboard and without scripts, and the panel of the desk."""

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from crm.enums.leads import EnrollmentState, Event
from crm.inbound import arrivals
from crm.leads import events
from crm.mail import opt_out, unsubscribe_token
from crm.models import Enrollment, InboundMail, Lead, Suppression
from crm.models.inbound import SetAsideReason
from tests.e2e.conftest import Watch, barriers, follow, overflow
from tests.e2e.test_desk import sign_in
from tests.factories import make_lead, make_message, make_user

SMALL: dict[str, Any] = {"viewport": {"width": 320, "height": 640}}


@pytest.fixture
def lead(site: str) -> Lead:
    return make_lead()


def check(page: Page) -> None:
    assert (barriers(page), overflow(page) <= 0) == ([], True)


@pytest.mark.parametrize("javascript", [True, False])
def test_choosing_which_mails_to_get(open_page: Watch, lead: Lead, javascript: bool) -> None:
    opt_out.note_education(lead, given=True, words="Yes, tell me more", now=timezone.now())
    path = f"/u/{unsubscribe_token.make(lead.pk, lead.email)}/"
    page = open_page(path, java_script_enabled=javascript, **SMALL)
    if javascript:
        check(page)
    page.get_by_label("Educational e-mail").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Everything but appointments")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Done. It counts from this moment.")
    assert {row.scope for row in Suppression.objects.all()} == {"most"}
    if javascript:
        check(page)
    page.get_by_label("Nothing: I would like to get e-mail again").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("You get every e-mail that you agreed to.")).to_be_visible()


@pytest.mark.parametrize("path", ["/u/nonsense/"])
def test_a_broken_link_says_what_to_do(open_page: Watch, lead: Lead, path: str) -> None:
    page = open_page(path, **SMALL)
    expect(page.get_by_role("heading", name="This link is not complete")).to_be_visible()
    check(page)


def test_the_panel_by_keyboard(open_page: Watch, lead: Lead) -> None:
    events.announce(lead, Event.SUBMITTED, now=timezone.now(), key="x")
    who = make_user("coordinator", email="casey@example.org", password="correct-horse-battery")
    page = sign_in(open_page("/admin/", **SMALL), who.email)
    page.goto(f"/admin/crm/lead/{lead.pk}/change/")
    check(page)
    page.get_by_role("button", name="Pause : Second step not finished").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_text("Paused. Nothing goes out until somebody resumes it.")).to_be_visible()
    check(page)
    assert Enrollment.objects.get(key="incomplete_form").state == EnrollmentState.PAUSED


def test_sequences_and_texts_without_barriers(open_page: Watch, lead: Lead) -> None:
    who = make_user("administrator", email="alex@example.org", password="correct-horse-battery")
    page = sign_in(open_page("/admin/", **SMALL), who.email)
    page.goto("/admin/crm/sequenceversion/")
    check(page)
    follow(page.get_by_role("link", name="Not reached"))
    check(page)
    page.get_by_role("button", name="Edit a copy").click()
    page.get_by_label("After", exact=True).first.fill("soon")
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_role("alert")).to_contain_text("such as 2h, 3d or 2w")
    check(page)
    page.goto("/admin/crm/mailtext/")
    check(page)
    page.goto("/admin/crm/mailtext/resume/en/")
    expect(page.frame_locator("iframe").get_by_text("Hello Avery,")).to_be_visible()
    page.get_by_label("Body").fill("{greeting}\n\nAbout your pain")
    expect(page.get_by_text("These words tell what it is about: pain.")).to_be_visible()
    expect(page.frame_locator("iframe").get_by_text("About your pain")).to_be_visible()
    check(page)


def test_sending_and_mail_that_came_in_without_barriers(open_page: Watch, lead: Lead) -> None:
    make_message(lead, subject="Parked one", state="unknown")
    InboundMail.objects.create(external_id="<1>", kind="reply", lead=lead, text="Please call me.")
    unreadable = b"From: <b>\r\nSubject: x\r\n\r\n" + b"A long line without a blank" * 20
    aside = arrivals.set_aside(unreadable, came_by="mailbox", reason=SetAsideReason.UNREADABLE, now=timezone.now())
    assert aside
    who = make_user("administrator", email="alex@example.org", password="correct-horse-battery")
    page = sign_in(open_page("/admin/", **SMALL), who.email)
    page.goto("/admin/crm/sending/")
    check(page)
    page.get_by_label("Why").fill("The provider asked us to")
    page.get_by_role("button", name="Hold all mail").click()
    expect(page.get_by_text("All mail is held.", exact=True)).to_be_visible()
    check(page)
    page.get_by_role("button", name="Let mail go out again").click()
    page.get_by_role("button", name="It arrived : Parked one").click()
    expect(page.get_by_text("Settled.")).to_be_visible()
    for path in (
        "/admin/",
        "/admin/crm/inboundmail/",
        "/admin/crm/setasidemail/",
        f"/admin/crm/setasidemail/{aside.pk}/change/",
        f"/admin/crm/lead/{lead.pk}/change/",
        "/admin/crm/sequenceversion/next-week/",
    ):
        page.goto(path)
        check(page)
