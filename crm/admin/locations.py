"""The centers. A second one is a row more: nothing has to be restarted."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Field
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldBooleanSwitchWidget

from crm import locations, registry
from crm.admin.base import DeskAdmin, ReadOnlyAdmin
from crm.admin.fields import DaysField, HoursField, LinesField, OriginsField
from crm.admin.lead.page import user_of
from crm.admin.scoped import ScopedFilter
from crm.documents import upload_views
from crm.documents.upload_handler import SmallUpload
from crm.models import EmergencyCount, Location, OnCallShift
from crm.values import us_places

_EASIER: dict[str, Any] = {
    "timezone": lambda: forms.ChoiceField(choices=us_places.zone_choices, widget=UnfoldAdminSelectWidget),
    "hours": lambda: HoursField(help_text="A line a day, such as Mon 08:00-18:00; leave closed days out."),
    "holidays": lambda: DaysField(required=False, help_text="A day a line, such as 2026-12-25 or 12/25/2026."),
    "served_states": lambda: LinesField(required=False, help_text="Two-letter codes; empty: everywhere."),
    "embed_origins": lambda: OriginsField(
        required=False, help_text="An address a line, such as https://www.example.org. See docs/embedding.md."
    ),
}


_ADDRESS = {"street", "city", "state", "postal_code"}


class LocationForm(forms.ModelForm):
    """The form of a center. `same_place`: its address is only written differently, so that nobody has to hear of it."""

    same_place = forms.BooleanField(
        required=False,
        label="Only the spelling changes",
        help_text="Patients with a visit ahead there are mailed a new address, or a task asks the desk to tell them. "
        "Switch this on when the place stays the same: then nobody is told.",
        widget=UnfoldBooleanSwitchWidget,
    )


@admin.register(Location)
class LocationAdmin(DeskAdmin):
    form = LocationForm
    location_path = "pk"
    list_display = ["name", "city", "state", "phone_display", "timezone", "is_active", "position"]
    list_filter = ["is_active"]
    ordering = ["position", "pk"]
    fieldsets = [
        ("Names", {"fields": ["name", "short_name", "logo", "is_active", "position"]}),
        ("Where", {"fields": ["street", ("city", "state", "postal_code"), "same_place", "served_states"]}),
        ("Reached by", {"fields": [("phone", "phone_display"), "fax"]}),
        ("Shown in other sites", {"fields": ["embed_origins", "snippet"]}),
        ("When", {"fields": ["timezone", "hours", "holidays"]}),
        ("Who looks after leads", {"fields": ["shares_out"]}),
        ("Warning signs", {"fields": ["alert_email", "nobody_on_call"]}),
        ("Mails come from", {"fields": ["sender_name", "sender_email", "reply_email"]}),
    ]

    readonly_fields = ["snippet"]

    @method_decorator(upload_views.takes_files(SmallUpload))
    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().add_view(request, *args, **kwargs)

    @method_decorator(upload_views.takes_files(SmallUpload))
    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return super().change_view(request, *args, **kwargs)

    @display(description="To paste into the site")
    def snippet(self, location: Location) -> str:
        """Return a box with ten lines of HTML to paste into another site, this site's own address in them."""
        lines = render_to_string("crm/admin/embed_snippet.html", {"site": settings.SITE_URL.rstrip("/")})
        return format_html('<textarea class="snippet" rows="10" readonly aria-label="HTML">{}</textarea>', lines)

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:
        """Replace Django's fields of some columns with fields that are easier to fill in."""
        if db_field.name in _EASIER:
            return _EASIER[db_field.name]()
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Location | None = None) -> Any:
        """Leave `same_place` out when a location is added: nobody has a visit there yet."""
        found = super().get_fieldsets(request, obj)
        if obj is not None:
            return found
        return [(title, {"fields": [one for one in of["fields"] if one != "same_place"]}) for title, of in found]

    def save_model(self, request: HttpRequest, obj: Location, form: forms.ModelForm, change: bool) -> None:
        """Save a location, and let whoever is bound to some work for the one that they add, or they would not see it.
        Patients with a visit ahead hear of a changed address, unless it is the same place."""
        with registry.saving_location() as said:
            super().save_model(request, obj, form, change)
        by = user_of(request)
        if change and _ADDRESS & set(form.changed_data) and not form.cleaned_data["same_place"]:
            said += registry.tell_of_new_address(obj, by=by, now=timezone.now())
        if not change and by.locations.exists():
            by.locations.add(obj)
        locations.forget()
        for words in said:
            self.message_user(request, words, level=messages.WARNING)


@admin.register(OnCallShift)
class OnCallShiftAdmin(DeskAdmin):
    """The on-call schedule, latest shift first. Times are the center's."""

    location_path = "location"
    list_display = ["user", "location", "starts_at", "ends_at"]
    list_filter = [("location", ScopedFilter)]
    list_select_related = ["user", "location"]
    ordering = ["-starts_at", "pk"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("crm.delete_oncallshift")


@admin.register(EmergencyCount)
class EmergencyCountAdmin(ReadOnlyAdmin):
    """People who were sent to emergency care and left nothing: only their number is known."""

    location_path = "location"
    list_display = ["day", "location", "count"]
    list_display_links = None
    list_select_related = ["location"]
    ordering = ["-day", "pk"]
