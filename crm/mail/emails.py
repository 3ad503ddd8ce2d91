"""One function a mail. Each renders into a Message; its caller saves the row, crm/outbox/delivery.py sends it later.

A mail travels unencrypted and is read over shoulders, so none names anything medical: no complaint, no answer, no
specialty, not even the center's full name (45 CFR 164.530(c); docs/delivery.md). tests/crm/outbox/test_secrecy.py holds
that."""

import re
import unicodedata
import uuid
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext, override

from crm.enums.leads import MessageClass, OnUnknown
from crm.mail import layout
from crm.models import Enrollment, Lead, Location, Message, SafetyAlert
from crm.values import mail_domain
from crm.values.normalize import one_line
from crm.values.us_places import ZONES

ACKNOWLEDGEMENT_LIVES = timedelta(hours=24)
ACKNOWLEDGEMENT, LINK = "ack", "link"
NOTICE = "message"  # the mail that says that there is a message on the private page
NOTICE_KEY = f"{NOTICE}:"  # how its key begins; what follows names the message
CODE = "code"
CODE_LIVES = timedelta(minutes=10)
ADDRESS_CHANGED = "address_changed"  # the one mail that goes to an address which is on record no more

# A greeting repeats what a stranger typed. Letters with their marks, and the signs that names are written with; a full
# stop only where a word ends, because mail programs turn "example.org" into a link.
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|['’\-\u2010\u2011 ]|(?<=[^\W\d_])[\u200c\u200d](?=[^\W\d_])|\.(?=\s|$))*")
_LONGEST_NAME = 40
_LANGUAGE = re.compile(r'<html[^>]*\blang="([^"]*)"')
_MARKS = {"Mn", "Mc"}


def acknowledgement(lead: Lead, *, reference: str, submission_id: uuid.UUID, now: datetime) -> Message:
    """Write the mail that says that a request arrived: its reference, what happens next, hours, 911. One a submission,
    due at once, to the address on record: another one that a form names may be a stranger's.

    Not yet saved: the caller does that, in the transaction of what it answers.
    """
    return _answer(
        ACKNOWLEDGEMENT,
        lead,
        to=lead.email,
        key=f"ack:{submission_id}",
        not_after=now + ACKNOWLEDGEMENT_LIVES,
        now=now,
        reference=reference,
    )


def access_code(lead: Lead, *, asked: uuid.UUID, now: datetime) -> Message:
    """Write the mail with the second factor, a code that is good for ten minutes. It does not leave after that: a code
    that comes too late only confuses. One mail each time that somebody asked."""
    key = f"code:{lead.pk}:{asked}"
    return _answer(CODE, lead, to=lead.email, key=key, not_after=now + CODE_LIVES, now=now)


def private_link(lead: Lead, *, asked: uuid.UUID, now: datetime) -> Message:
    """Write the mail with a link to the private page. One each time that somebody asked."""
    key = f"link:{lead.pk}:{asked}"
    return _answer(LINK, lead, to=lead.email, key=key, not_after=now + ACKNOWLEDGEMENT_LIVES, now=now)


def new_message(lead: Lead, *, message_id: uuid.UUID, now: datetime) -> Message:
    """Write the mail that says that there is a message on the private page, and nothing of what it says."""
    key = f"{NOTICE_KEY}{message_id}"
    return _answer(NOTICE, lead, to=lead.email, key=key, not_after=now + ACKNOWLEDGEMENT_LIVES, now=now)


def write_again(message: Message, *, reference: str = "") -> None:
    """Write a waiting answer again, unless it has its words in the language that the lead has by now. Saves nothing.
    `reference`: of a request, where it is not the lead's."""
    if (lead := message.lead) and not is_written(message):
        write(message, language=lead.language, center=lead.location, context=_context(lead, reference))


def address_changed(lead: Lead, *, to: str, key: str, now: datetime) -> Message:
    """Write the mail that tells a former address that another one is on record now. It says nothing of whom it is
    about: the address may never have been theirs."""
    return make_message(
        ADDRESS_CHANGED,
        lead=lead,
        to=to,
        key=key,
        message_class=MessageClass.ANSWER,
        on_unknown=OnUnknown.RESEND,
        context={},
        not_after=now + ACKNOWLEDGEMENT_LIVES,
        now=now,
    )


def alert(raised: SafetyAlert, *, center: Location, to: str, now: datetime) -> Message:
    """Write the mail that tells a member of staff to look at an alert now, and nothing else. One a round, level and
    address; it belongs to no lead, so that no hold stops it."""
    link = settings.SITE_URL.rstrip("/") + reverse("admin:crm_lead_change", args=[raised.lead_id])
    return make_message(
        "alert",
        lead=None,
        center=center,
        to=to,
        key=f"alert:{raised.pk}.{raised.round}:{raised.level}:{sha256(to.encode()).hexdigest()[:16]}",
        message_class=MessageClass.ANSWER,
        on_unknown=OnUnknown.RESEND,
        context={"link": link, "level": raised.level},
        not_after=now + ACKNOWLEDGEMENT_LIVES,
        now=now,
    )


def digest(*, center: Location, to: str, count: int, key: str, now: datetime) -> Message:
    """Write the mail that tells a member of staff how many notices are new at the desk, but not what they say."""
    return make_message(
        "digest",
        lead=None,
        center=center,
        to=to,
        key=key,
        message_class=MessageClass.ANSWER,
        on_unknown=OnUnknown.PARK,
        context={"link": settings.SITE_URL.rstrip("/") + reverse("admin:crm_bell"), "count": count},
        not_after=now + timedelta(hours=6),
        now=now,
    )


def to_staff(name: str, *, center: Location, to: str, key: str, now: datetime) -> Message:
    """Write a mail to a member of staff about their own account. It belongs to no lead, and is not yet saved."""
    return make_message(
        name,
        lead=None,
        center=center,
        to=to,
        key=key,
        message_class=MessageClass.ANSWER,
        on_unknown=OnUnknown.RESEND,
        context={},
        not_after=now + ACKNOWLEDGEMENT_LIVES,
        now=now,
    )


def follow_up(
    lead: Lead,
    *,
    name: str,
    key: str,
    message_class: MessageClass,
    on_unknown: OnUnknown,
    enrollment: Enrollment,
    not_after: datetime,
    now: datetime,
) -> Message:
    """Make a mail of a sequence, without its words: they are written when it is sent (crm/mail/templates.py). Not yet
    saved."""
    message = unwritten(
        name,
        lead=lead,
        center=lead.location,
        to=lead.email,
        key=key,
        message_class=message_class,
        on_unknown=on_unknown,
        not_after=not_after,
        now=now,
    )
    message.enrollment = enrollment
    return message


def copy_for_staff(made: Message, *, center: Location, to: str, now: datetime) -> Message:
    """Address a mail as a patient would get it to a member of staff. The copy belongs to no lead, its links open
    nothing, and it is not yet saved."""
    key = f"test:{uuid.uuid4()}"
    message = unwritten(
        made.name,
        lead=None,
        center=center,
        to=to,
        key=key,
        message_class=MessageClass.ANSWER,
        on_unknown=OnUnknown.PARK,
        not_after=now + timedelta(hours=1),
        now=now,
    )
    message.subject, message.text, message.html = (
        _without_links(part) for part in (f"[Test] {made.subject}", made.text, made.html)
    )
    return message


def _without_links(part: str) -> str:
    home = settings.SITE_URL.rstrip("/") + "/"
    return part.replace("{private_link}", home).replace("{unsubscribe_link}", home)


def _answer(
    name: str, lead: Lead, *, to: str, key: str, not_after: datetime, now: datetime, reference: str = ""
) -> Message:
    """Write a mail that somebody waits for: sent at once, and again when it is not known whether it arrived.
    `reference`: of a request, where it is not the lead's."""
    return make_message(
        name,
        lead=lead,
        to=to,
        key=key,
        message_class=MessageClass.ANSWER,
        on_unknown=OnUnknown.RESEND,
        context=_context(lead, reference),
        not_after=not_after,
        now=now,
    )


def _context(lead: Lead, reference: str) -> dict[str, Any]:
    return {"first_name": greeting_name(lead.first_name), "reference": reference or lead.reference}


def make_message(
    name: str,
    *,
    lead: Lead | None,
    center: Location | None = None,
    to: str,
    key: str,
    message_class: MessageClass,
    on_unknown: OnUnknown,
    context: dict[str, Any],
    not_after: datetime,
    now: datetime,
) -> Message:
    """Render templates/emails/<language>/<name>.subject.txt, .txt and .mjml into a row to be saved, due at once, in
    the lead's language (staff's is English) and in the name of `center` or else of the lead's.
    """
    center = center or (lead.location if lead else None)
    if center is None:
        raise ValueError("A mail is written in the name of a center: give a lead or the center.")
    message = unwritten(
        name,
        lead=lead,
        center=center,
        to=to,
        key=key,
        message_class=message_class,
        on_unknown=on_unknown,
        not_after=not_after,
        now=now,
    )
    write(message, language=lead.language if lead else settings.LANGUAGE_CODE, center=center, context=context)
    return message


def unwritten(
    name: str,
    *,
    lead: Lead | None,
    center: Location,
    to: str,
    key: str,
    message_class: MessageClass,
    on_unknown: OnUnknown,
    not_after: datetime,
    now: datetime,
) -> Message:
    """Make a mail in the name of `center`, due at once, whose words are still missing; not yet saved.

    The Message-ID is made here, once, so that a mail sent again is recognized as the same one (RFC 5322 3.6.4).
    """
    message = Message(
        lead=lead,
        key=key,
        name=name,
        message_class=message_class,
        on_unknown=on_unknown,
        sender_name=one_line(center.sender_name),
        sender_email=center.sender_email,
        to_email=to,
        due_at=now,
        not_after=not_after,
        created_at=now,
    )
    domain = center.sender_email.rpartition("@")[2]
    message.message_id = f"<{message.pk}@{mail_domain.in_ascii(domain) or domain}>"
    return message


def write(message: Message, *, language: str, center: Location, context: dict[str, Any]) -> None:
    """Fill in a mail's subject, text and HTML from its templates, in `language` if we write it, else in English."""
    spoken = _spoken(language)
    path = f"emails/{spoken}/{message.name}"
    with override(spoken):
        values = {"language": spoken, **imprint(center), **context}
        message.subject = values["subject"] = one_line(layout.fill(layout.plain(f"{path}.subject.txt"), values))
        message.text = layout.fill(layout.plain(f"{path}.txt"), values).strip() + "\n"
        message.html = layout.in_layout(layout.plain(f"{path}.mjml").source, values)


def is_written(message: Message) -> bool:
    """Tell whether a mail has its words and, if it says in which language they are (each of ours does), whether that is
    its lead's: English where we do not write theirs."""
    said = _LANGUAGE.search(message.html)
    is_theirs = message.lead is None or said is None or said[1] == _spoken(message.lead.language)
    return bool(message.text) and is_theirs


def _spoken(language: str) -> str:
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def greeting_name(first_name: str) -> str:
    """Return the first name as a greeting may show it; "" for anything that does not read like a person's name."""
    name = one_line(first_name)
    letters = "".join(sign for sign in name[1:] if unicodedata.category(sign) not in _MARKS)  # vowels of many scripts
    return name if len(name) <= _LONGEST_NAME and _NAME.fullmatch(name[:1] + letters) else ""


def greeting(name: str) -> str:
    """Return the first line of a mail, such as "Hello Ana,", in the language in force; without a name if it is ""."""
    return gettext("Hello %(name)s,") % {"name": name} if name else gettext("Hello,")


def reading_link() -> str:
    """Return the address of our pages to read, which says nothing about whoever gets it."""
    return settings.SITE_URL.rstrip("/") + reverse("intake:learn")


def imprint(center: Location) -> dict[str, Any]:
    """Return who writes, as every mail says it: name, postal address, phone, hours and their time zone."""
    return {
        "sender_name": one_line(center.sender_name),
        "address_lines": center.address_lines,
        "phone": center.phone,
        "phone_display": center.phone_display,
        "hours": center.hours_in_words,
        "zone_name": gettext(ZONES[center.timezone]) if center.timezone in ZONES else "",
    }
