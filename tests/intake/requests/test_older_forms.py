"""A form that is older than its row is refused once, with what stands there beside what was typed."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from crm.enums.leads import ConsultResult
from crm.leads import imaging, reviews
from crm.models import Consultation, ImagingStudy, Lead, User
from intake.assessment import insurance
from intake.models import Coverage
from tests.crm.desk.test_lead import at
from tests.factories import today
from tests.page_forms import as_sent

pytestmark = pytest.mark.django_db
TODAY = today()


def test_an_imaging_study_keeps_both_corrections_and_asks_about_the_same(
    desk: Client, lead: Lead, coordinator: User, clinician: User
) -> None:
    study = imaging.add(lead, by=coordinator, now=timezone.now(), modality="mri", region="lumbar", facility="Old")
    address = at(lead, "imaging/{study}/", study=study.pk)
    sent = as_sent(desk.get(address).text, having="modality")
    imaging.correct(study, by=clinician, now=timezone.now(), facility="Theirs", place="Shelf 3")

    refused = desk.post(address, {**sent, "facility": "Mine"})

    assert (refused.status_code, "changed this to “Theirs”" in refused.text) == (422, True)
    assert desk.post(address, as_sent(refused.text, having="modality")).status_code == 302
    study.refresh_from_db()
    assert (study.facility, study.place) == ("Mine", "Shelf 3")


def test_an_unchanged_study_is_left_as_it_is(desk: Client, lead: Lead, coordinator: User) -> None:
    study = imaging.add(lead, by=coordinator, now=timezone.now(), modality="mri", region="lumbar")
    ImagingStudy.objects.filter(pk=study.pk).update(modality="phrenology", region="tail")
    before = ImagingStudy.objects.filter(pk=study.pk).values().get()
    address = at(lead, "imaging/{study}/", study=study.pk)
    assert desk.post(address, as_sent(desk.get(address).text, having="modality")).status_code == 302
    assert ImagingStudy.objects.filter(pk=study.pk).values().get() == before


def test_a_consultation_that_was_recorded_meanwhile_is_shown_first(
    client: Client, lead: Lead, clinician: User, coordinator: User
) -> None:
    client.force_login(clinician)
    address = at(lead, "consultation/")
    sent = as_sent(client.get(address).text, having="held_on")
    mine = {**sent, "held_on": TODAY.isoformat(), "result": ConsultResult.values[0], "note": "Mine"}
    reviews.record_consultation(
        lead,
        held_on=TODAY,
        result=ConsultResult(ConsultResult.values[1]),
        surgery=None,
        note="Theirs",
        by=coordinator,
        now=timezone.now(),
    )

    refused = client.post(address, mine)

    assert (refused.status_code, "Meanwhile Casey Coordinator recorded for this day" in refused.text) == (422, True)
    assert ("Theirs" in refused.text, "Mine" in refused.text) == (True, True)
    assert Consultation.objects.get().note == "Theirs"
    assert client.post(address, as_sent(refused.text, having="held_on")).status_code == 302
    assert Consultation.objects.get().note == "Mine"


def test_criteria_that_somebody_chose_meanwhile_are_shown_first(
    desk: Client, lead: Lead, clinician: User, coordinator: User
) -> None:
    address = at(lead, "insurance/")
    sent = as_sent(desk.get(address).text, having="profile")
    insurance.choose(lead, profile="aetna_fusion", plan=None, by=clinician, now=timezone.now() + timedelta(seconds=1))

    refused = desk.post(address, {**sent, "profile": "hcsc_fusion"})

    assert (refused.status_code, "Meanwhile Dana Clinician chose" in refused.text) == (422, True)
    assert Coverage.objects.get().profile == "aetna_fusion"
    assert desk.post(address, as_sent(refused.text, having="profile")).status_code == 302
    assert Coverage.objects.get().profile == "hcsc_fusion"


def test_criteria_that_the_page_showed_are_changed_at_once(desk: Client, lead: Lead, clinician: User) -> None:
    insurance.choose(lead, profile="aetna_fusion", plan=None, by=clinician, now=timezone.now())
    address = at(lead, "insurance/")
    sent = as_sent(desk.get(address).text, having="profile")
    assert desk.post(address, {**sent, "profile": "hcsc_fusion"}).status_code == 302
    assert Coverage.objects.get().profile == "hcsc_fusion"
