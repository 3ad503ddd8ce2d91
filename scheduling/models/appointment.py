"""Appointments, and the claims by which they hold their time. The exclusion constraint decides; all else proposes."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F, Func, Q
from django.utils.timezone import now

from crm.models.base import Row
from scheduling.enums import MOVES, STANDING, TAKEN, TAKING, CancelReason, ClaimState, EndedBy, Status
from scheduling.models.kind import AppointmentType
from scheduling.models.resource import Resource


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def standing(self) -> "AppointmentQuerySet":
        """Select those that hold their time."""
        return self.filter(status__in=STANDING)


class Appointment(Row):
    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, related_name="appointments")
    kind = models.ForeignKey(AppointmentType, on_delete=models.PROTECT, related_name="appointments")
    location = models.ForeignKey("crm.Location", on_delete=models.PROTECT, related_name="appointments")
    provider = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="appointments")
    room = models.ForeignKey(Resource, on_delete=models.PROTECT, null=True, blank=True, related_name="held_here")
    status = models.CharField(max_length=10, choices=Status, default=Status.BOOKED)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1, help_text="Rises with every move: an old page moves nothing.")
    topic = models.OneToOneField("crm.MessageTopic", on_delete=models.PROTECT, related_name="appointment")
    calendar_uid = models.CharField(max_length=300, editable=False, help_text="In every calendar, for life.")
    request_id = models.UUIDField(unique=True, help_text="Of the booking: sent twice, it is one.")

    is_extra = models.BooleanField("over-booked", default=False)
    extra_reason = models.CharField(max_length=200, blank=True)
    booked_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, related_name="+")
    booked_at = models.DateTimeField(default=now, editable=False)
    agreed_at = models.DateTimeField(default=now, editable=False, help_text="When this time was booked or moved to.")
    confirmed_at = models.DateTimeField(null=True, blank=True, help_text="The patient said that they will come.")
    arrived_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=10, choices=EndedBy, blank=True)
    ended_reason = models.CharField(max_length=12, choices=CancelReason, blank=True)
    rebook_since = models.DateTimeField(
        null=True, blank=True, help_text="Its time was closed under it: another one has to be found."
    )

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="appointment_takes_time"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="appointment_status_known"),
            models.CheckConstraint(
                condition=Q(is_extra=False) | ~Q(extra_reason=""), name="appointment_extra_has_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["lead", "-starts_at"], name="appointment_of_lead"),
            models.Index(fields=["location", "starts_at"], name="appointment_by_day"),
            models.Index(fields=["provider", "starts_at"], name="appointment_of_provider"),
            models.Index(fields=["starts_at"], condition=Q(status__in=STANDING), name="appointment_standing"),
            models.Index(fields=["rebook_since"], condition=Q(rebook_since__isnull=False), name="appointment_rebook"),
        ]
        permissions = [("overbook", "Can book over what is taken, with a reason")]
        triggers = [
            pgtrigger.FSM(
                name="status_moves",
                field="status",
                transitions=[(before.value, after.value) for before, later in MOVES.items() for after in sorted(later)],
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}, {self.starts_at.astimezone(self.location.zone):%b %-d, %Y, %-I:%M %p}"

    @property
    def zone(self) -> ZoneInfo:
        """Return the patient's clock, wherever they live now."""
        return ZoneInfo(self.lead.timezone)

    @property
    def display_timezone(self) -> str:
        """Return the name of the clock on which the patient is told of it."""
        return self.kind.display_timezone(patient=self.lead.timezone, center=self.location.timezone)

    @property
    def minutes(self) -> int:
        """Return how long it takes; its kind may take longer since."""
        return int((self.ends_at - self.starts_at).total_seconds()) // 60

    @property
    def stands(self) -> bool:
        return self.status in STANDING

    @property
    def span(self) -> tuple[datetime, datetime]:
        """Return begin and end with the buffers around."""
        before, after = timedelta(minutes=self.kind.buffer_before), timedelta(minutes=self.kind.buffer_after)
        return self.starts_at - before, self.ends_at + after


class Claim(Row):
    """A piece of one resource's time, buffers included. Claims that take time never overlap on a resource."""

    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="claims")
    during = DateTimeRangeField()
    state = models.CharField(max_length=8, choices=ClaimState)
    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, null=True, related_name="claims")

    hold = models.UUIDField(null=True, help_text="The claims of one hold: a provider's and a room's.")
    held_by = models.CharField(max_length=50, blank=True, help_text="Whose hold it is, such as link:<id>.")
    hold_expires_at = models.DateTimeField(null=True)
    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, null=True, related_name="+")
    kind = models.ForeignKey(AppointmentType, on_delete=models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField(default=now, editable=False)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="claims_never_overlap",
                index_type="GIST",
                expressions=[
                    (OpClass("resource", "gist_uuid_ops"), RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
                condition=Q(state__in=TAKING),
            ),
            models.CheckConstraint(
                condition=Q(state=ClaimState.HELD, hold__isnull=False, hold_expires_at__isnull=False)
                | (~Q(state=ClaimState.HELD) & Q(appointment__isnull=False)),
                name="claim_held_or_of_an_appointment",
            ),
        ]
        indexes = [
            # The GiST index is slow with many resources at once; this one reads a calendar, and alone.
            models.Index(
                "resource",
                Func(F("during"), function="lower"),
                include=["during", "state", "hold_expires_at", "held_by", "appointment"],
                condition=Q(state__in=TAKEN),
                name="claim_by_start",
            ),
            models.Index(fields=["hold_expires_at"], condition=Q(state=ClaimState.HELD), name="claim_expires"),
            models.Index(fields=["hold"], condition=Q(hold__isnull=False), name="claim_of_hold"),
        ]

    def __str__(self) -> str:
        return f"{self.get_state_display()}: {self.resource_id}"
