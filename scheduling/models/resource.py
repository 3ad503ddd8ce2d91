"""Who and what can be booked, and when: providers and rooms, weekly rules in wall time, and exceptions."""

from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.dates import WEEKDAYS_ABBR

from crm.models.base import Row
from crm.models.location import validate_zone
from scheduling.enums import ResourceKind


class Resource(Row):
    kind = models.CharField(max_length=10, choices=ResourceKind)
    name = models.CharField(max_length=80)
    location = models.ForeignKey("crm.Location", on_delete=models.PROTECT, related_name="resources")
    timezone = models.CharField(
        max_length=64, default="America/New_York", validators=[validate_zone], help_text="The clock of the rules."
    )
    is_active = models.BooleanField("can be booked", default=True)
    position = models.PositiveSmallIntegerField(default=0, help_text="Order in calendars and in “any provider”.")

    class Meta:
        ordering = ["position", "name", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class WeeklyRule(Row):
    """Open time, every week, on the clock on the wall. An end that is not after the start is on the next day."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="rules")
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(
            choices=list(WEEKDAYS_ABBR.items()), validators=[MinValueValidator(0), MaxValueValidator(6)]
        )
    )
    start = models.TimeField()
    end = models.TimeField()
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True, help_text="The last day.")

    class Meta:
        ordering = ["resource", "start", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(weekdays=[]), name="rule_has_weekdays"),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="rule_validity_in_order",
                violation_error_message="The last day lies before the first.",
            ),
        ]

    def __str__(self) -> str:
        days = ", ".join(str(WEEKDAYS_ABBR[day]) for day in sorted(self.weekdays))
        return f"{days} {self.start:%H:%M}-{self.end:%H:%M}"


class ScheduleException(Row):
    """Open or closed for once: of one resource (leave, an extra morning) or of a whole location (a snow day). In the
    wall time of each resource that it touches."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, null=True, blank=True, related_name="exceptions")
    location = models.ForeignKey(
        "crm.Location",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="schedule_exceptions",
        help_text="Instead of a resource: everybody and every room there.",
    )
    is_open = models.BooleanField("open", default=False, help_text="Closed, unless this is ticked.")
    from_day = models.DateField()
    from_time = models.TimeField(null=True, blank=True, help_text="Empty: from midnight.")
    to_day = models.DateField(help_text="The last day.")
    to_time = models.TimeField(null=True, blank=True, help_text="Empty: until midnight.")
    reason = models.CharField(max_length=120, blank=True, help_text="For staff: leave, congress, snow.")
    created_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, related_name="+", editable=False)

    class Meta:
        verbose_name = "leave or closing"
        verbose_name_plural = "leave and closing"
        ordering = ["-from_day", "-from_time", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(resource=None, location__isnull=False) | Q(resource__isnull=False, location=None),
                name="exception_of_one_thing",
                violation_error_message="Choose a resource or a location, one of the two.",
            ),
            models.CheckConstraint(
                condition=Q(to_day__gte=F("from_day")),
                name="exception_in_order",
                violation_error_message="The last day lies before the first.",
            ),
        ]
        indexes = [models.Index(fields=["to_day"], name="exception_by_end")]

    def __str__(self) -> str:
        what = "Open" if self.is_open else self.reason or "Closed"
        return f"{what}, {self.from_day:%b %-d, %Y}" + (
            f" to {self.to_day:%b %-d}" if self.to_day != self.from_day else ""
        )

    def clean(self) -> None:
        if self.from_day == self.to_day and self.from_time and self.to_time and self.to_time <= self.from_time:
            raise ValidationError({"to_time": "The end has to lie after the start."})
