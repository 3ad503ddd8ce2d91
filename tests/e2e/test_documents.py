"""Documents and imaging in a browser: sending, an interruption, the desk, and no barriers on any page."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from crm.documents import storage
from crm.enums.documents import DocumentState
from crm.models import Document, ImagingStudy, Lead, Location, PatientSession, User
from tests.crm import files
from tests.e2e.conftest import Watch, barriers, follow, overflow
from tests.e2e.test_desk import sign_in
from tests.factories import PASSWORD, make_lead, make_user, prove

SMALL: dict[str, Any] = {"viewport": {"width": 320, "height": 640}}
PAPER = files.pdf(b"x" * (2 * storage.CHUNK))


@pytest.fixture(autouse=True)
def directory(settings: Any, tmp_path: Path) -> None:
    settings.DOCUMENTS_DIR = tmp_path / "documents"


@pytest.fixture
def lead(site: str) -> Lead:
    return make_lead(location=Location.objects.get())


@pytest.fixture
def clinician(site: str) -> User:
    return make_user("clinician", name="Dana Clinician", email="dana@example.org", password=PASSWORD)


@pytest.fixture
def mine(open_page: Watch, site: str, lead: Lead, clinician: User) -> Page:
    """The private page on a small phone."""
    page = open_page("/", **SMALL)
    secret = prove(lead).secret
    page.context.add_cookies([{"name": "patient", "value": secret, "url": site}])
    page.goto("/my/")
    return page


def choose(page: Page, name: str, data: bytes) -> None:
    page.get_by_label("File").set_input_files({"name": name, "mimeType": "application/pdf", "buffer": data})
    page.get_by_role("button", name="Send").press("Enter")


def test_a_patient_sends_a_report_over_a_bad_connection(mine: Page) -> None:
    mine.get_by_role("link", name="Your documents").press("Enter")
    dropped: list[str] = []

    def drop_one(route: Route) -> None:
        if route.request.method == "PUT" and not dropped and Document.objects.get().received:
            dropped.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    mine.route(re.compile("/uploads/"), drop_one)
    choose(mine, "report.pdf", PAPER)
    expect(mine.get_by_text("report.pdf: We have it. Thank you.")).to_be_visible(timeout=20_000)
    assert len(dropped) == 1
    document = Document.objects.get()
    assert b"".join(storage.pieces(document.pk, document.size)) == PAPER
    choose(mine, "scan.pdf.exe", b"MZ")
    expect(mine.get_by_text("scan.pdf.exe: We cannot take this kind of file.")).to_be_visible()
    assert (barriers(mine), overflow(mine) <= 0) == ([], True)
    mine.reload()
    expect(mine.get_by_text("Being checked")).to_be_visible()
    assert (barriers(mine), overflow(mine) <= 0) == ([], True)


def test_what_was_sent_stands_in_the_list_and_is_taken_back(mine: Page) -> None:
    mine.goto("/my/documents/")
    sent = mine.locator("[data-sent]")
    choose(mine, "report.pdf", PAPER)
    expect(sent).to_contain_text("report.pdf")
    choose(mine, "report.pdf", PAPER)
    expect(mine.get_by_text("report.pdf: This file is there already")).to_be_visible()
    assert (barriers(mine), overflow(mine) <= 0) == ([], True)
    mine.get_by_role("button", name="Take back").click()
    expect(mine.get_by_text("The file is taken back. We keep nothing of it.")).to_be_visible()
    expect(sent.get_by_role("button", name="Take back")).to_have_count(0)
    assert {one.state for one in Document.objects.all()} == {DocumentState.REFUSED}  # the second one, which was there


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/my/documents/", "Your page was closed. Open the link in our mail again; it goes on where it stopped."),
        ("/es/my/documents/", "Su página se cerró. Abra de nuevo el enlace de nuestro correo; el envío sigue"),
    ],
)
@pytest.mark.parametrize("when", ["before", "between"])
def test_a_page_that_was_closed_says_how_to_go_on(mine: Page, path: str, words: str, when: str) -> None:
    """Before the file is chosen, and between two pieces."""
    mine.goto(path)

    def close(route: Route) -> None:
        if when == "before" or (route.request.method == "PUT" and Document.objects.get().received):
            PatientSession.objects.update(ended_at=timezone.now())
        route.continue_()

    mine.route(re.compile("/uploads/"), close)
    mine.locator("input[type=file]").set_input_files({"name": "a.pdf", "mimeType": "application/pdf", "buffer": PAPER})
    mine.locator("form[data-upload] [type=submit]").press("Enter")
    expect(mine.get_by_text(f"a.pdf: {words}")).to_be_visible()


def test_a_sending_is_stopped_and_leaving_it_is_warned_of(mine: Page) -> None:
    mine.goto("/my/documents/")

    def hold(route: Route) -> None:
        if route.request.method != "PUT" or not Document.objects.get().received:
            route.continue_()

    mine.route(re.compile("/uploads/"), hold)
    choose(mine, "report.pdf", PAPER)
    stop = mine.get_by_role("button", name="Stop: report.pdf")
    expect(stop).to_be_visible()
    assert (barriers(mine), overflow(mine) <= 0) == ([], True)
    with mine.expect_event("dialog") as asked:
        mine.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    stop.click()
    expect(mine.get_by_text("report.pdf: Stopped. We keep nothing of it.")).to_be_visible()
    assert not Document.objects.exists()


def test_a_sending_stopped_without_a_connection_is_not_said_to_be_gone(mine: Page) -> None:
    mine.goto("/my/documents/")

    def hold(route: Route) -> None:
        if route.request.method != "PUT" or not Document.objects.get().received:
            route.continue_()

    mine.route(re.compile("/uploads/"), hold)
    mine.route(re.compile("/take-back/"), lambda route: route.abort())
    choose(mine, "report.pdf", PAPER)
    mine.get_by_role("button", name="Stop: report.pdf").click()
    expect(mine.get_by_text("report.pdf: Stopped. Take it back in the list when you are connected.")).to_be_visible()
    assert Document.objects.get().state == DocumentState.UPLOADING


def test_a_sending_stopped_before_its_first_answer_came_is_not_said_to_be_gone(mine: Page) -> None:
    mine.goto("/my/documents/")

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    mine.route(re.compile("/uploads/$"), lose)
    choose(mine, "report.pdf", PAPER)
    expect(mine.get_by_text("report.pdf: The connection is gone. We keep trying.")).to_be_visible()
    mine.get_by_role("button", name="Stop: report.pdf").click()
    expect(mine.get_by_text("report.pdf: Stopped. Take it back in the list when you are connected.")).to_be_visible()
    expect(mine.get_by_role("button", name=re.compile("Remove.*report.pdf"))).to_be_visible()
    assert Document.objects.get().state == DocumentState.UPLOADING


def test_without_scripts_one_file_goes_by_the_form(open_page: Watch, site: str, lead: Lead, clinician: User) -> None:
    page = open_page("/", java_script_enabled=False)
    secret = prove(lead).secret
    page.context.add_cookies([{"name": "patient", "value": secret, "url": site}])
    page.goto("/my/documents/")
    choose(page, "report.pdf", files.EICAR)
    expect(page.locator(".error").first).to_contain_text("This is no PDF, picture or scan")
    choose(page, "report.pdf", files.pdf())
    expect(page.get_by_text("We have your file. Thank you.")).to_be_visible()


def test_the_desk_without_barriers(open_page: Watch, lead: Lead, clinician: User) -> None:
    page = sign_in(open_page("/admin/", **SMALL), clinician.email)
    page.goto(f"/admin/crm/lead/{lead.pk}/documents/")
    choose(page, "report.pdf", files.pdf())
    expect(page.get_by_text("report.pdf: Stored")).to_be_visible()
    assert (barriers(page), overflow(page) <= 0) == ([], True)
    page.goto(f"/admin/crm/lead/{lead.pk}/imaging/add/")
    assert (barriers(page), overflow(page) <= 0) == ([], True)
    page.get_by_label("What was made").select_option("mri")
    page.get_by_label("Of which part").select_option("lumbar")
    page.get_by_role("button", name="Save").click()
    follow(page.get_by_role("button", name="Release"))
    assert Document.objects.get().state == DocumentState.RELEASED
    page.get_by_role("button", name="Link", exact=True).click()
    expect(page.get_by_text("missing", exact=True)).to_have_count(1)  # the report; the linked document was of images
    assert ImagingStudy.objects.get().images_at is not None
    assert (barriers(page), overflow(page) <= 0) == ([], True)


def test_pages_for_paper(open_page: Watch, lead: Lead, clinician: User) -> None:
    study = ImagingStudy.objects.create(lead=lead, modality="mri", region="lumbar")
    page = sign_in(open_page("/admin/", **SMALL), clinician.email)
    for which in ("request", "fax"):
        page.goto(f"/admin/crm/lead/{lead.pk}/imaging/{study.pk}/print/{which}/")
        assert (barriers(page), overflow(page) <= 0) == ([], True)
