"""The second step on a phone: straight on from the first, stopped, and gone on with in another browser."""

import re
from typing import Any

from django.utils import timezone
from playwright.sync_api import Page, expect

from crm.enums.leads import LinkPurpose
from crm.models import ContactPerson, Document, Lead, Message, PrivateMessage, Treatment
from crm.outbox import delivery
from crm.patient_portal import access as patient_access
from crm.patient_portal import conversation
from intake.models import Submission
from intake.requests import pending
from tests.e2e.conftest import Watch, barriers, overflow
from tests.e2e.test_patient import fill_in, tick
from tests.factories import make_lead, make_link, make_treatment, make_user, prove
from tests.faults.far_end import far_end

PHONE: dict[str, Any] = {"viewport": {"width": 375, "height": 740}}


def test_a_visitor_on_a_phone_tells_everything_and_goes_on_elsewhere(open_page: Watch, settings: Any) -> None:
    page = open_page("/candidate/", **PHONE)
    fill_in(page)
    page.get_by_role("button", name="Send my request").click()
    page.get_by_role("button", name="Tell us more").click()
    _tell_pain(page)
    _tell_treatments(page)
    lead = Lead.objects.get()
    assert set(Submission.objects.values_list("page", flat=True)) == {"request", "pain", "treatments"}

    other = open_page(_mailed_path(settings), **PHONE)
    other.get_by_role("button", name="Open my page").click()
    other.get_by_role("button", name=re.compile("Send a code")).click()
    other.get_by_label("The six digits").fill(_code(lead))
    other.get_by_role("button", name="Go on").click()
    expect(other.get_by_role("heading", name="Your private page")).to_be_visible()
    other.get_by_role("link", name="Your pain").click()
    expect(other.locator("[name=pain_now_avg][value='8']")).to_be_checked()
    assert other.locator("[name=safety_check]:checked").count() == 0


def _tell_pain(page: Page) -> None:
    page.get_by_role("link", name="Your pain").click()
    tick(page, "safety_check", "none")
    tick(page, "pain_now_avg", "8")
    page.get_by_role("button", name="Store and stop here").click()
    expect(page.get_by_text("“Your pain” is stored.")).to_be_visible()


def _tell_treatments(page: Page) -> None:
    page.get_by_role("link", name="Treatments you tried").click()
    tick(page, "kinds", "pt_supervised")
    page.get_by_role("button", name="Go on with these").click()
    page.get_by_label(re.compile("When did it begin")).fill("03/2026")
    page.get_by_label(re.compile("How many sessions")).fill("12")
    tick(page, "relief", "25")
    page.get_by_role("button", name="Store and go on").click()
    expect(page.get_by_role("heading", name="Treatments you tried")).to_be_visible()
    pending.apply_due(timezone.now())
    assert Treatment.objects.get().sessions == 12


def _mailed_path(settings: Any) -> str:
    """What the first mail leads to, as it left for the mail server."""
    with far_end() as far:
        settings.MAIL_SERVER = far.server
        assert delivery.send_due() == 1
        mail: Any = far.accepted[0]
        text = mail.get_payload(0).get_payload(decode=True).decode()
    found = re.search(r"/my/link/[\w-]{43}/", text)
    assert found
    assert found.group() not in Message.objects.get(name="ack").text
    return found.group()


def _code(lead: Lead) -> str:
    message = Message.objects.get(lead=lead, name="code")
    found = re.search(r"^\d{6}$", patient_access.with_secrets(message, now=timezone.now()).text, re.MULTILINE)
    assert found
    return found.group()


def test_no_page_of_the_second_step_has_a_barrier(open_page: Watch) -> None:
    page = open_page("/candidate/", viewport={"width": 320, "height": 640})
    fill_in(page)
    page.get_by_role("button", name="Send my request").click()
    page.get_by_role("button", name="Tell us more").click()
    _look(page)
    for key in ("about-you", "pain", "imaging", "background", "insurance", "recheck"):
        page.goto(f"/my/questions/{key}/")
        _look(page)
    page.goto("/my/questions/about-you/")
    page.get_by_role("button", name="Store and go on").click()
    expect(page.get_by_role("alert")).to_be_visible()
    _look(page)
    page.goto("/my/treatments/")
    _look(page)
    tick(page, "kinds", "pt_supervised")
    page.get_by_role("button", name="Go on with these").click()
    _look(page)
    page.get_by_label(re.compile("When did it begin")).fill("soon")
    page.get_by_role("button", name="Store and go on").click()
    _look(page)
    page.context.clear_cookies()
    page.goto("/my/")
    _look(page)


