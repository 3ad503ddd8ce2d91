"""Mail that could not be taken in: a list of what waits for a person, its source, and ways to settle it."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from crm import registry
from crm.admin.base import ReadOnlyAdmin, colours, link_to
from crm.admin.lead.page import user_of
from crm.enums.leads import AccessAction
from crm.errors import SetAsideRefused
from crm.inbound import arrivals
from crm.inbound.parsing import mime_parts
from crm.models import SetAsideMail
from crm.models.inbound import SetAsideReason, Settled, SourceForm
from crm.models.lead import visible_q

SHOWN_BYTES = 20_000
HEAD_BYTES = 64 * 1024
AGAIN = "again"


def register() -> None:
    """Add the count of mail set aside to My day; called once, when the desk is made."""
    registry.worklist(
        title="Mail that could not be read", permission="crm.view_setasidemail", render=to_look_at, order=10
    )


def to_look_at(request: HttpRequest) -> tuple[str, set[UUID]]:
    """Render how many mails wait for a person, and name nobody."""
    in_reach = visible_q(user_of(request), location="lead__location", nowhere="lead")
    count = SetAsideMail.objects.open().filter(in_reach).count()
    return render_to_string("crm/admin/worklist_set_aside.html", {"count": count}) if count else "", set()


class SettledFilter(admin.SimpleListFilter):
    """Mail set aside that waits for a person, unless asked otherwise."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("settled", "Settled"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [first | {"display": "Waits for a person"}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[SetAsideMail]) -> QuerySet[SetAsideMail]:
        if self.value() == "all":
            return queryset
        return queryset.filter(settled_at__isnull=self.value() != "settled")


@admin.register(SetAsideMail)
class SetAsideMailAdmin(ReadOnlyAdmin):
    """Mail set aside, newest first. Without a lead it belongs to no location."""

    location_path = "lead__location"
    list_display = ["at", "reason_label", "of", "size_in_words", "settled_by"]
    list_filter = [SettledFilter, ("reason", ChoicesDropdownFilter)]
    list_select_related = ["lead", "settled_by"]
    ordering = ["-at", "-pk"]
    fields = ["at", "reason_label", "of", "came_by", "size_in_words", "form", "names", "excerpt", "outcome"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[SetAsideMail]:
        """Return the mails without their sources, one of which may be larger than a whole list: fetched where shown."""
        return super().get_queryset(request).defer("source")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<uuid:pk>/source/", view(self.source), name="crm_setasidemail_source"),
            path("<uuid:pk>/settle/", view(self.settle), name="crm_setasidemail_settle"),
            *super().get_urls(),
        ]

    def source(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Send the bytes as a file that no browser opens; the access log says who took it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        mail = get_object_or_404(self.get_queryset(request), pk=pk)
        self._record(request, AccessAction.DOWNLOAD, [mail])
        ending = "json" if mail.form == SourceForm.CALL else "eml"
        response = HttpResponse(mail.source, content_type="application/octet-stream")
        response["Content-Disposition"] = f'attachment; filename="mail-{mail.pk.hex[:8]}.{ending}.txt"'
        response["X-Content-Type-Options"] = "nosniff"
        return response

    def settle(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Do what a person has decided about a mail: settle it (`by_hand`, `nothing`), or take it in `again`."""
        if not request.user.has_perm("crm.change_setasidemail"):
            raise PermissionDenied
        mail, what = get_object_or_404(self.get_queryset(request), pk=pk), request.POST.get("what", "")
        if request.method != "POST" or what not in {AGAIN, Settled.BY_HAND, Settled.NOTHING}:
            return redirect("admin:crm_setasidemail_change", mail.pk)
        self._record(request, AccessAction.EDIT, [mail])
        try:
            if what == AGAIN:
                arrivals.take_in_again(mail, by=user_of(request), now=timezone.now())
                messages.success(request, "Taken in: it now stands with the mail that came in.")
            else:
                arrivals.settle(mail.pk, settled=Settled(what), by=user_of(request), now=timezone.now())
                messages.success(request, "Settled.")
        except SetAsideRefused as refused:
            messages.warning(request, refused.message)
            return redirect("admin:crm_setasidemail_change", mail.pk)
        return redirect("admin:crm_setasidemail_changelist")

    @display(description="Why", label=colours(SetAsideReason, unreadable="warning", not_stored="danger"))
    def reason_label(self, mail: SetAsideMail) -> tuple[str, str]:
        return mail.reason, str(SetAsideReason(mail.reason).label)

    @display(description="Lead", ordering="lead__last_name")
    def of(self, mail: SetAsideMail) -> str:
        return link_to(mail.lead)

    @display(description="Size", ordering="size")
    def size_in_words(self, mail: SetAsideMail) -> str:
        return str(filesizeformat(mail.size))

    @display(description="As far as its headers can be read")
    def names(self, mail: SetAsideMail) -> str:
        """Return From, Subject and Date as HTML, "—" for a webhook call. Only the headers are read, in bounded work."""
        if mail.form == SourceForm.CALL:
            return "—"
        found = mime_parts.parse_headers(mail.source[:HEAD_BYTES])
        told = [(name, mime_parts.header(found, name)[:300]) for name in ("From", "Subject", "Date")]
        return render_to_string("crm/admin/set_aside_names.html", {"told": told})

    @display(description="Its beginning")
    def excerpt(self, mail: SetAsideMail) -> str:
        """Show the first bytes as they are: markup stays text."""
        text = mime_parts.as_text(mail.source[:SHOWN_BYTES], "utf-8")
        return format_html('<pre class="mail-text">{}</pre>', text)

    @display(description="")
    def outcome(self, mail: SetAsideMail) -> str:
        """Show what became of the mail, or the buttons; Django's own form around them saves nothing."""
        return render_to_string("crm/admin/set_aside_outcome.html", {"mail": mail, "settled": Settled, "again": AGAIN})
