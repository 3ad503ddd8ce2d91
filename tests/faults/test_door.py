"""Visitors who never end what they began to send, against the site as the Procfile starts it: real sockets."""

import io
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crm.accounts import sign_in_limits
from crm.documents import actions as documents
from crm.enums.documents import DocumentKind
from crm.models import Document, Lead
from crm.patient_portal import page_owner
from tests.crm import files
from tests.factories import PASSWORD, make_lead, make_location, make_user, prove, stranger
from tests.faults import rehearsal
from tests.faults.far_end import far_end

pytestmark = pytest.mark.django_db(transaction=True)

SLOW_ONES = 50
SIGN_INS = 12
BODY_SECONDS = 4  # what the site gives them here; generous enough to look at it meanwhile
NO_REDIS = "redis://127.0.0.1:1/0"
PATIENCE = 30.0  # seconds; a hang, however busy the machine is
HALF_A_HEAD = "POST /candidate/ HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
HALF_A_FORM = (
    "POST /candidate/embed/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    "Content-Length: 400000\r\n\r\n"
    '--b\r\nContent-Disposition: form-data; name="first_name"\r\n\r\nAver'
)
HALF_A_FILE = HALF_A_FORM.replace('name="first_name"', 'name="f"; filename="f.bin"').replace("/embed", "")
HALF_A_CALL = HALF_A_FILE.replace("/candidate/", "/hooks/mail/mailgun/inbound/")
HALF_A_SIGN_IN = HALF_A_FORM.replace("/candidate/embed/", "/admin/login/").replace("400000", "4000")
MAILGUN = "mailgun://mg.example.org:key@api.mailgun.net?webhook=secret"
LARGE = 16 * 1024 * 1024  # more than fits into the system's buffers between two processes of one machine
ELSEWHERE = "127.0.0.2"  # another address of this machine
STYLES = "/static/vendor/bootstrap/bootstrap.min.css"  # a quarter of a megabyte


@pytest.fixture(scope="module")
def pages() -> None:
    """The static files that whole pages need."""
    with far_end() as far:
        rehearsal.collect_static(far)


@pytest.fixture
def site(settings: Any, tmp_path: Path) -> Iterator[rehearsal.Site]:
    make_location()
    settings.DOCUMENTS_DIR = tmp_path
    more = {"BODY_SECONDS": str(BODY_SECONDS), "DOCUMENTS_DIR": str(tmp_path), "EMAIL_URL_2": MAILGUN}
    with far_end() as far, rehearsal.site(far, redis_url=NO_REDIS, **more) as running:
        yield running


@pytest.fixture
def document() -> Document:
    """A large one of a patient's, which both may fetch."""
    content = files.pdf(b"x" * LARGE)
    lead, now = make_lead(), datetime.now(UTC)
    about: dict[str, Any] = {"name": "mri.pdf", "size": len(content), "kind": DocumentKind.REPORT, "now": now}
    sender = documents.DocumentSender(by=None, session=prove(lead).session)
    stored = documents.store_whole(lead, io.BytesIO(content), sender=sender, **about)
    documents.release(stored, by=make_user("clinician", email="cleo@example.org"), now=now)
    return stored


def in_a_session(begun: str, lead: Lead) -> str:
    """A request of a browser of this patient's own, from a page that it has opened."""
    entry = prove(lead)
    head = f"Cookie: patient={entry.secret}; csrftoken={'t' * 32}\r\n"
    head += f"{page_owner.HEADER}: {page_owner.token_of(entry.session)}\r\n"
    return begun.replace("\r\n", f"\r\n{head}", 1)


def half_an_upload(lead: Lead) -> str:
    return in_a_session(HALF_A_FILE.replace("/candidate/", "/my/documents/"), lead)


def half_a_download(document: Document) -> str:
    return in_a_session(f"GET /my/documents/{document.pk}/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", document.lead)


def an_upload(lead: Lead) -> str:
    """Whole, as a browser without scripts sends it."""
    fields = {"csrfmiddlewaretoken": "t" * 32, "kind": "report"}
    parts = [f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}' for name, value in fields.items()]
    content = files.pdf().decode("latin-1")
    file = f'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n{content}'
    body = "\r\n".join([*parts, file, "--b--\r\n"])
    head = HALF_A_FILE.partition("\r\n\r\n")[0].replace("/candidate/", "/my/documents/")
    return in_a_session(f"{head.replace('400000', str(len(body)))}\r\n\r\n{body}", lead)


@contextmanager
def half_open(site: rehearsal.Site, begun: str, *, count: int) -> Iterator[list[socket.socket]]:
    """`count` connections over which something was begun and nothing more comes."""
    with ExitStack() as all_of_them:
        opened = [
            all_of_them.enter_context(socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE))
            for _ in range(count)
        ]
        for one in opened:
            one.sendall(begun.encode())
        yield opened


def test_the_site_answers_while_visitors_never_end(pages: None, site: rehearsal.Site, document: Document) -> None:
    upload, download = half_an_upload(document.lead), half_a_download(document)
    slow = [HALF_A_HEAD, HALF_A_FORM, HALF_A_FILE, HALF_A_CALL, upload, download, HALF_A_SIGN_IN]
    for number, begun in enumerate(slow):
        with half_open(site, begun, count=SLOW_ONES):
            assert site.get("/candidate/emergency/", seconds=PATIENCE) == 200
            assert site.post(stranger(email=f"quick{number}@example.org"))[0] == 302
            assert site.get("/candidate/emergency/", seconds=PATIENCE) == 200

    assert Lead.objects.count() == 1 + len(slow)


