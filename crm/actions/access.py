"""Every look at a person's record leaves a row that nobody can change (45 CFR 164.312(b))."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.utils.crypto import salted_hmac

from crm.enums import AccessAction
from crm.models import AccessEvent, User


def record(
    action: AccessAction,
    *,
    by: User | None,
    object_type: str = "",
    ids: Iterable[UUID] = (),
    leads: Iterable[UUID] = (),
    term: str = "",
) -> None:
    """Adds one AccessEvent, and one more that names the leads whom the objects are about, if `leads` are given. `term`,
    a search or a sign-in name, is kept as a keyed hash and never as text. One query."""
    about, hashed = sorted(set(leads)), keyed_hash(term) if term else ""
    seen = [(object_type, list(ids)), *([("lead", about)] if about else [])]
    AccessEvent.objects.bulk_create(
        AccessEvent(action=action, user_id=by.pk if by else None, object_type=name, object_ids=found, keyed_hash=hashed)
        for name, found in seen
    )


def keyed_hash(term: str) -> str:
    """64 hex digits that only this installation can make: the same term, in any case, gives the same hash."""
    return salted_hmac("crm.access", term.strip().lower(), algorithm="sha256").hexdigest()


def on_login(*, user: User, **_kwargs: Any) -> None:
    """Receiver of Django's user_logged_in."""
    record(AccessAction.LOGIN, by=user)


def on_login_failed(*, credentials: dict[str, Any], **_kwargs: Any) -> None:
    """Receiver of Django's user_login_failed."""
    record(AccessAction.LOGIN_FAILED, by=None, term=str(credentials.get("username") or ""))
