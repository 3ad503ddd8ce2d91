"""The WSGI entry point: no request is too odd to be answered."""

from io import BytesIO, StringIO
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest

from crm.wsgi import application

pytestmark = pytest.mark.django_db  # or a connection of the test before could not be looked after
FORM = "application/x-www-form-urlencoded"


def ask(path: str, *, kind: str, body: bytes = b"", query: str = "") -> int:
    """The status of the answer to a request with this Content-Type."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST" if body else "GET",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
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
    assert ask("/candidate/", kind=kind, body=b"first_name=%FF") == 403  # no token


@pytest.mark.parametrize("head", ["x: " + "y" * 5000, "Content-Transfer-Encoding: base64\r\nz: " + "y" * 2000])
@pytest.mark.parametrize("path", ["/candidate/call-me/", "/ask/", "/admin/login/", "/my/code/"])
def test_a_part_with_a_head_too_large_is_refused(path: str, head: str) -> None:
    body = f'--xy\r\nContent-Disposition: form-data; name="a"\r\n{head}\r\n\r\n1\r\n--xy--\r\n'.encode()

    assert ask(path, kind="multipart/form-data; boundary=xy", body=body) in {400, 403}


def test_what_stands_beside_a_charset_is_kept() -> None:
    """The boundary of a form in parts, before it and behind it."""
    body = b'--xy\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n1\r\n--xy--\r\n'
    for kind in ("multipart/form-data; charset=idna; boundary=xy", "multipart/form-data; boundary=xy; charset=idna"):
        assert ask("/candidate/", kind=kind, body=body) == 403
