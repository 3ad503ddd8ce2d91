"""The local mail sink: takes what the product sends, shows it, runs nothing that is in it."""

import asyncio
import os
import smtplib
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

import pytest
from aiosmtpd.smtp import Envelope

from script import embedded, mailsink


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """Its two ports: SMTP, page."""
    smtp, page = embedded.free_port(), embedded.free_port()
    variables = {"EMAIL_URL": f"sink://127.0.0.1:{smtp}", "MAIL_PAGE_PORT": str(page), "STATE": str(tmp_path)}
    process = subprocess.Popen([sys.executable, "-m", "script.mailsink"], env=os.environ | variables)
    until = time.monotonic() + 20
    while not (embedded.is_taken(smtp) and embedded.is_taken(page)):
        assert time.monotonic() < until, "The mail sink did not start."
        time.sleep(0.05)
    yield smtp, page
    process.terminate()
    assert process.wait(5) == -15


def a_mail(subject: str = "Hello") -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "hello@example.org", "avery@example.org", subject
    mail.set_content("Dear <b>Avery</b>")
    mail.add_alternative("<p>Dear <em>Avery</em></p>", subtype="html")
    return mail


def read(page: int, path: str = "/") -> tuple[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{page}{path}", timeout=5) as answer:
        return answer.read().decode().replace("\r\n", "\n"), answer.headers


def test_sink_takes_a_mail_and_shows_it(sink: tuple[int, int], tmp_path: Path) -> None:
    smtp, page = sink
    assert "No mail has arrived yet." in read(page)[0]
    with smtplib.SMTP("127.0.0.1", smtp, timeout=5) as client:
        client.send_message(a_mail("<script>alert(1)</script>"))

    [kept] = (tmp_path / "mails").glob("*.eml")
    listing, headers = read(page)
    shown, _ = read(page, f"/{kept.name}")

    assert f"<a href='/{kept.name}'>&lt;script&gt;alert(1)&lt;/script&gt;</a>" in listing
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "<pre>Dear &lt;b&gt;Avery&lt;/b&gt;\n</pre>" in shown
    assert f"<iframe sandbox title='HTML part' src='/{kept.name}/html'></iframe>" in shown
    assert read(page, f"/{kept.name}/html")[0] == "<p>Dear <em>Avery</em></p>\n"


@pytest.mark.parametrize("path", ["/unknown.eml", "/../../etc/passwd", "/%2e%2e/secrets.env"])
def test_sink_shows_nothing_but_mails(sink: tuple[int, int], tmp_path: Path, path: str) -> None:
    (tmp_path / "secrets.env").write_text("SECRET_KEY=x")

    with pytest.raises(urllib.error.HTTPError) as refused:
        read(sink[1], path)

    assert refused.value.code == 404
    assert b"SECRET_KEY" not in refused.value.read()


def test_sink_keeps_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailsink, "KEPT", 2)
    keeper, nobody = mailsink.Keeper(tmp_path), cast(Any, None)
    for number in range(4):
        envelope = Envelope()
        envelope.original_content = f"Subject: {number}\r\n\r\n".encode()
        assert asyncio.run(keeper.handle_DATA(nobody, nobody, envelope)) == "250 2.0.0 kept"

    assert [file.read_bytes() for file in sorted(tmp_path.glob("*.eml"))] == [
        b"Subject: 2\r\n\r\n",
        b"Subject: 3\r\n\r\n",
    ]
