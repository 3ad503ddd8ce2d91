"""manage.py explain_mail: what a mail is taken for, where there are no settings and no services."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crm import mail_reading
from crm.management.commands.explain_mail import explained
from tests.crm.hostile_mail import MAILS
from tests.crm.test_inbound import OURS, bounce, complaint
from tests.crm.test_mail_reading import HTML, PLAIN, TOKEN, mail, parts

ROOT = Path(__file__).resolve().parent.parent.parent


def explain(raw: bytes, argument: str = "-") -> tuple[int, dict[str, Any]]:
    command = [sys.executable, "manage.py", "explain_mail", argument]
    done = subprocess.run(command, input=raw, capture_output=True, cwd=ROOT, env={}, check=False)
    return done.returncode, json.loads(done.stdout)


def test_it_tells_one_mail() -> None:
    reply = parts("mixed", PLAIN + "Yes.\n\nRiverbend wrote:\n> Come?\n", "Content-Disposition: attachment\r\n\r\nx")
    assert explain(reply) == (
        0,
        {
            "kind": "reply",
            "lasting": None,
            "recipient": None,
            "ours": [OURS],
            "token": TOKEN,
            "from": "avery@example.org",
            "text": "Yes.",
            "attachments": ["unnamed"],
            "answer": None,
        },
    )


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (mail(Auto_Submitted="auto-replied"), {"kind": "auto_reply", "lasting": None}),
        (bounce(), {"kind": "bounce", "lasting": True, "recipient": "avery@example.org", "ours": [OURS]}),
        (bounce("4.2.2"), {"kind": "bounce", "lasting": False}),
        (complaint(), {"kind": "complaint", "recipient": "avery@example.org"}),
        (mail(kind="text/plain; charset=x-unknown"), {"kind": "reply", "token": TOKEN, "text": "Please call me."}),
        (mail(References="=?utf-8?q?=3Ca=00b=40c=3E?="), {"ours": [OURS, "<ab@c>"]}),
        (parts("alternative", PLAIN, HTML + "<p>Cancel it.</p>"), {"text": "Cancel it."}),
        (
            parts(
                "alternative", "Content-Type: text/calendar; method=REPLY\r\n\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:a"
            ),
            {"answer": "accepted", "text": ""},
        ),
    ],
    ids=range(8),
)
def test_every_kind(raw: bytes, expected: dict[str, Any]) -> None:
    found = explained(mail_reading.read(raw))
    assert {name: found[name] for name in expected} == expected


def test_a_file_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_bytes(mail())
    assert explain(b"", str(tmp_path / "one.eml"))[1]["text"] == "Please call me."


@pytest.mark.parametrize("argument", ["-", "/nowhere/one.eml"])
def test_what_cannot_be_read_is_an_error(argument: str) -> None:
    code, answer = explain(MAILS["parts"](), argument)
    assert (code, list(answer)) == (1, ["error"])


def test_nothing_is_something_to_explain() -> None:
    assert explained(mail_reading.read(b""))["text"] == ""