def test_files_and_calls_of_others_go_on_beside_slow_ones(site: rehearsal.Site, document: Document) -> None:
    """Whoever holds all that one address may, in each of the lanes at once, keeps nobody else from any."""
    lead, fetched = make_lead(), half_a_download(document)
    with (
        half_open(site, HALF_A_CALL, count=SLOW_ONES),
        half_open(site, half_an_upload(document.lead), count=SLOW_ONES),
        half_open(site, half_a_download(document), count=SLOW_ONES),
    ):
        assert _answer_to(site, HALF_A_CALL.replace("400000", "0").partition("--b")[0]).startswith(b"HTTP/1.1 400 ")
        assert _answer_to(site, an_upload(lead)).startswith(b"HTTP/1.1 302 ")
        assert len(_answer_to(site, fetched)) > LARGE

    assert Document.objects.filter(lead=lead).count() == 1


def test_the_site_answers_while_visitors_do_not_read(pages: None, site: rehearsal.Site) -> None:
    """What they asked for waits in the server and the system; each is a connection, and no thread."""
    asked = "".join(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" for path in [STYLES, "/candidate/"] * 50)

    with half_open(site, asked, count=SLOW_ONES):
        assert site.get("/candidate/emergency/", seconds=PATIENCE) == 200
        assert site.post(stranger(email="quick@example.org"))[0] == 302
        assert site.get("/candidate/emergency/", seconds=PATIENCE) == 200


@contextmanager
def signing_in_at_once(site: rehearsal.Site, *, count: int) -> Iterator[list[int]]:
    """So many strangers who try a password, each at an address of their own; the statuses of those who are done."""
    done: list[int] = []

    def sign_in(number: int) -> None:
        data = {"username": f"somebody{number}@example.org", "password": "wrong"}
        done.append(site.post(data, path="/admin/login/", address=f"127.0.1.{number + 1}")[0])

    people = [threading.Thread(target=sign_in, args=[number]) for number in range(count)]
    for person in people:
        person.start()
    yield done
    for person in people:
        person.join()


def test_the_site_answers_while_many_sign_in(pages: None, site: rehearsal.Site) -> None:
    """Each hash takes as long as several pages, on both cores."""
    with signing_in_at_once(site, count=SIGN_INS) as done:
        emergency = site.get("/candidate/emergency/", seconds=PATIENCE)
        before = len(done)

    assert (emergency, done) == (200, [200] * SIGN_INS)
    assert before < SIGN_INS


def test_who_has_signed_in_before_does_not_wait_for_strangers(pages: None, site: rehearsal.Site) -> None:
    make_user("coordinator", name="Sam Example", email="sam@example.org", password=PASSWORD)
    known = f"{sign_in_limits.COOKIE}={sign_in_limits.known_cookie('sam@example.org')}"
    site.post({"username": "a@example.org", "password": "wrong"}, path="/admin/login/")  # imports what it needs

    with signing_in_at_once(site, count=SIGN_INS) as done:
        while not done:
            threading.Event().wait(0.01)
        status, _ = site.post(
            {"username": "sam@example.org", "password": PASSWORD}, path="/admin/login/", cookies=known
        )
        before = len(done)

    assert status == 302
    assert before < SIGN_INS / 2


def test_who_never_ends_or_sends_too_much_is_told_and_cut_off(site: rehearsal.Site) -> None:
    in_chunks = HALF_A_FORM.partition("Content-Length")[0] + "Transfer-Encoding: chunked\r\n\r\n"
    with (
        half_open(site, HALF_A_FORM, count=SLOW_ONES) as slow,
        half_open(site, HALF_A_FORM.replace("400000", "20000000"), count=1) as [large],
        half_open(site, in_chunks, count=1) as [chunked],
    ):
        chunked.sendall((b"10000\r\n" + b"x" * 0x10000 + b"\r\n") * 11)  # 704 KB

        assert _all_of(large).startswith(b"HTTP/1.1 413 ")
        assert _all_of(chunked).startswith(b"HTTP/1.1 413 ")
        assert {_all_of(one).split(b"\r\n")[0] for one in slow} == {b"HTTP/1.1 408 Request Timeout"}


def test_a_body_in_chunks_is_counted_or_refused(site: rehearsal.Site) -> None:
    """Where a view reads it by itself, Django would find none: nothing of it is read, whoever sends it."""
    upload = half_an_upload(make_lead()).partition("Content-Length")[0] + "Transfer-Encoding: chunked\r\n\r\n"
    call = upload.replace("/my/documents/", "/hooks/mail/mailgun/inbound/")
    form = upload.replace("/my/documents/", "/candidate/")
    chunks = "5\r\n--b--\r\n0\r\n\r\n"

    assert _answer_to(site, upload + chunks).startswith(b"HTTP/1.1 411 ")
    assert _answer_to(site, call + chunks).startswith(b"HTTP/1.1 411 ")
    assert _answer_to(site, form + chunks).startswith(b"HTTP/1.1 403 ")  # read, and no token in it


def _answer_to(site: rehearsal.Site, request: str) -> bytes:
    """What somebody at another address is told."""
    there = (ELSEWHERE, 0)
    with socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE, source_address=there) as other:
        other.sendall(request.replace("\r\n", "\r\nConnection: close\r\n", 1).encode("latin-1"))
        return _all_of(other)


def _all_of(connection: socket.socket) -> bytes:
    """Everything that is said until the other side ends the connection."""
    said = b""
    try:
        while more := connection.recv(65536):
            said += more
    except ConnectionResetError:
        pass
    return said
