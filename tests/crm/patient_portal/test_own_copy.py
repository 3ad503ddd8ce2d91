"""The copy of one's data: in order, with authors, in words beside the codes, with its files, without confidences."""

import json
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django import forms
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from crm import registry
from crm.admin import forms as lead_forms
from crm.admin import reviews
from crm.admin.lead import referrals as lead_referrals
from crm.admin.lead import safety as lead_safety
from crm.documents import actions as documents
from crm.enums.documents import DocumentKind, DocumentState
from crm.enums.leads import AccessAction, ActivityKind, CallOutcome
from crm.enums.treatments import MeasurementKind, Source
from crm.leads import actions as leads
from crm.models import AccessEvent, Activity, Document, Lead, Measurement, PatientSession, User
from crm.patient_portal import conversation, own_copy
from crm.patient_portal.column_labels import NAMES
from intake import translated_texts
from intake.desk import decision_views, insurance_views, staff_intake, unproven_views
from scheduling.portal.forms import StaffCancelForm
from tests.crm import files
from tests.factories import make_lead, make_treatment, make_user, own_browser, tablet

pytestmark = pytest.mark.django_db
REFERRAL = DocumentKind.REFERRAL


@pytest.fixture(autouse=True)
def directory(settings: Any, tmp_path: Path) -> None:
    settings.DOCUMENTS_DIR = tmp_path


def copy_of(lead: Lead, language: str = "en") -> dict[str, Any]:
    """As the file says it."""
    with override(language):
        found: dict[str, Any] = json.loads(json.dumps(own_copy.export(lead), default=str))
    return found


REGISTERED = [one for one in registry.personal_data_of_all() if one.fields]


# --- In order --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", REGISTERED, ids=lambda one: one.model.__name__)
def test_every_model_says_what_came_first(entry: registry.PersonalData) -> None:
    columns = [entry.model._meta.get_field(name) for name in entry.order]

    assert columns
    assert isinstance(columns[0], models.DateField | models.IntegerField)
    assert not any(getattr(column, "null", True) for column in columns)


def test_the_timeline_is_told_as_it_happened(lead: Lead) -> None:
    start = timezone.now()
    for number in (3, 1, 2, 0):
        Activity.objects.create(
            pk=UUID(int=9 - number),
            lead=lead,
            kind=ActivityKind.NOTE,
            at=start + timedelta(number),
            summary=str(number),
        )

    assert [one["summary"] for one in copy_of(lead)["What happened"]] == ["0", "1", "2", "3"]


def test_what_happened_at_one_moment_stands_in_no_random_order(lead: Lead) -> None:
    at = timezone.now()
    for number, name in enumerate("dabc"):
        Activity.objects.create(pk=UUID(int=number + 1), lead=lead, kind=ActivityKind.NOTE, at=at, summary=name)

    assert [one["summary"] for one in copy_of(lead)["What happened"]] == ["a", "b", "c", "d"]


def test_of_one_day_scores_stand_as_they_were_entered(lead: Lead) -> None:
    at = timezone.now()
    for value in (8, 2):
        Measurement.objects.create(lead=lead, at=at, kind=MeasurementKind.NRS_AVG, value=value)

    assert [one["value"] for one in copy_of(lead)["Ratings and scores"]] == ["8.0", "2.0"]


# --- Who wrote it ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "title", "you"), [("en", "Messages", "You"), ("es", "Mensajes", "Usted")])
def test_messages_say_who_wrote_them(lead: Lead, language: str, title: str, you: str) -> None:
    now, robin = timezone.now(), make_user("coordinator", name="Robin Sample")
    session = PatientSession.objects.create(lead=lead, secret_hash="x")
    conversation.write(lead, text="How are you?", by=robin, now=now)
    conversation.answer(session, text="Better.", now=now + timedelta(minutes=1))

    told = [(one["by"], one["text"]) for one in copy_of(lead, language)[title]]

    assert told == [("Robin Sample", "How are you?"), (you, "Better.")]


# --- In words --------------------------------------------------------------------------------------------------------


def test_every_code_that_can_be_in_a_copy_is_translated() -> None:
    known = {message.id for message in translated_texts.catalogue()} | translated_texts.NAMES
    codes = {
        text for entry in REGISTERED for name in entry.fields for text in own_copy.words_of(entry.model, name).values()
    }

    assert codes - known == set()
    assert {entry.title for entry in REGISTERED} - known == set()


def test_every_column_of_a_copy_has_a_name(lead: Lead) -> None:
    columns = {name for entry in REGISTERED for name in entry.fields}

    assert columns - set(NAMES) == set(), (
        "Say in crm/patient_portal/column_labels.py what these are called in plain words "
        "(CONTRIBUTING.md, “A field of Lead”)"
    )
    [about] = copy_of(lead, "es")["Acerca de esta copia"]
    assert about["names"]["relief_percent"] == "Alivio en porcentaje"


