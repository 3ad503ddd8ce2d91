"""Documents on their way: in pieces, on disk, past the scanner, to who may read them."""

import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from crm.documents import actions as documents
from crm.documents import scanning, storage
from crm.documents.formats import validation
from crm.enums.documents import DocumentState, Unfit
from crm.enums.leads import AccessAction
from crm.errors import DecryptionFailed, WrongOffset
from crm.models import AccessEvent, Activity, Document, Lead, User
from crm.patient_portal import access as patient_access
from crm.sandbox.runner import ChildLimits
from tests.crm import files, hostile_files
from tests.factories import make_lead, own_browser, prove, tablet

pytestmark = pytest.mark.django_db
CHUNK = storage.CHUNK


@pytest.fixture(autouse=True)
def directory(settings: Any, tmp_path: Path) -> Path:
    settings.DOCUMENTS_DIR = tmp_path / "documents"
    return tmp_path / "documents"


@pytest.fixture
def patient(lead: Lead) -> Client:
    return own_browser(lead)


def begin(client: Client, name: str, data: bytes, base: str = "/my/documents/uploads/") -> Any:
    return client.post(base, {"name": name, "size": len(data), "stamp": 5, "kind": "report"})


def put(client: Client, path: str, offset: int, data: bytes) -> Any:
    return client.put(path, data, content_type="application/octet-stream", headers={"Upload-Offset": str(offset)})


def send(client: Client, name: str, data: bytes, base: str = "/my/documents/uploads/") -> dict[str, Any]:
    begun = begin(client, name, data, base).json()
    path, offset = f"{base}{begun['id']}/", begun["offset"]
    while offset < len(data):
        offset = put(client, path, offset, data[offset : offset + CHUNK]).json()["offset"]
    return client.post(f"{path}finish/").json() | {"id": begun["id"]}  # type: ignore[no-any-return]


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)


