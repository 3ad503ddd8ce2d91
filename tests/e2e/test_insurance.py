"""Insurance, papers and the drawing of treatments in a browser: a coordinator's way to the packet, and no barriers."""

from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from crm.models import Lead, PatientSession, ReferringPractice
from crm.patient_portal import access as patient_access
from intake.models import Coverage, PageOfProof, Plan, Verification
from tests.crm import files
from tests.e2e.conftest import Watch, barriers, overflow
from tests.e2e.test_desk import sign_in
from tests.e2e.test_documents import choose
from tests.factories import make_lead, make_treatment, make_user

SMALL: dict[str, Any] = {"viewport": {"width": 320, "height": 640}}


@pytest.fixture(autouse=True)
def directory(settings: Any, tmp_path: Path) -> None:
    settings.DOCUMENTS_DIR = tmp_path


@pytest.fixture
def lead(site: str) -> Lead:
    made = make_lead(how_heard="doctor")
    Plan.objects.create(location=made.location, insurer="Aetna", as_of=timezone.localdate())
    ReferringPractice.objects.create(name="Example Family Practice", fax="+12125550177")
    make_treatment(made, start_date="2026-08-01", start_precision="month", end_date="2026-10-01", end_precision="month")
    return made


@pytest.fixture
def desk(open_page: Watch, lead: Lead) -> Page:
    """A clinician, so that a document can be released, on a narrow screen."""
    who = make_user("clinician", email="dana@example.org", password="correct-horse-battery")
    return sign_in(open_page("/admin/", **SMALL), who.email)


def check(page: Page) -> None:
    assert (barriers(page), overflow(page) <= 0) == ([], True)


def press(page: Page, name: str) -> None:
    """By keyboard: the button or link gets the focus and Enter."""
    page.get_by_role("button", name=name).or_(page.get_by_role("link", name=name)).first.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_from_the_choice_of_criteria_to_the_packet(desk: Page, lead: Lead) -> None:
    home = f"/admin/crm/lead/{lead.pk}/"
    desk.goto(f"{home}insurance/")
    desk.get_by_label("Criteria of").select_option("aetna_decompression")
    check(desk)
    press(desk, "Save")
    assert Coverage.objects.get().profile == "aetna_decompression"
    desk.goto(f"{home}insurance/verified/")
    press(desk, "Save")
    expect(desk.get_by_role("alert").first).to_be_visible()
    check(desk)
    desk.get_by_label("Who said it").fill("Morgan Example, provider line")
    desk.get_by_label("Call reference").fill("CALL-1")
    press(desk, "Save")
    assert Verification.objects.count() == 1
    check(desk)  # the page of the lead, with the panels
    desk.goto(f"{home}packet/")
    check(desk)
    desk.goto(f"{home}documents/")
    choose(desk, "report.pdf", files.pdf())
    expect(desk.get_by_text("report.pdf: Stored")).to_be_visible()
    desk.goto(f"{home}change/")
    press(desk, "Release")
    desk.goto(f"{home}packet/")
    desk.get_by_label("Page", exact=True).first.fill("3")
    press(desk, "Note the page")
    expect(desk.get_by_text("Page 3 of report.pdf", exact=True)).to_be_visible()
    check(desk)
    assert PageOfProof.objects.get().page == 3
    for paper in ("packet/print/", "summary/"):
        desk.goto(home + paper)
        check(desk)


def test_who_sent_the_patient(desk: Page, lead: Lead) -> None:
    desk.goto(f"/admin/crm/lead/{lead.pk}/change/")
    expect(desk.get_by_text("Ask which one")).to_be_visible()
    press(desk, "Who sent the patient")
    check(desk)
    desk.get_by_label("Practice").select_option(label="Example Family Practice")
    press(desk, "Save")
    press(desk, "Told: it arrived")
    desk.get_by_label("How, and to whom").fill("Fax to the front desk")
    check(desk)
    press(desk, "Save")
    expect(desk.get_by_text("Told Example Family Practice: the request has arrived")).to_be_visible()
    desk.goto("/admin/crm/referringpractice/")
    expect(desk.get_by_role("link", name="Example Family Practice")).to_be_visible()


@pytest.mark.parametrize("path", ["/my/", "/es/my/"])
def test_treatments_over_time_on_a_phone(open_page: Watch, site: str, lead: Lead, path: str) -> None:
    page = open_page("/", **SMALL)
    entry = patient_access.begin(lead, now=timezone.now())
    PatientSession.objects.filter(pk=entry.session.pk).update(proven_at=timezone.now())
    page.context.add_cookies([{"name": "patient", "value": entry.secret, "url": site}])
    page.goto(f"{path}treatments/over-time/")
    expect(page.get_by_role("img")).to_be_visible()
    expect(page.get_by_role("table")).to_be_visible()
    check(page)
