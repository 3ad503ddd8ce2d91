"""Every look at a person's record leaves a row that nobody can change (45 CFR 164.312(b))."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.utils.crypto import salted_hmac

from crm.enums import AccessAction
from crm.models import AccessEvent, User


def record(
    action: AccessAction, *, by: User | None, object_type: str = "", ids: Iterable[UUID] = (), term: str = ""
) -> None:
    """Adds one AccessEvent. `term`, a search or a sign-in name, is kept as a keyed hash and never as text."""
    AccessEvent.objects.create(
        action=action,
        user_id=by.pk if by else None,
        object_type=object_type,
        object_ids=list(ids),
        keyed_hash=keyed_hash(term) if term else "",
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
