"""Who waits for a time to become free, in the order in which they are asked. They are asked by themselves."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from crm.admin.base import ReadOnlyAdmin
from crm.admin.lead.page import user_of
from crm.admin.scoped import ScopedFilter
from crm.audit import access
from crm.enums.leads import AccessAction
from scheduling import time_format
from scheduling.actions.waitlist import IN_LINE
from scheduling.models import WaitlistEntry


@admin.register(WaitlistEntry)
class WaitlistAdmin(ReadOnlyAdmin):
    location_path = "location"
    list_display = ["patient", "kind", "location", "would_come", "since", "offered"]
    list_display_links = None
    list_filter = [("kind", ScopedFilter), ("location", ScopedFilter)]
    ordering = ["since", "pk"]

    def get_queryset(self, request: HttpRequest) -> Any:
        waiting = super().get_queryset(request).filter(state__in=IN_LINE)
        return waiting.select_related("lead", "kind", "location")

    def _record(self, request: HttpRequest, action: AccessAction, rows: Any, term: str = "") -> None:
        """Record access to leads: the rows shown here are people."""
        ids = [row.lead_id for row in rows]
        access.record(action, by=user_of(request), object_type="lead", ids=ids, term=term)

    @display(description="Patient")
    def patient(self, entry: WaitlistEntry) -> str:
        where = reverse("admin:crm_lead_change", args=[entry.lead_id])
        return format_html('<a href="{}">{}</a>', where, entry.lead.full_name)

    @display(description="Would come")
    def would_come(self, entry: WaitlistEntry) -> str:
        return f"before {entry.last_day:%b %-d, %Y}" if entry.last_day else "at any time"

    @display(description="On offer")
    def offered(self, entry: WaitlistEntry) -> str:
        if entry.offered_start is None or entry.offered_until is None:
            return "nothing yet"
        until = entry.offered_until.astimezone(entry.location.zone)
        return f"{time_format.moment(entry.offered_start, entry.location.timezone)}, kept until {until:%-I:%M %p}"
