"""Every look at a person's record leaves a row that nobody can change (45 CFR 164.312(b))."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from crm.enums.leads import AccessAction
from crm.http.client_address import client_address
from crm.models import AccessEvent, User


def record(
    action: AccessAction,
    *,
    by: User | None,
    object_type: str = "",
    ids: Iterable[UUID] = (),
    leads: Iterable[UUID] = (),
    term: str = "",
    address: str = "",
) -> None:
    """Add one AccessEvent, and one more that names the leads whom the objects are about, if `leads` are given. `term`,
    a search or a sign-in name, and an IP address are kept as keyed hashes and never as text. One query."""
    about, hashed = sorted(set(leads)), keyed_hash(term) if term else ""
    where = address_hash(address) if address else ""
    seen = [(object_type, list(ids)), *([("lead", about)] if about else [])]
    AccessEvent.objects.bulk_create(
        AccessEvent(
            action=action,
            user_id=by.pk if by else None,
            object_type=name,
            object_ids=found,
            keyed_hash=hashed,
            address_hash=where,
        )
        for name, found in seen
    )


def keyed_hash(term: str) -> str:
    """Return 64 hex digits that only this installation can make: the same term, in any case, gives the same hash."""
    return salted_hmac("crm.access", term.strip().lower(), algorithm="sha256").hexdigest()


def address_hash(address: str) -> str:
    """Return the keyed hash of an IP address: 64 hex digits, as keyed_hash does, under a key of its own."""
    return salted_hmac("crm.access.address", address, algorithm="sha256").hexdigest()


def on_login(*, user: User, **_kwargs: Any) -> None:
    """Listen to Django's user_logged_in: record the sign-in."""
    record(AccessAction.LOGIN, by=user)


def on_login_failed(*, credentials: dict[str, Any], request: HttpRequest | None = None, **_kwargs: Any) -> None:
    """Listen to Django's user_login_failed: record the name that was tried, and from which address."""
    address = client_address(request) if request else ""
    record(AccessAction.LOGIN_FAILED, by=None, term=str(credentials.get("username") or ""), address=address)
