"""When a provider is busy elsewhere, as their own calendar says. No title, no place: only from when to when."""

from django.db import models
from django.db.models import F, Q

from crm.fields.encrypted import EncryptedTextField
from crm.models.base import Row
from scheduling.enums import BusyKind
from scheduling.models.resource import Resource


class BusyCalendar(Row):
    """Where to ask. The address is a secret: whoever has it reads the calendar."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="busy_calendars")
    kind = models.CharField(max_length=8, choices=BusyKind, default=BusyKind.ICS)
    url = EncryptedTextField("address", context="scheduling.busycalendar.url")
    user = models.CharField(max_length=120, blank=True, help_text="CalDAV only.")
    password = EncryptedTextField(context="scheduling.busycalendar.password", null=True, blank=True)
    is_active = models.BooleanField(default=True)
    tried_at = models.DateTimeField(null=True, blank=True, editable=False)
    good_at = models.DateTimeField(null=True, blank=True, editable=False)
    trouble = models.CharField(max_length=200, blank=True, editable=False, help_text="Why the last try failed.")
    left_out = models.TextField(blank=True, editable=False, help_text="Entries not read as they are.")

    class Meta:
        indexes = [models.Index(fields=["tried_at"], condition=Q(is_active=True), name="busy_calendar_next")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.resource}"


class BusySpan(Row):
    """As it was when the calendar last answered; a calendar that is down keeps its last ones."""

    calendar = models.ForeignKey(BusyCalendar, on_delete=models.CASCADE, related_name="spans")
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="busy_span_takes_time")]
        indexes = [models.Index(fields=["resource", "starts_at"], name="busy_of_resource")]

    def __str__(self) -> str:
        return f"Busy {self.starts_at:%Y-%m-%d %H:%M} to {self.ends_at:%H:%M}"
