"""Files that came with a reply: kept among the documents, unseen by the patient, until a person has looked."""

from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from crm.documents import actions as documents
from crm.documents import clamav, scanning
from crm.enums.documents import DocumentState
from crm.inbound import actions as inbound
from crm.inbound import arrivals
from crm.models import Document, InboundMail, Lead, MailThread, SetAsideMail, User
from tests.crm.files import pdf, png
from tests.crm.inbound.test_mail_reading import PLAIN, TOKEN, parts
from tests.factories import own_browser

pytestmark = pytest.mark.django_db


def file(name: str, content: bytes) -> str:
    head = [f'Content-Disposition: attachment; filename="{name}"', "Content-Transfer-Encoding: base64"]
    kind = "image/png" if name.endswith("png") else "application/octet-stream"
    return "\r\n".join([f"Content-Type: {kind}", *head]) + f"\r\n\r\n{b64encode(content).decode()}\r\n"


@pytest.fixture(autouse=True)
def thread(lead: Lead, settings: Settings, tmp_path: Path) -> None:
    settings.DOCUMENTS_DIR = tmp_path / "documents"
    MailThread.objects.create(lead=lead, token=TOKEN)


def take(*files: str, **headers: str) -> InboundMail | SetAsideMail | None:
    raw = parts("mixed", PLAIN + "My insurance card.", *files)
    for name, value in headers.items():
        raw = f"{name.replace('_', '-')}: {value}\r\n".encode() + raw
    return arrivals.take_in(raw, came_by="mailbox", now=datetime.now(UTC))


def names() -> list[str]:
    return sorted(one.name for one in Document.objects.all())


def told() -> list[str]:
    """What is said of the files."""
    words = InboundMail.objects.get().text.split("\n\n")
    return [one for one in words if one.startswith(("Attached", "Not kept"))]


def test_files_of_a_reply_wait_among_the_documents(lead: Lead) -> None:
    take(file("card.png", png()), file("report.pdf", pdf()), file("program.exe", b"MZ"))
    assert names() == ["card.png", "report.pdf"]
    assert {(one.lead, one.state, one.by_mail) for one in Document.objects.all()} == {
        (lead, DocumentState.PENDING, True)
    }
    assert told() == [
        "Attached: card.png, report.pdf, program.exe",
        "Not kept: program.exe (this kind of file is not taken)",
    ]


def test_a_photo_without_a_name_is_kept_and_what_is_passed_on_leaves_a_trace(lead: Lead) -> None:
    """As telephones and gateways of picture messages send it."""
    photo = f"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n{b64encode(png()).decode()}\r\n"
    passed_on = "Content-Type: message/rfc822\r\n\r\nSubject: Your MRI\r\n\r\nIt is ready."
    take(photo, passed_on)
    assert names() == ["unnamed.png"]
    assert told() == ["Attached: unnamed.png, Your MRI.eml", "Not kept: Your MRI.eml (this kind of file is not taken)"]