def _look(page: Page) -> None:
    assert barriers(page) == [], page.url
    assert overflow(page) <= 0, page.url


def test_a_page_without_javascript(open_page: Watch) -> None:
    page = open_page("/candidate/", java_script_enabled=False)
    fill_in(page)
    page.get_by_role("button", name="Send my request").click()
    page.get_by_role("button", name="Tell us more").click()
    page.goto("/my/questions/pain/")
    tick(page, "safety_check", "A5")
    page.get_by_role("button", name="Store and go on").click()
    expect(page).to_have_url(re.compile("/candidate/emergency/$"))
    assert Lead.objects.get().safety_hold


def test_a_scanner_that_runs_scripts_uses_nothing_up_and_no_address_leaks(open_page: Watch) -> None:
    lead = make_lead(date_of_birth="1970-03-15")
    token = make_link(lead, now=timezone.now(), purpose=LinkPurpose.PRIVATE_PAGE)
    scanner = open_page(f"/my/link/{token}/")
    scanner.wait_for_load_state("networkidle")

    page = open_page(f"/my/link/{token}/", **PHONE)
    told: list[str] = []
    page.on("request", lambda request: told.append(request.headers.get("referer", "")))
    page.get_by_role("button", name="Open my page").click()
    page.get_by_label("Your date of birth").fill("03/15/1970")
    page.get_by_role("button", name="Go on").first.click()
    expect(page.get_by_text(lead.reference)).to_be_visible()
    page.get_by_role("link", name="Learn").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert told
    assert not [address for address in told if token in address or "/my/" in address]


def test_the_rooms_of_the_private_page_have_no_barrier(open_page: Watch) -> None:
    lead = make_lead(date_of_birth="1970-03-15")
    conversation.write(lead, text="Good morning.", by=make_user(), now=timezone.now())
    entry = prove(lead)
    just_sent = patient_access.begin(lead, now=timezone.now(), origin=lead.pk)
    type(entry.session).objects.filter(pk=entry.session.pk).update(proven_at=None)
    for prefix in ("", "/es"):
        page = open_page("/", **PHONE)
        page.context.add_cookies([{"name": "patient", "value": just_sent.secret, "url": page.url}])
        page.goto(f"{prefix}/my/code/")
        found = {"open the link": (barriers(page), overflow(page), page.locator("h1").count())}
        page.context.add_cookies([{"name": "patient", "value": entry.secret, "url": page.url}])
        for path in ("code", "", "messages", "wishes", "people", "data"):
            if path == "":
                type(entry.session).objects.filter(pk=entry.session.pk).update(proven_at=timezone.now())
            page.goto(f"{prefix}/my/{path}{'/' if path else ''}")
            found[path] = (barriers(page), overflow(page), page.locator("h1").count())
        type(entry.session).objects.filter(pk=entry.session.pk).update(proven_at=None)
        assert set(map(str, found.values())) == {"([], 0, 1)"}, found


def test_what_people_typed_without_a_gap_breaks(open_page: Watch) -> None:
    long = "Z" + "y" * 69 + "x"
    lead = make_lead(first_name=long[:60], last_name=long[:60], email=f"{long[:60]}@example.org")
    ContactPerson.objects.create(lead=lead, name=long, relation=long[:60], may_discuss=True)
    row = make_treatment(lead, kind="inj_other", kind_other=long, body_region="lumbar", drug_name=long)
    make_treatment(lead, kind="med_other", kind_other=long, drug_name=long)
    for by in (None, make_user()):
        PrivateMessage.objects.create(lead=lead, by=by, text=long)
        file = {"name": f"{long}.pdf", "size": 9, "kind": "report", "source": "patient", "state": "clean"}
        Document.objects.create(lead=lead, uploaded_by=by, **file)
    page = open_page("/", **PHONE)
    page.context.add_cookies([{"name": "patient", "value": prove(lead).secret, "url": page.url}])
    rooms = ["", "people/", "messages/", "documents/", "wishes/", "data/", "treatments/", "treatments/over-time/"]
    found = {}
    for path in [*rooms, f"treatments/{row.pk}/", "questions/background/"]:
        page.goto(f"/my/{path}")
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 740})
            if overflow(page) > 0:
                found[path, width] = overflow(page)
    assert found == {}
    page.set_viewport_size({"width": 320, "height": 740})
    page.goto("/my/people/")
    page.get_by_label("Name of the person").fill(long)
    page.get_by_role("button", name="Put on the list").press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    assert overflow(page) <= 0
