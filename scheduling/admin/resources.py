"""What administrators keep: providers, rooms, their weekly hours, exceptions, and what can be booked."""

from contextlib import nullcontext
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Field, Q
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.html import format_html
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from crm.admin.base import DeskAdmin
from crm.admin.scoped import ScopedFilter
from crm.enums.leads import Outcome
from crm.models import User
from crm.models.lead import visible_q
from crm.values import us_places
from scheduling.actions import openings, rebooking
from scheduling.calendars import feeds, sources
from scheduling.models import (
    Appointment,
    AppointmentType,
    BusyCalendar,
    CalendarFeed,
    Resource,
    ScheduleException,
    WeeklyRule,
)


def _native(kind: str) -> UnfoldAdminTextInputWidget:
    """Return the browser's own date or time input: a resource's wall time, which Django's widget takes for the
    server's."""
    return UnfoldAdminTextInputWidget(attrs={"type": kind})


_WALL_TIME = {models.DateField: {"widget": _native("date")}, models.TimeField: {"widget": _native("time")}}


class RuleForm(ModelForm):
    """Weekdays as boxes."""

    weekdays = forms.TypedMultipleChoiceField(
        coerce=int, choices=list(WEEKDAYS.items()), widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = WeeklyRule
        fields = ["weekdays", "start", "end", "valid_from", "valid_to"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Label each box: in a table the headings are far from the boxes."""
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.setdefault("aria-label", str(field.label))


class RuleInline(TabularInline):
    model = WeeklyRule
    form = RuleForm
    formfield_overrides = _WALL_TIME
    extra = 0


class BusyForm(ModelForm):
    """The address and the password are secrets: they are written and never shown."""

    url = forms.CharField(
        max_length=1000,
        label="Address",
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Leave empty to keep it.",
    )
    password = forms.CharField(
        required=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="CalDAV only. Leave empty to keep it.",
    )

    class Meta:
        model = BusyCalendar
        fields = ["kind", "url", "user", "password", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["url"] = ""

    def clean_url(self) -> str:
        given = self.cleaned_data["url"] or (self.instance.url if not self.instance._state.adding else "")
        if not given:
            raise forms.ValidationError("Write the calendar's secret address.")
        try:
            sources.check_address(given)
        except sources.Unreadable as wrong:
            raise forms.ValidationError(str(wrong)) from None
        return given

    def clean(self) -> dict[str, Any]:
        """Keep a stored password only for the address and the user that it was given for."""
        data = super().clean() or self.cleaned_data
        kept = {"url", "user"}.isdisjoint(self.changed_data) or not data.get("url") or self.instance._state.adding
        if not data.get("password"):
            if not kept and self.instance.password:
                self.add_error("password", "The address or the user is another one: write the password again.")
            data["password"] = self.instance.password or ""
        return data


class BusyInline(TabularInline):
    """Asked every ten minutes; shown as busy, without titles."""

    model = BusyCalendar
    form = BusyForm
    extra = 0
    readonly_fields = ["good_at", "trouble", "left_out"]
    verbose_name, verbose_name_plural = "own calendar", "own calendars, of which only busy times are read"


class OpeningAdmin(DeskAdmin):
    """What is changed here may open time: whoever waits is asked about it."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with openings.new_times(now=timezone.now()) if request.method == "POST" else nullcontext():
            return super().changeform_view(request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with openings.new_times(now=timezone.now()) if request.method == "POST" else nullcontext():
            return super().delete_view(request, *args, **kwargs)


@admin.register(Resource)
class ResourceAdmin(OpeningAdmin):
    location_path = "location"
    list_display = ["name", "kind", "location", "hours", "is_active", "position"]
    list_filter = [("kind", ChoicesDropdownFilter), ("location", ScopedFilter), "is_active"]
    ordering = ["position", "name", "pk"]
    fields = [("kind", "name"), ("location", "timezone"), ("is_active", "position"), "feed_address"]
    readonly_fields = ["feed_address"]
    inlines = [RuleInline, BusyInline]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("location").prefetch_related("rules")

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "timezone":
            return forms.ChoiceField(choices=_zones, required=False, widget=UnfoldAdminSelectWidget)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> Any:
        return {"timezone": ""} | super().get_changeform_initial_data(request)

    def save_model(self, request: HttpRequest, obj: Resource, form: Any, change: bool) -> None:
        obj.timezone = obj.timezone or obj.location.timezone
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        rebooking.unflag_all()
        count = rebooking.flag_outside(form.instance) + rebooking.flag_of_nobody(now=timezone.now())
        tell_of_closed(self, request, count)

    def get_urls(self) -> list[URLPattern]:
        renew = self.admin_site.admin_view(self._renew_feed)
        return [path("<uuid:resource_id>/feed/", renew, name="scheduling_feed"), *super().get_urls()]

    def _renew_feed(self, request: HttpRequest, resource_id: UUID) -> HttpResponse:
        """Make a new address for the calendar feed and show it this once; the one before is dead."""
        if request.method != "POST" or not request.user.has_perm("scheduling.change_resource"):
            raise PermissionDenied
        address = feeds.open_feed(get_object_or_404(self.get_queryset(request), pk=resource_id))
        messages.success(request, f"Copy this address now, it is not shown again: {address}")
        return redirect("admin:scheduling_resource_change", resource_id)

    @display(description="Calendar address")
    def feed_address(self, resource: Resource) -> str:
        """Return a button for a new feed address; outside of the page's own form, it names its own (formaction)."""
        feed = CalendarFeed.objects.filter(resource=resource).first()
        since = f"There is one since {feed.created_at:%b %-d, %Y}." if feed else "There is none yet."
        where = reverse("admin:scheduling_feed", args=[resource.pk])
        return format_html(
            '{} <button type="submit" class="desk-button is-quiet" formaction="{}" formnovalidate>New address</button>',
            since,
            where,
        )

    @display(description="Hours")
    def hours(self, resource: Resource) -> str:
        return "; ".join(str(rule) for rule in resource.rules.all()) or "none yet: never free"


def _zones() -> list[tuple[str, str]]:
    return [("", "As its location"), *us_places.zone_choices()]


def tell_of_closed(page: DeskAdmin, request: HttpRequest, count: int) -> None:
    """Tell how many appointments lie outside of open time now, and where they wait."""
    if count:
        what = rebooking.in_words(count)
        where = reverse("admin:scheduling_rebooking")
        words = '{} under what is closed now. <a href="{}">Find other times for them</a>.'
        page.message_user(request, format_html(words, what, where), level=messages.WARNING)


@admin.register(ScheduleException)
class ScheduleExceptionAdmin(OpeningAdmin):
    """Leave, a congress, a snow day, an extra morning. Appointments underneath are flagged at once."""

    location_path = "location"
    formfield_overrides = _WALL_TIME

    list_display = ["what", "whose", "from_day", "to_day", "reason"]
    list_filter = [("resource", ScopedFilter), ("location", ScopedFilter), "is_open"]
    ordering = ["-from_day", "pk"]
    fields = [("resource", "location"), "is_open", ("from_day", "from_time"), ("to_day", "to_time"), "reason"]

    def sighted(self, user: User) -> Q:
        """Match the exceptions of a whole location, or of one of its calendars, that this user works for."""
        return visible_q(user) & Q(resource=None) | visible_q(user, location="resource__location") & Q(location=None)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("resource", "location")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("scheduling.delete_scheduleexception")

    def save_model(self, request: HttpRequest, obj: ScheduleException, form: Any, change: bool) -> None:
        if not change:
            obj.created_by_id = request.user.pk
        before = ScheduleException.objects.filter(pk=obj.pk).first()
        super().save_model(request, obj, form, change)
        count = rebooking.flag(obj) + (rebooking.flag_no_longer_open(before) if before else 0)
        rebooking.unflag_all()  # what an earlier wording lay over
        tell_of_closed(self, request, count)

    def delete_model(self, request: HttpRequest, obj: ScheduleException) -> None:
        super().delete_model(request, obj)
        rebooking.unflag_all()
        tell_of_closed(self, request, rebooking.flag_no_longer_open(obj))

    @display(description="What")
    def what(self, one: ScheduleException) -> str:
        return "Open" if one.is_open else "Closed"

    @display(description="Whose")
    def whose(self, one: ScheduleException) -> str:
        return str(one.resource or one.location)


class TypeForm(ModelForm):
    """Takes no change that would be untrue of what is booked already."""

    def clean(self) -> dict[str, Any]:
        """Refuse what visits ahead were told otherwise: another mode, or a room that they do not have."""
        data = super().clean() or self.cleaned_data
        booked = Appointment.objects.standing().filter(kind=self.instance.pk, starts_at__gt=timezone.now())
        if "mode" in self.changed_data and booked.exists():
            self.add_error("mode", "Visits ahead were told otherwise. Make a type of its own, and switch this one off.")
        if data.get("needs_room") and booked.filter(room=None, is_extra=False).exists():
            self.add_error("needs_room", "Visits ahead have no room. Make a type of its own, and switch this one off.")
        return data


@admin.register(AppointmentType)
class AppointmentTypeAdmin(OpeningAdmin):
    location_path, everywhere_because = None, "The same can be booked everywhere; who gives it is of those in sight."
    form = TypeForm
    list_display = ["label", "mode", "duration", "needs_room", "is_active", "position"]
    list_filter = ["is_active", ("mode", ChoicesDropdownFilter)]
    ordering = ["position", "label"]
    fieldsets = [
        ("Names", {"fields": ["key", ("label", "label_es"), "about", "about_es", ("is_active", "position")]}),
        ("What it is", {"fields": ["mode", "is_consultation"]}),
        ("Time", {"fields": [("duration", "step"), ("buffer_before", "buffer_after")]}),
        ("Limits for patients", {"fields": [("min_notice", "window_days"), ("cancel_until", "reschedule_until")]}),
        ("Who and where", {"fields": ["providers", "needs_room", "rooms"]}),
        ("Booked without us", {"fields": ["self_book"]}),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["key"] if obj else []

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "self_book":
            return forms.MultipleChoiceField(
                choices=[one for one in Outcome.choices if one[0] != Outcome.URGENT],
                required=False,
                widget=forms.CheckboxSelectMultiple,
                label="With one of these assessments",
                help_text="None: only the desk books it.",
            )
        if db_field.name in {"providers", "rooms"}:
            kwargs["widget"] = forms.CheckboxSelectMultiple()
        return super().formfield_for_dbfield(db_field, request, **kwargs)
