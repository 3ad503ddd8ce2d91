"""Papers as Chromium prints them, and as PDFs: whose they are, and which page, on every page."""

import re
from datetime import date, timedelta
from io import BytesIO

import pytest
from django.utils import timezone
from playwright.sync_api import Page
from pypdf import PdfReader

from crm.enums.treatments import Source
from crm.models import ImagingStudy, Lead, Measurement
from tests.e2e.conftest import Watch, overflow
from tests.e2e.test_desk import sign_in
from tests.factories import make_lead, make_treatment, make_user


@pytest.fixture
def lead(site: str) -> Lead:
    """With so much on record that each paper has several pages."""
    made = make_lead(first_name="Maria", last_name="Sample")
    for number in range(40):
        start = date(2026, 2, 1) + timedelta(days=7 * (number % 20))
        reason = "Went on for a while, and then not any more, as told on the telephone"
        make_treatment(made, start_date=start, end_date=start + timedelta(days=5), stop_reason=reason)
    for number in range(14):
        at = timezone.now() - timedelta(days=number)
        Measurement.objects.create(lead=made, at=at, kind="nrs_avg", value=number % 10, source=Source.PATIENT)
    return made


@pytest.fixture
def desk(open_page: Watch, lead: Lead) -> Page:
    who = make_user("clinician", email="dana@example.org", password="correct-horse-battery")
    return sign_in(open_page("/admin/"), who.email)


def pages_of(pdf: bytes) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in PdfReader(BytesIO(pdf)).pages]


@pytest.mark.parametrize("paper", ["summary/", "packet/print/"])
def test_name_reference_and_page_stand_on_every_page(desk: Page, lead: Lead, paper: str) -> None:
    address = f"/admin/crm/lead/{lead.pk}/{paper}"
    desk.goto(address)
    printed = pages_of(desk.pdf(prefer_css_page_size=True))
    handed_out = pages_of(desk.request.get(f"{address}?as=pdf").body())
    for pages in (printed, handed_out):
        assert len(pages) > 1
        for number, text in enumerate(pages, start=1):
            assert f"Maria Sample, {lead.reference}" in text
            assert f"Page {number} of {len(pages)}" in text
    assert desk.locator(".running").is_hidden()


def test_a_request_for_images_names_the_patient_and_a_fax_cover_only_the_reference(desk: Page, lead: Lead) -> None:
    study = ImagingStudy.objects.create(lead=lead, modality="mri", region="lumbar")
    for paper, line in (("request", f"Maria Sample, {lead.reference}"), ("fax", lead.reference)):
        desk.goto(f"/admin/crm/lead/{lead.pk}/imaging/{study.pk}/print/{paper}/")
        (text,) = pages_of(desk.pdf(prefer_css_page_size=True))
        assert line in text
        assert "Page 1 of 1" in text
        assert bool(re.search("Sample", text)) is (paper == "request")


@pytest.mark.parametrize("paper", ["summary/", "packet/print/"])
def test_on_a_phone_no_table_is_cut_off(desk: Page, lead: Lead, paper: str) -> None:
    desk.set_viewport_size({"width": 375, "height": 812})
    desk.goto(f"/admin/crm/lead/{lead.pk}/{paper}")
    cut = "all => all.map(one => one.scrollWidth - one.clientWidth)"
    hidden = desk.locator(".ledger-scroll").evaluate_all(cut)
    assert (bool(hidden), sum(hidden), overflow(desk)) == (True, 0, 0)
    assert desk.get_by_text("Went on for a while", exact=False).first.is_visible()
