"""The acknowledgement, word for word, and what a stranger's name may do to it. Neutrality: test_secrecy.py."""

import re
import unicodedata
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from crm.mail import emails, mime
from crm.models import Lead, Location, Message
from tests.factories import NOON, make_lead, make_location

TEXT = """\
Hello Avery,

Thank you for writing to us. Your request has reached us and is safely stored.

Your reference number: 7KQF-M2WX

WHAT HAPPENS NEXT
A coordinator reads your request and contacts you during our opening hours, in
one of the ways you gave us.

IF YOU WOULD LIKE TO SAVE TIME
You can answer more questions on your private page, in several sittings if you
like. The link works for seven days:
{private_link}

IF YOU WOULD LIKE TO SPEAK TO US FIRST
Call (212) 555-0100 and give your reference number. Please keep personal
details for the telephone: e-mail is not private.

OPENING HOURS (Eastern time)
Mon to Fri, 8:00 AM to 6:00 PM

If you have an emergency, call 911.
This mailbox is not read around the clock.

--\x20
Riverbend Center
1 Example Plaza
New York, NY 10001
(212) 555-0100

You receive this message because this address was given to us in a request. If
that was not you, you can ignore it.
"""


def acknowledge(center: Location, **fields: Any) -> Message:
    lead = make_lead(location=center, reference="7KQF-M2WX", **fields)
    message = emails.acknowledgement(lead, reference="7KQF-M2WX", submission_id=uuid.uuid4(), now=NOON)
    message.save()
    return message


def visible(html: str) -> str:
    """What a mail program shows of the HTML part, tags and white space taken out."""
    body = re.sub(r"<(style|title|head)\b.*?</\1>|<!--.*?-->|<[^>]+>", " ", html, flags=re.DOTALL)
    return " ".join(body.split())


def test_acknowledgement_in_plain_text(center: Location) -> None:
    message = acknowledge(center)

    assert message.subject == "We received your request (7KQF-M2WX)"
    assert message.text == TEXT


@pytest.mark.parametrize(
    "words",
    [
        "Hello Avery,",
        "Your reference number 7KQF-M2WX",
        "Opening hours (Eastern time) Mon to Fri, 8:00 AM to 6:00 PM",
        "If you have an emergency, call 911 .",
        "Riverbend Center 1 Example Plaza New York, NY 10001 (212) 555-0100",
    ],
)
def test_acknowledgement_in_html_says_the_same(center: Location, words: str) -> None:
    assert words in visible(acknowledge(center).html)


def test_html_loads_nothing_and_leads_nowhere_but_to_the_telephone_and_the_private_page(center: Location) -> None:
    html = acknowledge(center).html

    assert set(re.findall(r'href="([^"]*)"', html)) == {"tel:+12125550100", "tel:911", "{private_link}"}
    assert re.findall(r"src=|url\(|@import|<script|<img|<link", html) == []
    assert set(re.findall(r"https?://[^\s\"'<>]+", html)) == {"http://www.w3.org/1999/xhtml"}
    assert "{" not in re.sub(r"<style.*?</style>|{private_link}", "", html, flags=re.DOTALL)


def test_acknowledgement_is_due_at_once_and_for_a_day(center: Location) -> None:
    submission_id = uuid.uuid4()

    emails.acknowledgement(
        make_lead(location=center), reference="7KQF-M2WX", submission_id=submission_id, now=NOON
    ).save()

    message = Message.objects.get()
    assert (message.key, message.to_email) == (f"ack:{submission_id}", "avery@example.org")
    assert (message.state, message.due_at, message.not_after) == ("queued", NOON, NOON + timedelta(hours=24))
    assert (message.message_class, message.on_unknown) == ("answer", "resend")
    assert (message.sender_name, message.sender_email) == ("Riverbend Center", "hello@riverbend.example.org")
    assert message.message_id == f"<{message.pk}@riverbend.example.org>"


