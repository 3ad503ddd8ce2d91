"""The WSGI entry point: no request is too odd to be answered."""

from io import BytesIO, StringIO
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest

from crm.models import Location
from crm.wsgi import application

pytestmark = pytest.mark.django_db  # or a connection of the test before could not be looked after
FORM = "application/x-www-form-urlencoded"


def ask(path: str, *, kind: str, body: bytes = b"", query: str = "", host: str = "127.0.0.1") -> int:
    """The status of the answer to a request with this Content-Type."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST" if body else "GET",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "HTTP_HOST": host,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "HTTP_COOKIE": f"csrftoken={'t' * 32}",
        "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "wsgi.errors": StringIO(),
    }
    started: list[str] = []
    answer = application(environ, lambda status, _headers, *_: started.append(status))
    answer.close()
    return int(started[-1].split()[0])


@pytest.mark.parametrize("charset", ["idna", "utf-16", "rot13", "punycode", "hex", "no-such", '"idna"', "", "utf-8"])
@pytest.mark.parametrize("parameter", ["charset=", "Charset =", "charset*=", "charset*0="])
def test_no_charset_keeps_a_request_from_being_answered(charset: str, parameter: str) -> None:
    kind = f"{FORM}; {parameter}{charset}"

    assert ask("/healthz", kind=kind, query="a=%FF%E9") == 200
    assert ask("/candidate/", kind=kind, body=b"first_name=%FF") == 403  # no token in it


def test_what_stands_beside_a_charset_is_kept() -> None:
    """The boundary of a form in parts, before it and behind it."""
    body = b'--xy\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n1\r\n--xy--\r\n'
    for kind in ("multipart/form-data; charset=idna; boundary=xy", "multipart/form-data; boundary=xy; charset=idna"):
        assert ask("/candidate/", kind=kind, body=body) == 403


@pytest.mark.django_db(transaction=True)
def test_a_body_that_nobody_can_read_is_the_senders_fault(center: Location) -> None:
    kind = "multipart/form-data; boundary=xy"
    body = b'--xy\r\nContent-Disposition: form-data; name="a"\r\nx: ' + b"y" * 5000 + b"\r\n\r\n1\r\n--xy--\r\n"

    assert ask("/ask/", kind=kind, body=body) == 400
    assert ask("/ask/", kind=kind, body=body, host="") == 400
    assert ask("/there/is/no/such/page/", kind=kind, body=body) == 404
