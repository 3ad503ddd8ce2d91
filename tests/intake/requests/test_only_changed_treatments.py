"""Of treatments only what was changed on a page is written."""

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from crm.models import Lead, Location, Treatment, User
from intake.assessment import answer_history
from intake.models import Submission
from intake.requests import actions, pending
from tests.factories import Visitor, in_their_place, own_browser, step_one
from tests.intake.portal.test_my import sent
from tests.intake.requests.test_only_what_was_changed import HEALTH, at, everything, opened, pick, store
from tests.intake.requests.test_submit import request_of
from tests.page_forms import as_sent


@pytest.fixture
def lead(center: Location) -> Lead:
    return actions.submit(request_of(center, now=timezone.now() - timedelta(minutes=5))).lead


@pytest.fixture
def browser(lead: Lead) -> Client:
    return own_browser(lead)


# --- Treatments -----------------------------------------------------------------------------------------------------
def test_a_treatment_stored_unchanged_leaves_every_byte(browser: Client, lead: Lead) -> None:
    pick(browser, "med_opioid_strong")
    row = Treatment.objects.get()
    store(browser, at(row), drug_name="Oxycodone", relief="unsure")
    before = everything(lead)
    store(browser, at(row))
    assert everything(lead) == before


def test_what_was_told_of_a_treatment_is_what_was_changed(browser: Client) -> None:
    pick(browser, "chiropractic")
    row = Treatment.objects.get()
    store(browser, at(row), start="03/2026", sessions="12")
    store(browser, at(row), sessions="14")
    assert Submission.objects.filter(page="treatments").latest("at").answers["told"] == {"sessions": 14}


@pytest.mark.parametrize("proven", [True, False])
def test_a_second_press_about_a_treatment_keeps_what_was_added(center: Location, proven: bool) -> None:
    browser: Client = Visitor()
    browser.post("/candidate/", step_one())
    browser.post("/candidate/go-on/")
    lead = Lead.objects.get()
    browser = own_browser(lead) if proven else browser
    pick(browser, "med_opioid_strong")
    pending.apply_due(timezone.now())
    row = Treatment.objects.get()
    page = opened(browser, at(row))
    for name in ("Oxycodone", "Oxycodone", "Oxycodone 5 mg"):
        assert browser.post(at(row), page | {"drug_name": name, "start": "3/2026"}).status_code == 302
    pending.apply_due(timezone.now())
    row.refresh_from_db()
    assert (row.drug_name, row.start_precision) == ("Oxycodone 5 mg", "month")
    about = [page for page in Submission.objects.filter(page="treatments") if answer_history.is_detailed(page)]
    assert len(about) == 2


def test_a_page_of_a_treatment_left_open_still_shows_both_after_two_presses(browser: Client, lead: Lead) -> None:
    pick(browser, "med_opioid_strong")
    row = Treatment.objects.get()
    page = opened(browser, at(row))
    browser.post(at(row), page | {"drug_name": "Oxycodone"})
    Treatment.objects.filter(pk=row.pk).update(drug_name="Morphine")
    refused = browser.post(at(row), page | {"drug_name": "Oxycodone 5 mg"})
    assert "Meanwhile this was changed to “Morphine”." in refused.text
    assert browser.post(at(row), as_sent(refused.text, having="shown")).status_code == 302
    row.refresh_from_db()
    assert row.drug_name == "Oxycodone 5 mg"


# --- Several injections ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("proven", [True, False])
def test_a_second_injection_of_the_same_kind_is_a_row_of_its_own(center: Location, proven: bool) -> None:
    browser: Client = Visitor()
    browser.post("/candidate/", step_one())
    browser.post("/candidate/go-on/")
    lead = Lead.objects.get()
    browser = own_browser(lead) if proven else browser
    for day in ("03/2026", "06/2026"):
        address = pick(browser, "esi_unknown")["Location"]
        store(browser, address, start=day)
        pending.apply_due(timezone.now())
    pending.apply_due(timezone.now())
    rows = Treatment.objects.filter(lead=lead, kind="esi_unknown").order_by("start_date")
    assert [row.start_date.month for row in rows if row.start_date] == [3, 6]


def test_an_injection_ticked_in_a_page_that_is_pressed_twice_is_one(browser: Client, lead: Lead) -> None:
    page = opened(browser, "/my/treatments/")
    for kinds in (["esi_unknown"], ["esi_unknown"], ["esi_unknown", "heat"]):
        browser.post("/my/treatments/", page | {"kinds": kinds})
    assert sorted(Treatment.objects.values_list("kind", flat=True)) == ["esi_unknown", "heat"]


def test_staff_add_a_second_injection_at_the_desk(desk: Client, lead: Lead) -> None:
    address = f"/admin/crm/lead/{lead.pk}/treatments/add/"
    told = {"kind": "esi_caudal", "body_region": "lumbar", "status": "completed", "source": "coordinator"}
    for start in ("03/2026", "06/2026"):
        page = as_sent(desk.get(address).text, having="kind")
        assert desk.post(address, page | told | {"start": start}).status_code in {200, 302}
    assert lead.treatments.filter(kind="esi_caudal").count() == 2


def test_what_is_no_injection_stays_one_row(browser: Client, lead: Lead) -> None:
    pick(browser, "chiropractic")
    pick(browser, "chiropractic", "heat")
    assert lead.treatments.filter(kind="chiropractic").count() == 1


def test_filled_in_together_is_compared_too(lead: Lead, coordinator: User) -> None:
    browser = in_their_place(Client(), lead, coordinator)
    older = opened(browser, HEALTH)
    store(own_browser(lead), HEALTH, nicotine="current")
    assert browser.post(HEALTH, older | {"nicotine": "never"}).status_code == 422


def test_pages_with_an_unknown_treatment_are_not_there(browser: Client) -> None:
    assert browser.post(f"/my/treatments/{uuid.uuid4()}/", sent(relief="50")).status_code == 404
