"""manage.py explain_mail: what a mail is taken for, where there are no settings and no services."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crm.inbound.parsing import body_text, sandboxed_parser
from crm.management.commands.explain_mail import explained
from tests.crm.hostile_mail import MAILS
from tests.crm.inbound.test_inbound import OURS, bounce, complaint
from tests.crm.inbound.test_mail_reading import HTML, PLAIN, TOKEN, mail, parts

ROOT = Path(__file__).resolve().parents[3]


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
    found = explained(sandboxed_parser.read(raw))
    assert {name: found[name] for name in expected} == expected


OUTLOOK = (
    "From: Riverbend <hello@riverbend.example.org>\nSent: Monday, March 2, 2026 9:00 AM\nTo: Avery\nSubject: Hello"
)


@pytest.mark.parametrize(
    "below",
    [
        "On Mon, Mar 2, 2026 at 9:00 AM Riverbend <hello@riverbend.example.org> wrote:\n> We received it.",
        "On Mon, Mar 2, 2026 at 9:00 AM Riverbend Spine\n<hello@riverbend.example.org> wrote:\n\n> We received it.",
        "On Mon, Mar 2, 2026 at 9:00 AM Riverbend wrote:\n\nWe received it.\n\nRiverbend",
        "El lun, 2 mar 2026 a las 9:00, Riverbend (<hello@riverbend.example.org>)\nescribió:\n\nRecibimos su mensaje.",
        f"{OUTLOOK}\n\nWe received it.",
        "*De:* Riverbend\n*Enviado el:* lunes, 2 de marzo\n*Para:* Avery\n*Asunto:* Hola\n\nRecibimos su mensaje.",
        "-----Original Message-----\nWe received it.",
        "2 Mar 2026, 9:00, Riverbend <hello@riverbend.example.org>:\n> We received it.",
    ],
    ids=range(8),
)
def test_what_is_quoted_below_is_cut(below: str) -> None:
    assert body_text.own(f"Yes, on Tuesday.\n\nAvery\n\n{below}") == "Yes, on Tuesday.\n\nAvery"


@pytest.mark.parametrize(
    "text",
    [
        "On Tuesday I cannot come. On Friday, as your nurse wrote: yes.",
        "On Mar 2, Riverbend wrote:\n> Is it better?\nNo.\n> Can you come?\nYes.",
        "> Is it better?\n\nNo, it is worse.",
        "From: Monday\nTo: Friday\nDate: any\nI have time.",
        "It hurts here:\n\nleft leg",
        "On Mar 2, 2026, Riverbend wrote:\n\nWe received it.",
    ],
)
def test_what_a_person_says_is_not_cut(text: str) -> None:
    """Below and between too; and the whole of it where nothing else would be left."""
    assert body_text.own(text) == text


def test_a_file_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_bytes(mail())
    assert explain(b"", str(tmp_path / "one.eml"))[1]["text"] == "Please call me."


@pytest.mark.parametrize("argument", ["-", "/nowhere/one.eml"])
def test_what_cannot_be_read_is_an_error(argument: str) -> None:
    code, answer = explain(MAILS["parts"](), argument)
    assert (code, list(answer)) == (1, ["error"])


def test_nothing_is_something_to_explain() -> None:
    assert explained(sandboxed_parser.read(b""))["text"] == ""
