"""The centres. A second one is a row more: nothing has to be restarted."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Field
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelectWidget

from crm import places, queries
from crm.admin.base import DeskAdmin
from crm.admin.fields import HoursField, LinesField
from crm.models import Location

_EASIER: dict[str, Any] = {
    "timezone": lambda: forms.ChoiceField(choices=places.zone_choices, widget=UnfoldAdminSelectWidget),
    "hours": lambda: HoursField(help_text="A line a day, such as Mon 08:00-18:00; leave closed days out."),
    "holidays": lambda: LinesField(required=False, help_text="A date a line, such as 2026-12-25."),
    "served_states": lambda: LinesField(required=False, help_text="Two-letter codes; empty: everywhere."),
}


@admin.register(Location)
class LocationAdmin(DeskAdmin):
    list_display = ["name", "city", "state", "phone_display", "timezone", "is_active", "position"]
    list_filter = ["is_active"]
    ordering = ["position", "pk"]
    fieldsets = [
        ("Names", {"fields": ["name", "short_name", "logo", "is_active", "position"]}),
        ("Where", {"fields": ["street", ("city", "state", "postal_code"), "served_states"]}),
        ("Reached by", {"fields": [("phone", "phone_display"), "fax"]}),
        ("When", {"fields": ["timezone", "hours", "holidays"]}),
        ("Mails come from", {"fields": ["sender_name", "sender_email"]}),
    ]

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:
        """Some columns are easier to write than Django's own fields make them."""
        if db_field.name in _EASIER:
            return _EASIER[db_field.name]()
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Location, form: forms.ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        queries.forget_main_location()
