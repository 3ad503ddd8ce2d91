"""A file sent by mistake goes again while nobody of ours has opened it; the same one twice is said."""

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from crm.documents import actions as documents
from crm.documents import scanning
from crm.enums.documents import DocumentState, Unfit
from crm.models import Activity, Document, ImagingStudy, Lead, PatientSession, User
from tests.crm import files
from tests.crm.documents.test_documents import CHUNK, LARGE, begin, body, put, send
from tests.factories import in_their_place, make_lead, make_user, own_browser, tablet

pytestmark = pytest.mark.django_db
LIST = "/my/documents/"


@pytest.fixture(autouse=True)
def directory(settings: Any, tmp_path: Path) -> Path:
    settings.DOCUMENTS_DIR = tmp_path / "documents"
    return tmp_path / "documents"


@pytest.fixture
def patient(lead: Lead) -> Client:
    return own_browser(lead)


def sent(browser: Client, name: str = "wrong.pdf", data: bytes = LARGE) -> Document:
    return Document.objects.get(pk=send(browser, name, data)["id"])


def take_back(browser: Client, document: Document) -> str:
    return browser.post(f"{LIST}{document.pk}/take-back/", follow=True).content.decode()


@pytest.mark.parametrize("state", [DocumentState.PENDING, DocumentState.CLEAN, DocumentState.RELEASED])
def test_a_wrong_file_is_taken_back_with_its_bytes(
    patient: Client, directory: Path, state: str, django_capture_on_commit_callbacks: Any
) -> None:
    document = sent(patient)
    Document.objects.update(state=state)
    assert "Take back" in patient.get(LIST).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        page = take_back(patient, document)
    assert "The file is taken back." in page
    assert "wrong.pdf" not in page
    assert not Document.objects.exists()
    assert not list(directory.rglob("*.sealed"))
    assert Activity.objects.filter(summary="Document taken back", by=None).count() == 1
    assert "The file is taken back." in take_back(patient, document)  # pressed twice


def test_what_staff_have_opened_stays(patient: Client, lead: Lead, desk: Client) -> None:
    document = sent(patient)
    Document.objects.update(state=DocumentState.CLEAN)
    body(desk.get(f"/admin/crm/lead/{lead.pk}/documents/{document.pk}/"))
    assert "Take back" not in patient.get(LIST).content.decode()
    assert "We have opened this file already." in take_back(patient, document)
    assert body(patient.get(f"{LIST}{document.pk}/")) == LARGE


def test_what_staff_opened_in_the_patients_place_stays(patient: Client, lead: Lead, coordinator: User) -> None:
    document = sent(patient)
    Document.objects.update(state=DocumentState.CLEAN)
    body(in_their_place(Client(), lead, coordinator).get(f"{LIST}{document.pk}/"))
    assert "We have opened this file already." in take_back(patient, document)


def test_what_the_patient_opened_can_still_be_taken_back(patient: Client) -> None:
    document = sent(patient)
    Document.objects.update(state=DocumentState.CLEAN)
    body(patient.get(f"{LIST}{document.pk}/"))
    take_back(patient, document)
    assert not Document.objects.exists()


def test_what_staff_put_with_a_study_stays(patient: Client, lead: Lead) -> None:
    document = sent(patient)
    Document.objects.update(study=ImagingStudy.objects.create(lead=lead, modality="mri", region="lumbar"))
    take_back(patient, document)
    assert Document.objects.filter(pk=document.pk).exists()


def test_what_was_taken_back_a_moment_ago_opens_nothing(patient: Client, coordinator: User) -> None:
    document = sent(patient)
    assert documents.take_back(document, now=timezone.now())
    with pytest.raises(Document.DoesNotExist):
        documents.read_by_staff(document, by=coordinator, now=timezone.now())


def test_nobody_takes_back_the_files_of_others(patient: Client, lead: Lead, coordinator: User, desk: Client) -> None:
    document, scanned = (
        sent(patient),
        send(desk, "ours.pdf", files.pdf(), f"/admin/crm/lead/{lead.pk}/documents/uploads/"),
    )
    for browser in (own_browser(make_lead(email="robin@example.org")), tablet(lead, make_user())):
        assert browser.post(f"{LIST}{document.pk}/take-back/").status_code == 404
    for nothing in (scanned["id"], uuid.uuid4()):
        assert patient.post(f"{LIST}{nothing}/take-back/").status_code == 404
    assert Document.objects.count() == 2


def test_that_a_file_is_gone_is_said_to_nobody_else(patient: Client) -> None:
    document = sent(patient)
    take_back(patient, document)
    other = own_browser(make_lead(email="robin@example.org"))
    assert other.post(f"{LIST}{document.pk}/take-back/").status_code == 404


