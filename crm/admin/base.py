"""What the lists of the desk have in common: a record of who looked, and no buttons that skip the actions."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet, TextChoices
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html

from crm.admin.once import leads_on, once
from crm.admin.scoped import ScopedAdmin
from crm.audit import access
from crm.enums.leads import AccessAction
from crm.models import Lead, User

MOST_COUNTED = 10_000
NOT_UNDERSTOOD = f"?{ERROR_FLAG}=1"  # where Django sends whoever asked what no column can answer


class CappedPaginator(Paginator):
    """Counts no further than MOST_COUNTED: nobody pages there, and counting a million rows takes a second."""

    @cached_property
    def count(self) -> int:
        rows = cast("QuerySet[Any]", self.object_list)
        return rows.order_by().values("pk")[:MOST_COUNTED].count()


class DeskAdmin(ScopedAdmin):
    """A list and a page whose every look leaves an AccessEvent. Nothing is deleted here, and nothing in bulk."""

    actions = None
    add_form_template: str | None = "crm/admin/desk_add.html"
    list_per_page = 50
    list_filter_submit = True
    paginator = CappedPaginator
    show_full_result_count = False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        if response.status_code == HTTPStatus.FOUND and response["Location"].endswith(NOT_UNDERSTOOD):
            messages.warning(request, "This filter was not understood: everything is shown.")
        if isinstance(response, TemplateResponse) and response.context_data and "cl" in response.context_data:
            cl = response.context_data["cl"]
            self._record(request, AccessAction.SEARCH if cl.query else AccessAction.LIST, cl.result_list, cl.query)
        return response

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Make one row from a form, even when it is sent twice."""
        add = super().add_view
        answer = once(request, lambda: add(request, form_url, extra_context), is_done=leads_on)
        if answer is None:
            messages.info(request, "That was saved already.")
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        return answer

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Tell whether a filter that this person sees asks for `lookup`: Django alone would take any column of the row,
        any pattern and any part of a date."""
        return lookup in {name for entry in self.get_list_filter(request) for name in _asked_by(entry)}

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            self._record(request, AccessAction.EDIT if request.method == "POST" else AccessAction.VIEW, [found])
        return found

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def _record(self, request: HttpRequest, action: AccessAction, rows: Any, term: str = "") -> None:
        """Record in the access log who looked at these rows or changed them, with the leads whom they are about."""
        found = list(rows)
        leads = [row.lead_id for row in found if getattr(row, "lead_id", None)]
        ids, user = [row.pk for row in found], cast(User, request.user)
        access.record(action, by=user, object_type=str(self.opts.model_name), ids=ids, leads=leads, term=term)


def _asked_by(entry: Any) -> set[str]:
    """Return the names of query parameters that an entry of list_filter understands."""
    if isinstance(entry, type) and issubclass(entry, SimpleListFilter):
        return {str(entry.parameter_name)}
    column = entry[0] if isinstance(entry, tuple) else entry
    return {f"{column}__{how}" for how in ("exact", "id__exact", "isnull", "isempty")}


class ReadOnlyAdmin(DeskAdmin):
    """Rows that the desk shows and other code writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PagesAdmin(ReadOnlyAdmin):
    """Pages of our own in the place of Django's list and form."""

    def may(self, request: HttpRequest, permission: str) -> None:
        """Refuse, with PermissionDenied, whoever does not have this permission."""
        if not request.user.has_perm(permission):
            raise PermissionDenied

    def page(
        self,
        request: HttpRequest,
        template: str,
        *,
        title: str,
        leads: Iterable[UUID],
        status: int = 200,
        **context: Any,
    ) -> TemplateResponse:
        """Return a page of our own in the frame of the desk. `leads`: whom it shows; who saw them is recorded."""
        if ids := sorted(set(leads)):
            access.record(AccessAction.LIST, by=cast(User, request.user), object_type="lead", ids=ids)
        whole = {**self.admin_site.each_context(request), "title": title, "opts": self.opts, **context}
        return TemplateResponse(request, template, whole, status=status)


def colours(choices: type[TextChoices], **by_code: str) -> dict[str, str]:
    """Return Unfold's color for the badge of every choice, "" for plain: of one left out Unfold shows the bare code."""
    return {code: by_code.get(code, "") for code in choices.values}


def link_to(lead: Lead | None) -> str:
    """Return the lead's name as a link to its page, safe HTML; "—" without a lead."""
    if lead is None:
        return "—"
    return format_html('<a href="{}">{}</a>', reverse("admin:crm_lead_change", args=[lead.pk]), lead.full_name)