LARGE = files.pdf(files.SENTINEL * (2 * CHUNK // len(files.SENTINEL)))
LARGEST_SCANNED = 4 * 1024 * 1024


def test_a_document_comes_back_as_it_went(patient: Client, lead: Lead, clinician: User) -> None:
    sent = send(patient, "MRI März.pdf", LARGE)
    assert sent["state"] == DocumentState.PENDING
    document = Document.objects.get(pk=sent["id"])
    assert patient.get(f"/my/documents/{document.pk}/").status_code == 404  # nobody has looked at it
    assert documents.release(document, by=clinician, now=timezone.now())
    answer = patient.get(f"/my/documents/{document.pk}/")
    assert body(answer) == LARGE
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Type"] == "application/octet-stream"
    assert Activity.objects.filter(lead=lead, summary="Document downloaded on the private page").count() == 1


def test_nothing_readable_is_kept(patient: Client, directory: Path) -> None:
    send(patient, "lanternfile.pdf", LARGE)
    on_disk = b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())
    assert len(on_disk) >= len(LARGE)
    assert files.SENTINEL not in on_disk
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        for table in tables:
            cursor.execute(f'SELECT "{table}"::text FROM "{table}"')  # noqa: S608 - names from the catalogue
            rows = str(cursor.fetchall())
            for secret in (files.SENTINEL.decode(), "lanternfile", files.SENTINEL.hex(), b"lanternfile".hex()):
                assert secret not in rows, table
    assert all("lanternfile" not in str(path) for path in directory.rglob("*"))
    assert {path.stat().st_mode & 0o777 for path in directory.rglob("*.sealed")} == {0o600}


def test_a_cut_connection_goes_on_where_the_server_is(patient: Client) -> None:
    begun = begin(patient, "a.pdf", LARGE).json()
    path = f"/my/documents/uploads/{begun['id']}/"
    assert put(patient, path, 0, LARGE[:CHUNK]).json() == {"offset": CHUNK}
    for offset, piece in ((0, LARGE[:CHUNK]), (CHUNK, LARGE[CHUNK : CHUNK + 5]), (2 * CHUNK, b"x")):
        answer = put(patient, path, offset, piece)
        assert (answer.status_code, answer.json()) == (409, {"offset": CHUNK})
    assert patient.post(f"{path}finish/").status_code == 409
    assert begin(patient, "a.pdf", LARGE).json() == begun | {"offset": CHUNK}
    assert send(patient, "a.pdf", LARGE)["state"] == DocumentState.PENDING
    assert Document.objects.count() == 1


def test_what_a_crash_left_on_disk_is_written_over(patient: Client, clinician: User) -> None:
    begun = begin(patient, "a.pdf", LARGE).json()
    put(patient, f"/my/documents/uploads/{begun['id']}/", 0, LARGE[:CHUNK])
    document = Document.objects.get()
    with storage.path_of(document.pk).open("ab") as file:
        file.write(b"half a piece")
    send(patient, "a.pdf", LARGE)
    assert b"".join(storage.pieces(document.pk, document.size)) == LARGE


@pytest.mark.parametrize("harm", ["cut", "swap", "alter", "other", "shorter"])
def test_harm_to_the_bytes_is_found(patient: Client, harm: str) -> None:
    document = Document.objects.get(pk=send(patient, "a.pdf", LARGE)["id"])
    path, size = storage.path_of(document.pk), document.size
    stored = path.read_bytes()
    step = 4 + int.from_bytes(stored[:4])
    if harm == "cut":
        path.write_bytes(stored[: 2 * step])
    elif harm == "swap":
        path.write_bytes(stored[step : 2 * step] + stored[:step] + stored[2 * step :])
    elif harm == "alter":
        path.write_bytes(stored[:500] + bytes([stored[500] ^ 1]) + stored[501:])
    elif harm == "shorter":
        path.write_bytes(stored[:step])
        size = CHUNK
    else:
        other = Document.objects.get(pk=send(patient, "b.pdf", LARGE.replace(b"\nendobj", b" endobj"))["id"])
        path.write_bytes(storage.path_of(other.pk).read_bytes())
    with pytest.raises(DecryptionFailed):
        list(storage.pieces(document.pk, size))


REFUSED = {
    "scan.pdf.exe": (b"MZ", Unfit.TYPE),
    r"..\..\x.pdf": (files.pdf(), Unfit.NAME_ODD),
    "a" * 296 + ".pdf": (files.pdf(), Unfit.NAME_TOO_LONG),
    "empty.pdf": (b"", Unfit.EMPTY),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_at_once_says_why(patient: Client, name: str) -> None:
    data, reason = REFUSED[name]
    answer = begin(patient, name, data)
    assert (answer.status_code, answer.json()["reason"]) == (422, reason.label)
    assert not Document.objects.exists()


def test_what_is_refused_at_the_end_is_not_kept(patient: Client, directory: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.db.transaction.on_commit", lambda done, **_: done())
        sent = send(patient, "a.pdf", files.pdf() + files.packed({"a": b"a"}))
    assert sent["reason"] == Unfit.TWO_IN_ONE.label
    assert not list(directory.rglob("*.sealed"))
    assert str(Unfit.TWO_IN_ONE.label) in patient.get("/my/documents/").content.decode()


def test_a_bomb_is_refused_and_said(patient: Client) -> None:
    sent = send(patient, "a.dcm", hostile_files.deflated_dicom(800))
    assert (sent["state"], sent["reason"]) == (DocumentState.REFUSED, Unfit.UNPACKED.label)


@pytest.mark.parametrize(
    "limits",
    [
        ChildLimits(read=100),
        ChildLimits(read=10**6, memory=40 * 1024**2),  # less than what it has taken when the limit begins
        ChildLimits(read=10**6, seconds=0),
    ],
)
def test_what_cannot_be_judged_within_its_limits_is_refused(
    patient: Client, monkeypatch: pytest.MonkeyPatch, limits: ChildLimits
) -> None:
    monkeypatch.setattr(validation, "limits", lambda _size: limits)
    sent = send(patient, "a.dcm", files.dicom())
    assert (sent["state"], sent["reason"]) == (DocumentState.REFUSED, Unfit.UNCHECKED.label)
    assert "call us" in sent["reason"]


def test_too_large_is_refused(patient: Client, settings: Any) -> None:
    settings.DOCUMENT_MAX_BYTES = 1000
    assert begin(patient, "a.pdf", b"x" * 1001).json() == {"reason": Unfit.TOO_LARGE.label}
    answer = patient.post("/my/documents/", {"kind": "report", "file": SimpleUploadedFile("a.pdf", b"x" * 1001)})
    assert answer.status_code == 422
    assert "If it is very large, send it in smaller parts" in answer.content.decode()


def test_a_plain_form_sends_one_file(patient: Client) -> None:
    answer = patient.post("/my/documents/", {"kind": "insurance", "file": SimpleUploadedFile("card.png", files.png())})
    assert answer.status_code == 302
    assert "card.png" in patient.get("/my/documents/").content.decode()
    answer = patient.post("/my/documents/", {"kind": "insurance", "file": SimpleUploadedFile("a.pdf", files.EICAR)})
    assert answer.status_code == 422
    assert str(Unfit.MISMATCH.label) in answer.content.decode()


def test_a_document_is_kept_under_the_name_of_what_is_in_it(patient: Client) -> None:
    send(patient, "IMG_1.HEIC", files.jpeg())
    document = Document.objects.get()
    assert (document.name, document.media_type) == ("IMG_1.jpg", "image/jpeg")


@pytest.mark.parametrize("sign", ["\u200e", "\u200b", "\u202e", "\u2066", "\ufeff", "\u00ad"])
def test_signs_that_nobody_sees_leave_the_name_of_a_good_file(patient: Client, sign: str) -> None:
    send(patient, f"{sign}WhatsApp{sign} Image.pdf{sign}", files.pdf())
    assert Document.objects.get().name == "WhatsApp Image.pdf"
    plain = SimpleUploadedFile(f"card{sign}.png", files.png())
    assert patient.post("/my/documents/", {"kind": "insurance", "file": plain}).status_code == 302
    page = patient.get("/my/documents/").content.decode()
    assert ("card.png" in page, sign in page) == (True, False)


def test_no_sign_makes_a_program_look_like_a_paper(patient: Client) -> None:
    assert begin(patient, "scan\u202efdp.exe", files.pdf()).json()["reason"] == Unfit.TYPE.label


def test_nobody_reaches_the_documents_of_others(patient: Client, coordinator: User, clinician: User) -> None:
    sent = send(patient, "a.pdf", files.pdf())
    Document.objects.update(state=DocumentState.CLEAN)
    other = make_lead(email="other@example.org", phone="+12125550143")
    stranger = own_browser(other)
    assert stranger.get(f"/my/documents/{sent['id']}/").status_code == 404
    for path in (f"/my/documents/uploads/{sent['id']}/", f"/my/documents/uploads/{sent['id']}/finish/"):
        assert stranger.post(path).status_code in {404, 405}
    assert put(stranger, f"/my/documents/uploads/{sent['id']}/", 0, b"x").status_code == 404
    assert Client().get(f"/my/documents/{sent['id']}/").status_code == 404
    desk = Client()
    desk.force_login(clinician)
    assert desk.get(f"/admin/crm/lead/{other.pk}/documents/{sent['id']}/").status_code == 404


def test_a_tablet_keeps_no_file(patient: Client, lead: Lead, coordinator: User) -> None:
    sent = send(patient, "a.pdf", files.pdf())
    Document.objects.update(state=DocumentState.CLEAN)
    assert tablet(lead, coordinator).get(f"/my/documents/{sent['id']}/").status_code == 404


def test_a_session_that_is_not_proven_is_asked_for_its_code(lead: Lead) -> None:
    client = Client()
    client.cookies["patient"] = patient_access.begin(lead, now=timezone.now(), origin=lead.pk).secret
    assert client.get("/my/documents/")["Location"] == "/my/code/"
    assert begin(client, "a.pdf", files.pdf()).status_code == 302
    assert not Document.objects.exists()


def test_pieces_need_the_token_of_the_form(lead: Lead, coordinator: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies["patient"] = prove(lead).secret
    assert begin(client, "a.pdf", files.pdf()).status_code == 403


def test_staff_send_release_and_fetch(lead: Lead, desk: Client, coordinator: User, clinician: User) -> None:
    base = f"/admin/crm/lead/{lead.pk}/documents/"
    sent = send(desk, "report.pdf", LARGE, f"{base}uploads/")
    assert desk.get(f"{base}{sent['id']}/").status_code == 404
    assert desk.post(f"{base}{sent['id']}/release/").status_code == 403  # a coordinator may not
    expert = Client()
    expert.force_login(clinician)
    assert "Release" in expert.get(f"/admin/crm/lead/{lead.pk}/change/?panels=all").content.decode()
    expert.post(f"{base}{sent['id']}/release/")
    assert body(desk.get(f"{base}{sent['id']}/")) == LARGE
    seen = AccessEvent.objects.get(action=AccessAction.DOWNLOAD)
    assert (seen.user_id, str(seen.object_ids[0])) == (coordinator.pk, sent["id"])


def test_an_outsider_gets_nothing(lead: Lead, outsider: User) -> None:
    client = Client()
    client.force_login(outsider)
    assert client.get(f"/admin/crm/lead/{lead.pk}/documents/").status_code == 403


def test_unfinished_uploads_are_given_up(patient: Client, directory: Path) -> None:
    begun = begin(patient, "a.pdf", LARGE).json()
    put(patient, f"/my/documents/uploads/{begun['id']}/", 0, LARGE[:CHUNK])
    assert documents.forget_unfinished(now=timezone.now() + timedelta(days=6)) == 0
    assert documents.forget_unfinished(now=timezone.now() + timedelta(days=8)) == 1
    assert not list(directory.rglob("*.sealed"))
    assert Document.objects.get().reason == Unfit.INTERRUPTED
    with pytest.raises(WrongOffset):
        documents.put(Document.objects.get().pk, offset=CHUNK, piece=b"x", now=timezone.now())


@pytest.fixture
def clamd(settings: Any) -> Iterator[list[bytes]]:
    """A scanner that knows the EICAR string; keeps what it was sent."""
    server, seen = socket.create_server(("127.0.0.1", 0)), list[bytes]()

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as stream:
                assert stream.read(10) == b"zINSTREAM\0"
                data = b""
                while (length := int.from_bytes(stream.read(4))) and len(data) + length <= LARGEST_SCANNED:
                    data += stream.read(length)
                if length:  # like clamd with a StreamMaxLength: says so and hangs up, whatever is still to come
                    connection.sendall(b"INSTREAM size limit exceeded. ERROR\0")
                    continue
                seen.append(data)
                found = b"stream: Eicar-Signature FOUND\0" if files.EICAR in data else b"stream: OK\0"
                connection.sendall(found)

    threading.Thread(target=serve, daemon=True).start()
    settings.CLAMD_URL = f"tcp://127.0.0.1:{server.getsockname()[1]}"
    yield seen
    server.close()


def test_the_scanner_sees_the_whole_and_decides(patient: Client, clamd: list[bytes]) -> None:
    good, bad = send(patient, "a.pdf", LARGE)["id"], send(patient, "b.pdf", files.pdf(files.EICAR))["id"]
    assert scanning.scan_due(now=timezone.now()) == 2
    assert sorted(clamd, key=len)[-1] == LARGE
    assert Document.objects.get(pk=good).state == DocumentState.CLEAN
    found = Document.objects.get(pk=bad)
    assert (found.state, found.reason) == (DocumentState.REFUSED, Unfit.VIRUS)


def test_a_scanner_that_is_down_leaves_it_waiting(patient: Client, clamd: list[bytes], settings: Any) -> None:
    send(patient, "a.pdf", files.pdf())
    settings.CLAMD_URL, up = "tcp://127.0.0.1:9", settings.CLAMD_URL
    assert scanning.scan_due(now=timezone.now()) == 0
    assert Document.objects.get().state == DocumentState.PENDING
    settings.CLAMD_URL = up
    assert scanning.scan_due(now=timezone.now()) == 0  # not at once
    assert scanning.scan_due(now=timezone.now() + scanning.SCAN_AGAIN) == 1


def test_what_the_scanner_never_takes_waits_for_a_person(patient: Client, clamd: list[bytes], clinician: User) -> None:
    send(patient, "a.pdf", files.pdf(bytes(LARGEST_SCANNED)))
    assert scanning.scan_due(now=timezone.now()) == 0
    assert scanning.scan_due(now=timezone.now() + timedelta(days=1)) == 0
    found = Document.objects.get()
    assert (found.state, found.scan_at, clamd) == (DocumentState.PENDING, None, [])
    assert documents.release(found, by=clinician, now=timezone.now())


def test_a_scan_is_not_begun_twice_while_it_may_run(patient: Client, clamd: list[bytes]) -> None:
    send(patient, "a.pdf", files.pdf())
    now = timezone.now()
    assert scanning._claim(now)
    assert scanning._claim(now + timedelta(minutes=30)) is None  # the longest that crm.scan_documents may run
    assert scanning._claim(now + scanning.SCAN_LEASE)


def test_spanish_reasons(patient: Client) -> None:
    answer = begin(patient, "a.exe", b"MZ", base="/es/my/documents/uploads/")
    assert answer.json()["reason"].startswith("No podemos aceptar")