@pytest.mark.parametrize(
    ("domain", "known"), [("müller.example", "xn--mller-kva.example"), ("straße.example", "xn--strae-oqa.example")]
)
def test_a_message_id_is_ascii_whatever_the_domain_of_the_sender(db: None, domain: str, known: str) -> None:
    message = acknowledge(make_location(sender_email=f"hello@{domain}"))
    assert message.message_id == f"<{message.pk}@{known}>"
    assert f"Message-ID: {message.message_id}\r\n".encode() in mime.as_bytes(message)


def test_acknowledgement_is_one_a_submission(center: Location) -> None:
    lead, submission_id = make_lead(location=center), uuid.uuid4()
    emails.acknowledgement(lead, reference="7KQF-M2WX", submission_id=submission_id, now=NOON).save()

    with pytest.raises(IntegrityError, match="key"), transaction.atomic():
        emails.acknowledgement(lead, reference="7KQF-M2WX", submission_id=submission_id, now=NOON).save()


def test_acknowledgement_asks_the_database_nothing(
    lead: Lead, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        emails.acknowledgement(lead, reference="7KQF-M2WX", submission_id=uuid.uuid4(), now=NOON)


def test_acknowledgement_of_a_center_without_hours(db: None) -> None:
    message = acknowledge(make_location(hours={}))

    assert "OPENING HOURS" not in message.text
    assert "Opening hours" not in message.html


def test_name_is_escaped_in_html_and_left_alone_in_text(center: Location) -> None:
    message = acknowledge(center, first_name="D'Arcy")

    assert message.text.startswith("Hello D'Arcy,\n")
    assert "Hello D&#x27;Arcy," in message.html


def test_center_is_escaped_in_html_and_left_alone_in_text(db: None) -> None:
    message = acknowledge(make_location(sender_name="Hill & <b>Dale</b>", street="5 < 6 Way"))

    assert "Hill & <b>Dale</b>\n5 < 6 Way\n" in message.text
    assert "<b>" not in message.html
    assert "Hill &amp; &lt;b&gt;Dale&lt;/b&gt;" in message.html


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "{{7*7}}", "example.org", "Call 212 555 0199"])
def test_name_that_is_none_is_not_repeated(center: Location, name: str) -> None:
    message = acknowledge(center, first_name=name)

    assert message.text.startswith("Hello,\n")
    assert name not in message.text + message.html
    assert "49" not in message.text


@pytest.mark.parametrize(
    "name",
    [
        "Maria", "Zoë", "Nguyễn", "李", "محمد", "O'Neil", "D’Arcy", "Anne-Marie", "J. R.", "Mary Ann", "Jose\u0301",
        "x" * 40, "प्रिया", "ทิพย์", "தமிழ்", "শ্রেয়া", "Jean‑Luc", "علی‌رضا", "עֲדִי", "မြင့်",
    ],
)  # fmt: skip
def test_greeting_name_keeps_names(name: str) -> None:
    assert emails.greeting_name(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    "name",
    [
        "", " ", "example.org", "Maria example.org", "http://x", "x@example.org", "<b>x", "{{7*7}}", "{% now %}",
        "Win 1000", "x" * 41, "Maria!", "-", "=?utf-8?q?x?=", "Maria\r\nBcc: a@example.org", "www.example", "a/b",
        "\u0301", "\u0e34x", "प्रिया.com", "A\u200d", "x\u20dd",
    ],
)  # fmt: skip
def test_greeting_name_leaves_out_what_is_none(name: str) -> None:
    assert emails.greeting_name(name) == ""


@pytest.mark.parametrize(
    ("typed", "greeted"), [("  Maria \n", "Maria"), ("Ma\u202eria", "Maria"), ("Ma\x00ria", "Maria")]
)
def test_greeting_name_is_one_line_without_hidden_characters(typed: str, greeted: str) -> None:
    assert emails.greeting_name(typed) == greeted
