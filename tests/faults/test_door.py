"""Visitors who never end what they began to send, against the site as the Procfile starts it: real sockets."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from crm.models import Lead
from tests.factories import make_location, stranger
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
HALF_AN_UPLOAD = HALF_A_FILE.replace("/candidate/", "/my/documents/")


@pytest.fixture
def pages() -> None:
    """The static files that whole pages need."""
    with far_end() as far:
        rehearsal.collect_static(far)


@pytest.fixture
def site() -> Iterator[rehearsal.Site]:
    make_location()
    with far_end() as far, rehearsal.site(far, redis_url=NO_REDIS, BODY_SECONDS=str(BODY_SECONDS)) as running:
        yield running


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


def test_the_site_answers_while_visitors_never_end(pages: None, site: rehearsal.Site) -> None:
    for number, begun in enumerate([HALF_A_HEAD, HALF_A_FORM, HALF_A_FILE, HALF_AN_UPLOAD]):
        with half_open(site, begun, count=SLOW_ONES):
            assert site.get("/candidate/emergency/", seconds=PATIENCE) == 200
            assert site.post(stranger(email=f"quick{number}@example.org"))[0] == 302
            assert site.get("/candidate/emergency/", seconds=PATIENCE) == 200

    assert Lead.objects.count() == 4


def test_the_site_answers_while_many_sign_in(pages: None, site: rehearsal.Site) -> None:
    """Each hash takes as long as several pages, on both cores."""
    done: list[int] = []

    def sign_in(number: int) -> None:
        data = {"username": f"somebody{number}@example.org", "password": "wrong"}
        done.append(site.post(data, path="/admin/login/")[0])

    people = [threading.Thread(target=sign_in, args=[number]) for number in range(SIGN_INS)]
    for person in people:
        person.start()
    emergency = site.get("/candidate/emergency/", seconds=PATIENCE)
    before = len(done)
    for person in people:
        person.join()

    assert (emergency, done) == (200, [200] * SIGN_INS)
    assert before < SIGN_INS


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


def _all_of(connection: socket.socket) -> bytes:
    """Everything that is said until the other side ends the connection."""
    said = b""
    try:
        while more := connection.recv(65536):
            said += more
    except ConnectionResetError:
        pass
    return said