@pytest.mark.parametrize(
    ("language", "title", "words"),
    [
        ("en", "Ratings and scores", "Pain, average of 7 days (0-10)"),
        ("es", "Valoraciones y puntajes", "Dolor, promedio de 7 días (0-10)"),
    ],
)
def test_words_stand_beside_the_code(lead: Lead, language: str, title: str, words: str) -> None:
    Measurement.objects.create(lead=lead, kind=MeasurementKind.NRS_AVG, value=7)

    [score] = copy_of(lead, language)[title]

    assert (score["kind"], score["in_words"]["kind"]) == ("nrs_avg", words)


def test_lists_of_codes_are_told_one_by_one(lead: Lead) -> None:
    make_treatment(lead, kind="esi_caudal", body_region="lumbar", side_effects=["drowsy", "gone"])

    [told] = copy_of(lead, "es")["Tratamientos"]

    assert told["in_words"]["kind"] == "Inyección epidural de esteroides, caudal"
    assert told["side_effects"] == ["drowsy", "gone"]
    assert told["in_words"]["side_effects"] == ["Sueño durante el día", "gone"]


def test_columns_of_lists_hold_their_codes() -> None:
    lists = {
        column.name
        for entry in REGISTERED
        for column in entry.model._meta.concrete_fields
        if isinstance(column, ArrayField) and column.name in entry.fields
    }
    told = {name for name in lists for one in REGISTERED if name in one.fields and own_copy.words_of(one.model, name)}

    assert lists - told == {"signs", "news", "tags"}
    assert registry.words_for("signs")


# --- Files -----------------------------------------------------------------------------------------------------------


def scanned(lead: Lead, by: User, *, state: DocumentState = DocumentState.CLEAN) -> Document:
    """A file that staff brought in."""
    data, sender = files.pdf(), documents.DocumentSender(by=by)
    made = documents.store_whole(
        lead, BytesIO(data), sender=sender, name="letter.pdf", size=len(data), kind=REFERRAL, now=timezone.now()
    )
    Document.objects.filter(pk=made.pk).update(state=state)
    return made


def test_a_file_that_staff_scanned_can_be_had(lead: Lead, coordinator: User, settings: Any) -> None:
    document = scanned(lead, coordinator)
    browser = own_browser(lead)

    [told] = copy_of(lead)["Documents"]

    assert (told["name"], told["uploaded_by"]) == ("letter.pdf", coordinator.name)
    assert told["download"] == f"{settings.SITE_URL.rstrip('/')}/my/documents/{document.pk}/"
    assert f'href="/my/documents/{document.pk}/"' in browser.get("/my/documents/").content.decode()
    answer = browser.get(f"/my/documents/{document.pk}/")
    assert b"".join(answer.streaming_content) == files.pdf()  # type: ignore[attr-defined]


def test_a_file_that_nobody_may_read_has_no_address(lead: Lead, coordinator: User) -> None:
    document = scanned(lead, coordinator, state=DocumentState.PENDING)

    assert "download" not in copy_of(lead)["Documents"][0]
    assert own_browser(lead).get(f"/my/documents/{document.pk}/").status_code == 404


def test_a_scanned_file_is_nobody_elses(lead: Lead, coordinator: User) -> None:
    document = scanned(lead, coordinator)
    other = make_lead(email="robin@example.org", phone="")

    for browser in (own_browser(other), tablet(lead, make_user("coordinator", email="tablet@example.org"))):
        assert browser.get(f"/my/documents/{document.pk}/").status_code == 404
        assert "letter.pdf" not in browser.get("/my/documents/").content.decode()


# --- Notes -----------------------------------------------------------------------------------------------------------


def test_a_note_of_staff_is_in_the_copy(lead: Lead, coordinator: User) -> None:
    leads.add_note(lead, by=coordinator, text="Prefers mornings.")

    [told] = copy_of(lead)["What happened"]

    assert (told["note"], told["by"]) == ("Prefers mornings.", coordinator.name)


@pytest.mark.parametrize("way", ["note", "call"])
def test_what_a_third_person_told_in_confidence_is_in_no_copy(lead: Lead, coordinator: User, way: str) -> None:
    browser = Client()
    browser.force_login(coordinator)
    typed = {"text": "Husband: she drinks.", "note": "Husband: she drinks.", "outcome": CallOutcome.REACHED}
    fields = {f"{way}-{name}": value for name, value in typed.items()} | {f"{way}-in_confidence": "on"}

    assert browser.post(f"/admin/crm/lead/{lead.pk}/{way}/", fields).status_code == 302

    assert Activity.objects.filter(lead=lead, in_confidence=True, note="Husband: she drinks.").count() == 1
    assert copy_of(lead)["What happened"] == []  # nor does a move at that minute tell that somebody called
    assert "Husband" not in json.dumps(copy_of(lead))
    page = browser.get(f"/admin/crm/lead/{lead.pk}/change/").content.decode()
    assert "told in confidence, not in the patient’s copy" in page


