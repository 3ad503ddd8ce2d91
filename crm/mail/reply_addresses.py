"""The address under which the replies of one lead arrive: opaque, and the same for all mails to them."""

import secrets
from base64 import b32encode
from collections.abc import Iterable
from uuid import UUID

from crm.mail.reply_token import TOKEN
from crm.models import MailThread, Message

_BYTES = 10  # 16 letters of base 32: 80 bits, which nobody guesses


def reference_of(reply_to: str) -> str:
    """Return what every mail of a thread refers to (RFC 5322 3.6.4), "" without a thread. Mail programs show them
    together, and an answer names it even when it is sent to another address."""
    token, domain = TOKEN.search(reply_to), reply_to.rpartition("@")[2]
    return f"<thread+{token[1]}@{domain}>" if token else ""


def reply_addresses(messages: Iterable[Message]) -> dict[UUID, str]:
    """Return {message id: Reply-To} for mails to leads whose location has a mailbox. Runs one query, or three when
    threads have to be made, which it saves."""
    wanted = {one.lead_id: one for one in messages if one.lead and one.lead.location.reply_email}
    tokens = dict(MailThread.objects.filter(lead__in=wanted).values_list("lead_id", "token")) if wanted else {}
    missing = [lead_id for lead_id in wanted if lead_id not in tokens]
    if missing:
        made = [MailThread(lead_id=lead_id, token=_token()) for lead_id in missing if lead_id]
        MailThread.objects.bulk_create(made, ignore_conflicts=True)
        tokens = dict(MailThread.objects.filter(lead__in=wanted).values_list("lead_id", "token"))
    return {
        one.pk: _with(one.lead.location.reply_email, tokens[one.lead_id])
        for one in messages
        if one.lead and one.lead_id in tokens
    }


def _token() -> str:
    return b32encode(secrets.token_bytes(_BYTES)).decode().lower()


def _with(address: str, token: str) -> str:
    local, _, domain = address.rpartition("@")
    return f"{local}+{token}@{domain}"
