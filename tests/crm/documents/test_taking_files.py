"""Who may hand a file to the site: nobody whose view has not looked at them, and nothing of a stranger's is read."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.http.multipartparser import MultiPartParser
from django.test import Client

from crm.models import Document, Lead, Location, User
from tests.crm import files
from tests.factories import make_user, own_browser, stranger

pytestmark = pytest.mark.django_db
TOKEN = "t" * 32


@pytest.fixture(autouse=True)
def directory(settings: Any, tmp_path: Path) -> None:
    settings.DOCUMENTS_DIR = settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of files that went to disk while they were sent."""
    names: list[str] = []
    begin = TemporaryUploadedFile.__init__

    def note(self: TemporaryUploadedFile, name: str, *args: Any) -> None:
        names.append(name)
        begin(self, name, *args)

    monkeypatch.setattr(TemporaryUploadedFile, "__init__", note)
    return names


def a_file() -> SimpleUploadedFile:
    return SimpleUploadedFile("mri.png", files.png())


def checked(client: Client) -> Client:
    """The same browser, from which every form needs its token."""
    client.handler.enforce_csrf_checks = True
    client.cookies["csrftoken"] = TOKEN
    return client


@pytest.mark.parametrize("path", ["/candidate/", "/candidate/call-me/", "/candidate/embed/", "/ask/", "/admin/login/"])
def test_a_form_without_files_takes_none(center: Location, client: Client, written: list[str], path: str) -> None:
    answer = client.post(path, {"note": a_file(), "first_name": "Avery"})

    assert answer.status_code in {200, 422}
    assert not answer.wsgi_request.FILES
    assert written == []


def test_what_stands_before_the_file_is_still_read(center: Location, client: Client) -> None:
    answer = client.post("/candidate/", stranger(email="avery@example.org") | {"extra": a_file()})

    assert answer.status_code == 302
    assert Lead.objects.get().email == "avery@example.org"


@pytest.mark.parametrize(
    "path",
    [
        "/my/documents/",
        "/es/my/documents/",
        "/admin/crm/lead/{lead}/documents/",
        "/admin/crm/location/{center}/change/",
        "/admin/crm/location/add/",
    ],
)
def test_nothing_of_a_stranger_is_read(lead: Lead, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    def read(*_args: Any) -> None:
        raise AssertionError("A stranger's file was read.")

    monkeypatch.setattr(MultiPartParser, "parse", read)

    answer = checked(Client()).post(path.format(lead=lead.pk, center=lead.location_id), {"file": a_file()})

    assert answer.status_code in {302, 404}


def test_who_may_not_send_documents_leaves_nothing(lead: Lead, outsider: User, written: list[str]) -> None:
    client = checked(Client())
    client.force_login(outsider)

    answer = client.post(f"/admin/crm/lead/{lead.pk}/documents/", {"file": a_file()})

    assert answer.status_code == 403
    assert not answer.wsgi_request.FILES
    assert written == []


def test_a_patient_sends_a_file_with_the_token_and_not_without(lead: Lead) -> None:
    patient, form = checked(own_browser(lead)), {"kind": "report"}

    assert patient.post("/my/documents/", form | {"file": a_file()}).status_code == 403
    assert Document.objects.count() == 0
    with_token = form | {"csrfmiddlewaretoken": TOKEN, "file": a_file()}
    assert patient.post("/my/documents/", with_token).status_code == 302
    assert Document.objects.count() == 1


def test_the_desk_sends_a_file_with_the_token_and_not_without(lead: Lead, desk: Client) -> None:
    address, form = f"/admin/crm/lead/{lead.pk}/documents/", {"kind": "report"}

    assert checked(desk).post(address, form | {"file": a_file()}).status_code == 403
    with_token = form | {"csrfmiddlewaretoken": TOKEN, "file": a_file()}
    assert desk.post(address, with_token).status_code == 302
    assert Document.objects.count() == 1


def test_a_logo_is_taken_with_the_token_into_memory(center: Location, client: Client, written: list[str]) -> None:
    client.force_login(make_user("administrator", name="Ada Administrator", email="ada@example.org"))
    address = f"/admin/crm/location/{center.pk}/change/"

    assert checked(client).post(address, {"logo": a_file()}).status_code == 403
    answer = client.post(address, {"csrfmiddlewaretoken": TOKEN, "logo": a_file()})

    assert answer.status_code in {200, 422}  # the other fields are missing; the file is none of the complaints
    assert list(answer.wsgi_request.FILES) == ["logo"]
    assert written == []


def test_a_logo_that_is_too_large_is_left_out(
    center: Location, client: Client, written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client.force_login(make_user("administrator", name="Ada Administrator", email="ada@example.org"))
    monkeypatch.setattr("crm.documents.upload_handler.IN_MEMORY", 10)

    answer = client.post(f"/admin/crm/location/{center.pk}/change/", {"logo": a_file()})

    assert not answer.wsgi_request.FILES
    assert written == []
