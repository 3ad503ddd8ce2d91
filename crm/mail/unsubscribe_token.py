"""The address at the foot of every follow-up: choose which mails to get, without signing in. It never stops working.

The token holds the lead's id and the keyed hash of the address, signed: enough to stop mails when nothing else is left.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

from crm.mail import suppression
from crm.models import Message

_signer = signing.Signer(salt="crm.preferences", sep=".")
_ID_BYTES = 16


class Holder(NamedTuple):
    """Whose choice it is."""

    lead_id: UUID
    address_hash: str


def make(lead_id: UUID, address: str) -> str:
    """Make the token of one lead and address. It never expires (16 CFR 316.4(a) asks for 30 days at least; people keep
    mails longer)."""
    raw = lead_id.bytes + bytes.fromhex(suppression.hash_of(address))
    return _signer.sign(urlsafe_b64encode(raw).decode().rstrip("="))


def read(token: str) -> Holder | None:
    """Return whose choice a token is; None for a token that is not ours."""
    try:
        value = _signer.unsign(token)
        raw = urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except (signing.BadSignature, ValueError):
        return None
    return Holder(UUID(bytes=raw[:_ID_BYTES]), raw[_ID_BYTES:].hex())


def address_of(message: Message) -> str:
    """Return the whole address of the page of choices for one mail, "" for a mail to no lead."""
    token = make(message.lead_id, message.to_email) if message.lead_id else ""
    return settings.SITE_URL.rstrip("/") + reverse("preferences", args=[token]) if token else ""
