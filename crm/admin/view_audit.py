"""Record whose names a page shows that refreshes itself: when somebody is new among them, and not every time."""

from collections.abc import Iterable
from hashlib import sha256
from uuid import UUID

from django.http import HttpRequest

from crm.admin.lead.page import user_of
from crm.audit import access
from crm.enums.leads import AccessAction


def record(request: HttpRequest, page: str, leads: Iterable[UUID], *, by_itself: bool = False) -> None:
    """Record who was shown, unless the page asks by itself for the same people: the session holds a hash of them.
    `page` tells one such page from another; `by_itself`: it asks without HTMX, as a preview does."""
    ids, key = sorted(set(leads)), f"shown:{page}"
    mark = sha256("".join(map(str, ids)).encode()).hexdigest()[:16]
    is_known = request.session.get(key) == mark
    if is_known and (by_itself or "HX-Request" in request.headers):
        return
    if not is_known:
        request.session[key] = mark
    if ids:
        access.record(AccessAction.LIST, by=user_of(request), object_type="lead", ids=ids)