def test_a_mail_that_is_brought_again_brings_nothing_twice(lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the worker dies between the files and the words."""

    def die(*_args: object, **_how: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(inbound, "receive", die)
        with pytest.raises(KeyboardInterrupt):
            take(file("report.pdf", pdf()))
    assert [take(file("report.pdf", pdf())) is None for _ in range(2)] == [False, True]
    assert (names(), told()) == (["report.pdf"], ["Attached: report.pdf"])


def test_no_scanner_lets_them_through(lead: Lead, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.CLAMD_URL = "tcp://127.0.0.1:9"
    monkeypatch.setattr(clamav, "is_clean", lambda *_args: True)
    take(file("report.pdf", pdf()))
    assert [scanning.scan_due(now=datetime.now(UTC)) for _ in range(2)] == [1, 0]
    assert Document.objects.get().state == DocumentState.PENDING


def test_the_patient_sees_them_once_a_person_has_released_them(lead: Lead, clinician: User) -> None:
    take(file("report.pdf", pdf()))
    browser = own_browser(lead)
    assert "report.pdf" not in browser.get("/my/documents/").content.decode()
    documents.release(Document.objects.get(), by=clinician, now=datetime.now(UTC))
    assert "report.pdf" in browser.get("/my/documents/").content.decode()


def test_the_desk_is_told_that_they_came_by_mail(lead: Lead, desk: Client) -> None:
    take(file("report.pdf", pdf()))
    page = desk.get(f"/admin/crm/lead/{lead.pk}/panels/documents/").content.decode()
    assert "with an e-mail: read the mail, and release it only when it is theirs" in page
    assert ("Waits for a person." in page, "Being checked" in page) == (True, False)  # nothing checks it
    Document.objects.update(state=DocumentState.CLEAN)
    page = desk.get(f"/admin/crm/lead/{lead.pk}/panels/documents/").content.decode()
    assert ("with an e-mail" in page, "release it" in page) == (True, False)


def test_the_logo_of_a_signature_is_no_document(lead: Lead) -> None:
    logo = file("logo.png", png()).replace("attachment;", "inline;")
    take(logo.replace("Content-Type:", "Content-ID: <logo>\r\nContent-Type:", 1))
    assert (names(), told()[1:]) == ([], ["Not kept: logo.png (a small picture within the words)"])


def test_only_replies_bring_files(lead: Lead) -> None:
    take(file("report.pdf", pdf()), Auto_Submitted="auto-replied")
    assert names() == []


def test_nobodys_mail_brings_no_files(lead: Lead) -> None:
    MailThread.objects.all().delete()
    Lead.objects.update(email="other@example.org")
    take(file("report.pdf", pdf()))
    assert (names(), told()[1:]) == ([], ["Not kept: report.pdf (nobody can tell whose mail it is)"])
    assert InboundMail.objects.get().lead is None


def test_what_cannot_be_stored_is_in_no_way_of_the_words(lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    store = documents.store_whole

    def full(*args: Any, name: str, **how: Any) -> Document:
        if name == "card.png":
            return store(*args, name=name, **how)
        raise OSError(28, "No space left on device")

    files = [file("card.png", png()), file("report.pdf", pdf())]
    with monkeypatch.context() as patched:
        patched.setattr(documents, "store_whole", full)
        assert isinstance(take(*files), InboundMail)
    assert (names(), told()[1:]) == (["card.png"], ["Not kept: report.pdf (it could not be stored)"])
    assert take(*files) is None  # the same mail, whatever became of its file


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("scan.pdf", b"no paper at all", "This is no PDF, picture or scan that we can read"),
        ("scan?.pdf", b"%PDF", "The name of the file has signs that we cannot take, such as slashes"),
        ("empty.pdf", b"", "it is empty"),
    ],
)
def test_a_file_that_is_not_accepted_is_said_to_be_missing(lead: Lead, name: str, content: bytes, why: str) -> None:
    take(file(name, content))
    assert told()[1:] == [f"Not kept: {name} ({why})"]


def test_what_is_beyond_ten_files_is_said_to_be_missing(lead: Lead) -> None:
    take(*(file(f"{number}.pdf", pdf() + b"\n" * number) for number in range(11)))
    assert (len(names()), told()[1:]) == (10, ["Not kept: 10.pdf (more than 10 files)"])


def test_a_mail_that_is_taken_in_after_all_brings_its_files(lead: Lead, coordinator: User, settings: Settings) -> None:
    limit, settings.MAIL_MAX_BYTES = settings.MAIL_MAX_BYTES, 10
    aside = take(file("report.pdf", pdf()), Message_ID="<a@example.org>")
    assert isinstance(aside, SetAsideMail)
    settings.MAIL_MAX_BYTES = limit
    arrivals.take_in_again(aside, by=coordinator, now=datetime.now(UTC))
    assert (names(), told()) == (["report.pdf"], ["Attached: report.pdf"])