def test_a_tablet_takes_back_what_was_sent_from_it(lead: Lead) -> None:
    browser = tablet(lead, make_user())
    take_back(browser, sent(browser))
    assert not Document.objects.exists()


def test_an_unfinished_file_is_said_and_can_be_removed(
    patient: Client, directory: Path, django_capture_on_commit_callbacks: Any
) -> None:
    begun = begin(patient, "half.pdf", LARGE).json()
    path = f"{LIST}uploads/{begun['id']}/"
    put(patient, path, 0, LARGE[:CHUNK])
    page = patient.get(LIST).content.decode()
    assert "Not complete" in page
    assert "Choose the same file once more: it goes on where it stopped." in page
    assert "Remove" in page
    with django_capture_on_commit_callbacks(execute=True):
        take_back(patient, Document.objects.get())
    assert not list(directory.rglob("*.sealed"))
    for answer in (put(patient, path, CHUNK, LARGE[CHUNK:]), patient.post(f"{path}finish/")):
        assert (answer.status_code, answer.json()) == (404, {"reason": "This file was taken back."})


def test_the_scanner_is_not_troubled_by_a_file_that_is_gone(patient: Client) -> None:
    document = sent(patient)
    documents.take_back(document, now=timezone.now())
    scanning._after_scan(document, clean=True, now=timezone.now())
    assert not Document.objects.exists()


# --- The same file twice ---------------------------------------------------------------------------------------------
def test_the_same_file_is_there_already(patient: Client) -> None:
    sent(patient, "a.pdf")
    again = begin(patient, "a.pdf", LARGE)
    assert (again.status_code, again.json()["reason"]) == (422, str(Unfit.ALREADY.label))
    assert Document.objects.count() == 1


@pytest.mark.parametrize("way", ["pieces", "form"])
def test_the_same_bytes_under_another_name_are_there_already(patient: Client, directory: Path, way: str) -> None:
    sent(patient, "a.pdf")
    if way == "pieces":
        assert send(patient, "b.pdf", LARGE)["reason"] == str(Unfit.ALREADY.label)
    else:
        answer = patient.post(LIST, {"kind": "report", "file": SimpleUploadedFile("b.pdf", LARGE)})
        assert (answer.status_code, "is there already" in answer.content.decode()) == (422, True)
    assert Document.objects.exclude(state=DocumentState.REFUSED).count() == 1


def test_a_file_of_one_name_and_size_that_was_changed_is_another(patient: Client) -> None:
    sent(patient, "a.pdf")
    changed = LARGE.replace(b"\nendobj", b" endobj")
    answer = patient.post(f"{LIST}uploads/", {"name": "a.pdf", "size": len(changed), "stamp": 6, "kind": "report"})
    assert answer.status_code == 201


def test_a_file_that_was_taken_back_or_refused_can_be_sent_again(patient: Client) -> None:
    take_back(patient, sent(patient))
    document = sent(patient)
    Document.objects.update(state=DocumentState.REFUSED, reason=Unfit.UNCHECKED)
    assert sent(patient).pk != document.pk


def test_a_tablet_learns_nothing_of_what_was_sent_elsewhere(patient: Client, lead: Lead) -> None:
    sent(patient, "a.pdf")
    assert sent(tablet(lead, make_user()), "a.pdf").state == DocumentState.PENDING


# --- A page that was closed ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Your page was closed. Open the link in our mail again; it goes on where it stopped."),
        ("es", "Su página se cerró. Abra de nuevo el enlace de nuestro correo; el envío sigue donde se quedó."),
    ],
)
def test_the_page_knows_what_to_say_once_it_is_closed(patient: Client, language: str, words: str) -> None:
    assert words in patient.get({"en": LIST, "es": f"/es{LIST}"}[language]).content.decode()


def test_once_the_session_is_over_no_answer_of_the_protocol_is_json(patient: Client) -> None:
    """That is how the script knows: whatever else goes wrong with a file is said in JSON."""
    begun = begin(patient, "a.pdf", LARGE).json()
    path = f"{LIST}uploads/{begun['id']}/"
    PatientSession.objects.update(seen_at=timezone.now() - timedelta(hours=1))
    patient.defaults["HTTP_X_WHOSE_PAGE"] = "of a page that is over"  # as our script says with each request
    for answer in (
        begin(patient, "b.pdf", LARGE),
        put(patient, path, 0, LARGE[:CHUNK]),
        patient.post(f"{path}finish/"),
    ):
        assert answer.status_code == 404
        assert answer["Content-Type"].startswith("text/html")
