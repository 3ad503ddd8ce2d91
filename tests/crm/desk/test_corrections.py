"""Corrections at the desk: where the row stands, and when somebody else was correcting too."""

import html
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from crm import registry
from crm.desk import queries
from crm.enums.leads import AccessAction, ConsentKind
from crm.leads import actions as leads
from crm.leads import treatments
from crm.mail import opt_out
from crm.models import AccessEvent, Activity, ConsentRecord, Lead, Scope, SuppressedBecause, Treatment, User
from tests.crm.desk.test_lead import at, details_form, treatment_form
from tests.factories import NOON, make_treatment, make_user
from tests.page_forms import as_sent

pytestmark = pytest.mark.django_db
IN_PLACE: dict[str, Any] = {"headers": {"HX-Request": "true"}}


# --- Two people at once ----------------------------------------------------------------------------------------------


def as_shown(page: str) -> dict[str, str]:
    """What a page's form carries along: the values that it showed at first."""
    boxes = re.findall(r'<input type="hidden"[^>]*name="(initial-[^"]+)"[^>]*>', page)
    values = {name: re.search(rf'name="{name}"[^>]*value="([^"]*)"', page) for name in boxes}
    return {name: html.unescape(found.group(1)) for name, found in values.items() if found}


def test_treatment_corrected_by_two_keeps_both_corrections(desk: Client, lead: Lead, clinician: User) -> None:
    treatment = make_treatment(lead, relief_percent=20, sessions=12, provider_name="Pat Sample")
    address = at(lead, "treatments/{treatment}/", treatment=treatment.pk)
    shown = as_shown(desk.get(address).content.decode())
    treatments.correct(treatment, by=clinician, relief_percent=30)

    form = treatment_form(start="", end="", sessions="15", relief_percent="20", directed_by_clinician="unknown")
    assert desk.post(address, form | shown).status_code == 302

    treatment.refresh_from_db()
    assert (treatment.relief_percent, treatment.sessions) == (30, 15)
    assert treatment.provider_name == ""


def test_details_corrected_by_two_keep_both_corrections(desk: Client, lead: Lead, clinician: User) -> None:
    shown = as_shown(desk.get(at(lead, "details/")).content.decode())
    leads.correct_details(lead, by=clinician, changes={"phone": "+12125550188"})

    assert desk.post(at(lead, "details/"), details_form(last_name="Newname") | shown).status_code == 302

    lead.refresh_from_db()
    assert (lead.phone, lead.last_name) == ("+12125550188", "Newname")


def test_whoever_comes_second_sees_what_the_first_one_wrote(desk: Client, lead: Lead, clinician: User) -> None:
    shown = as_shown(desk.get(at(lead, "details/")).content.decode())
    leads.correct_details(lead, by=clinician, changes={"last_name": "Theirs", "state": "NJ"})

    answer = desk.post(at(lead, "details/"), details_form(last_name="Mine", state="CT") | shown)

    page = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert "Meanwhile Dana Clinician changed this to “Theirs”. Save again to put yours in its place." in page
    assert "changed this to “New Jersey”" in page
    assert 'value="Mine"' in page
    lead.refresh_from_db()
    assert (lead.last_name, lead.state) == ("Theirs", "NJ")

    again = desk.post(at(lead, "details/"), details_form(last_name="Mine", state="CT") | as_shown(page))
    lead.refresh_from_db()
    assert (again.status_code, lead.last_name, lead.state) == (302, "Mine", "CT")


def test_a_way_to_contact_somebody_needs_its_number(desk: Client, lead: Lead) -> None:
    Lead.objects.update(phone="")
    shown = as_sent(desk.get(at(lead, "details/")).text, having="preferred_contact")
    refused = desk.post(at(lead, "details/"), shown | {"preferred_contact": ["phone"]})
    assert (refused.status_code, "Add the phone number" in refused.text) == (422, True)
    assert desk.post(at(lead, "details/"), shown | {"preferred_contact": ["email"]}).status_code == 302

    Lead.objects.update(preferred_contact="phone")  # as it was kept before: what is not touched is not judged
    shown = as_sent(desk.get(at(lead, "details/")).text, having="preferred_contact")
    assert desk.post(at(lead, "details/"), shown | {"last_name": ["Newname"]}).status_code == 302