def test_every_copy_says_the_same_about_confidences(lead: Lead, coordinator: User) -> None:
    """Whether anybody told us anything cannot be read from it."""
    other = make_lead(email="robin@example.org", phone="")
    leads.add_note(lead, by=coordinator, text="Husband: she drinks.", in_confidence=True)

    said = [copy_of(one)["About this copy"][0]["remarks"] for one in (lead, other)]

    assert said[0] == said[1]
    assert "What other people told us in confidence is not in any copy (45 CFR 164.524(a)(2)(v))." in said[0]


def test_the_forms_tell_staff_who_reads_a_note(lead: Lead, coordinator: User) -> None:
    browser = Client()
    browser.force_login(coordinator)

    page = browser.get(f"/admin/crm/lead/{lead.pk}/change/").content.decode()

    assert page.count("The patient can read it: it is in the copy of their data.") == 3
    assert page.count("Told by somebody else in confidence") == 2
    assert "it is in the copy of their data" in browser.get(f"/admin/crm/lead/{lead.pk}/details/").content.decode()


def test_the_source_of_a_score_is_told(lead: Lead) -> None:
    Measurement.objects.create(lead=lead, kind=MeasurementKind.RMDQ, value=12, source=Source.MEDICAL_RECORD)

    assert copy_of(lead)["Ratings and scores"][0]["in_words"]["source"] == "Medical record"


@pytest.mark.parametrize(
    ("form", "field"),
    [
        (lead_forms.CallForm, "note"),
        (lead_forms.NoteForm, "text"),
        (lead_forms.MoveForm, "note"),
        (lead_forms.DetailsForm, "tags"),
        (lead_safety.ClearForm, "note"),
        (reviews.ReviewDecisionForm, "reason"),
        (reviews.ConsultationForm, "note"),
        (decision_views.OverrideForm, "reason"),
        (insurance_views.VerificationForm, "note"),
        (staff_intake.NewRequest, "note"),
        (lead_referrals.TellForm, "how"),
        (StaffCancelForm, "note"),
    ],
    ids=lambda one: getattr(one, "__name__", one),
)
def test_wherever_staff_write_about_a_person_the_form_says_who_reads_it(form: type[forms.Form], field: str) -> None:
    assert lead_forms.IN_COPY in str(form.base_fields[field].help_text)


def test_a_note_only_of_us_does_not_say_that_the_patient_reads_it() -> None:
    assert lead_forms.IN_COPY not in str(unproven_views.IdentityDecisionForm.base_fields["note"].help_text)


# --- The box, later --------------------------------------------------------------------------------------------------
def tell_later(browser: Client, entry: Activity, told: str) -> Any:
    return browser.post(f"/admin/crm/lead/{entry.lead_id}/entries/{entry.pk}/confidence/", {"told": told})


@pytest.mark.parametrize("way", ["note", "call"])
def test_the_box_of_an_entry_is_set_and_taken_off_later(lead: Lead, coordinator: User, way: str) -> None:
    browser = Client()
    browser.force_login(coordinator)
    if way == "note":
        entry = leads.add_note(lead, by=coordinator, text="Husband: she drinks.")
    else:
        entry = leads.log_call(lead, by=coordinator, outcome=CallOutcome.REACHED, note="Husband: she drinks.")
    before = copy_of(lead)["What happened"]
    page = f"/admin/crm/lead/{lead.pk}/change/"
    assert "It was told in confidence" in browser.get(page).content.decode()

    for told in ("in_confidence", "in_confidence"):
        assert tell_later(browser, entry, told).status_code == 302

    assert copy_of(lead)["What happened"] == []
    assert "told in confidence, not in the patient’s copy" in browser.get(page).content.decode()
    assert AccessEvent.objects.filter(action=AccessAction.EDIT, user_id=coordinator.pk).count() == 2
    tell_later(browser, entry, "openly")
    assert copy_of(lead)["What happened"] == before


def test_only_notes_and_calls_of_staff_are_told_in_confidence(lead: Lead, coordinator: User) -> None:
    browser, other = Client(), make_lead(email="robin@example.org", phone="")
    browser.force_login(coordinator)
    theirs = leads.add_note(other, by=coordinator, text="Prefers mornings.")
    decided = Activity.objects.create(lead=lead, kind=ActivityKind.OUTCOME, by=coordinator, note="Too soon.")
    own = Activity.objects.create(lead=lead, kind=ActivityKind.NOTE, summary="Asked us to delete their data")

    for entry in (decided, own):
        assert tell_later(browser, entry, "in_confidence").status_code == 404
    address = f"/admin/crm/lead/{lead.pk}/entries/{theirs.pk}/confidence/"
    assert browser.post(address, {"told": "in_confidence"}).status_code == 404
    assert tell_later(browser, leads.add_note(lead, by=coordinator, text="Hello"), "?").status_code == 302
    assert not Activity.objects.filter(in_confidence=True).exists()