def test_two_who_wrote_the_same_do_not_quarrel(desk: Client, lead: Lead, clinician: User) -> None:
    shown = as_shown(desk.get(at(lead, "details/")).content.decode())
    leads.correct_details(lead, by=clinician, changes={"last_name": "Same"})
    assert desk.post(at(lead, "details/"), details_form(last_name="Same") | shown).status_code == 302
    assert Activity.objects.filter(lead=lead).count() == 1


def test_what_the_other_one_changed_elsewhere_is_said(desk: Client, lead: Lead, clinician: User) -> None:
    shown = as_shown(desk.get(at(lead, "details/")).content.decode())
    leads.correct_details(lead, by=clinician, changes={"phone": "+12125550188"})
    answer = desk.post(at(lead, "details/"), details_form(last_name="Newname") | shown, follow=True)
    assert "Meanwhile Dana Clinician changed: phone. That stands too." in answer.content.decode()


def test_a_treatment_that_both_correct_is_refused_once(desk: Client, lead: Lead, clinician: User) -> None:
    treatment = make_treatment(lead, relief_percent=20)
    address = at(lead, "treatments/{treatment}/", treatment=treatment.pk)
    shown = as_shown(desk.get(address).content.decode())
    treatments.correct(treatment, by=clinician, relief_percent=30, ongoing=True, side_effects=["drowsy"])

    form = treatment_form(start="", end="", sessions="", directed_by_clinician="unknown", relief_percent="40")
    answer = desk.post(address, form | shown)
    assert (answer.status_code, "changed this to “30”" in answer.content.decode()) == (422, True)
    assert desk.post(address, form | as_shown(answer.content.decode())).status_code == 302
    treatment.refresh_from_db()
    assert (treatment.relief_percent, treatment.ongoing, treatment.side_effects) == (40, True, ["drowsy"])


# --- Where the row stands --------------------------------------------------------------------------------------------


def test_a_treatment_is_corrected_in_its_row(desk: Client, lead: Lead) -> None:
    treatment = make_treatment(lead, relief_percent=20)
    address = at(lead, "treatments/{treatment}/", treatment=treatment.pk)
    row = desk.get(address, **IN_PLACE).content.decode()
    assert (f'<tr id="treatment-{treatment.pk}"' in row, "<html" in row) == (True, False)

    form = treatment_form(start="", end="", sessions="", directed_by_clinician="unknown")
    refused = desk.post(address, form | as_shown(row) | {"relief_percent": "140"}, **IN_PLACE)
    assert (refused.status_code, 'value="140"' in refused.content.decode()) == (422, True)
    saved = desk.post(address, form | as_shown(row) | {"relief_percent": "45"}, **IN_PLACE)
    page = saved.content.decode()
    assert (saved.status_code, saved.headers["HX-Retarget"], "45 %" in page) == (200, "#ledger", True)
    assert saved.headers["HX-Trigger"] == registry.LEDGER_CHANGED
    assert "Saved: Physical therapy" in page


def test_treatments_are_added_one_after_the_other(desk: Client, lead: Lead) -> None:
    assert 'id="treatment-new"' in desk.get(at(lead, "treatments/add/"), **IN_PLACE).content.decode()
    answer = desk.post(at(lead, "treatments/add/"), treatment_form(another="1"), **IN_PLACE).content.decode()
    assert ("Added: Physical therapy" in answer, answer.count("<form") == 1) == (True, True)
    answer = desk.post(at(lead, "treatments/add/"), treatment_form(kind="heat"), **IN_PLACE).content.decode()
    assert ("<form" in answer, Treatment.objects.count()) == (False, 2)


def test_the_ledger_alone_is_for_the_page(desk: Client, lead: Lead) -> None:
    make_treatment(lead)
    assert desk.get(at(lead, "treatments/"))["Location"] == at(lead)
    part = desk.get(at(lead, "treatments/"), **IN_PLACE).content.decode()
    assert ("<html" in part, "Physical therapy" in part) == (False, True)


# --- The boxes beside ------------------------------------------------------------------------------------------------


def keys_on(page: str) -> list[str]:
    return re.findall(r"/panels/([\w-]+)/", page)


def test_boxes_come_one_by_one_and_together_are_the_whole(desk: Client, lead: Lead) -> None:
    page = desk.get(at(lead)).content.decode()
    whole = desk.get(at(lead, "change/?panels=all")).content.decode()
    addresses = re.findall(r'hx-get="([^"]+/panels/[^"]+)"', html.unescape(page))
    fetched = "".join(desk.get(address).content.decode() for address in addresses)
    titles = set(re.findall(r"<h2>([^<]+)</h2>", whole.partition("<aside")[2]))
    assert {"People around", "Follow-ups", "Insurance", "Documents"} <= titles
    assert titles == set(re.findall(r"<h2>([^<]+)</h2>", fetched)) | {"People around"}


def test_no_page_of_a_lead_asks_more_than_fifteen_questions(
    desk: Client, lead: Lead, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    Lead.objects.filter(pk=lead.pk).update(safety_hold=True)
    page = desk.get(at(lead)).content.decode()
    with django_assert_max_num_queries(15):
        desk.get(at(lead))
    for address in re.findall(r'hx-get="([^"]+/panels/[^"]+)"', html.unescape(page)):
        with django_assert_max_num_queries(13):
            assert desk.get(address).status_code == 200


def test_a_box_whose_page_was_recorded_is_not_recorded_again(desk: Client, lead: Lead, clinician: User) -> None:
    page = html.unescape(desk.get(at(lead)).content.decode())
    address = next(iter(re.findall(r'hx-get="([^"]+/panels/[^"]+)"', page)))
    assert AccessEvent.objects.filter(action=AccessAction.VIEW).count() == 1
    desk.get(address)
    assert AccessEvent.objects.filter(action=AccessAction.VIEW).count() == 1
    desk.get(address.partition("?")[0])
    assert AccessEvent.objects.filter(action=AccessAction.VIEW).count() == 2
    desk.force_login(clinician)
    desk.get(address)  # with somebody else's token
    assert AccessEvent.objects.filter(action=AccessAction.VIEW, user_id=clinician.pk).count() == 1


def test_whoever_may_not_see_a_box_does_not_get_it(client: Client, lead: Lead) -> None:
    client.force_login(make_user("front_desk", email="fran@example.org"))
    page = client.get(at(lead)).content.decode()
    assert "candidacy" not in keys_on(page)
    assert client.get(at(lead, "panels/candidacy/")).status_code == 404
    assert client.get(at(lead, "panels/nothing/")).status_code == 404


# --- Notes -----------------------------------------------------------------------------------------------------------


def test_notes_are_markdown_and_nothing_in_them_runs(desk: Client, lead: Lead) -> None:
    desk.post(at(lead, "note/"), {"note-text": "**Wants** a visit\n\n- after noon\n- [map](https://www.example.org)"})
    evil = "<img src=x onerror=alert(1)> [go](javascript:alert(1)) ![x](https://www.example.org/x.png)"
    desk.post(at(lead, "note/"), {"note-text": evil})
    notes = "".join(re.findall(r'<div class="timeline-note">(.*?)</div>', desk.get(at(lead)).content.decode(), re.S))
    assert "<strong>Wants</strong>" in notes
    assert "<li>after noon</li>" in notes
    assert '<a href="https://www.example.org">map</a>' in notes
    assert "<img" not in notes
    assert 'href="javascript' not in notes
    assert "onerror=alert(1)&gt;" in notes


def test_nobody_is_named_when_nobody_corrected(lead: Lead) -> None:
    assert queries.last_to_correct(lead) == "somebody else"


# --- Consents --------------------------------------------------------------------------------------------------------


def test_the_latest_word_on_each_consent_and_what_is_stopped(desk: Client, lead: Lead, coordinator: User) -> None:
    def consent(given: bool, at: datetime, **more: Any) -> None:
        ConsentRecord.objects.create(
            lead=lead, kind=ConsentKind.CONTACT, given=given, text="You may answer me.", text_version="3", at=at, **more
        )

    consent(True, NOON)
    consent(False, NOON + timedelta(days=1), witnessed_by=coordinator)
    opt_out.opt_out(lead.email, lead_id=None, scope=Scope.EDUCATION, because=SuppressedBecause.OPT_OUT, now=NOON)
    box = " ".join(desk.get(at(lead, "panels/consents/")).content.decode().split())
    assert box.count("<dt>Contact about the request</dt>") == 1
    assert "<strong>No</strong>" in box
    assert "told to Casey Coordinator" in box
    assert "You may answer me." in box
    assert "Education and news" in box


def test_a_corrected_list_is_told_on_the_page_in_words(desk: Client, lead: Lead, coordinator: User) -> None:
    treatment = make_treatment(lead, side_effects=["stomach"])
    treatments.correct(treatment, by=coordinator, side_effects=["drowsy", "dizzy"])

    page = desk.get(f"/admin/crm/lead/{lead.pk}/change/")

    assert page.status_code == 200
    assert "Drowsy, Dizzy" in page.text
