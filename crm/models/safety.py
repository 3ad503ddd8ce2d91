"""Who is on call, which warning signs wait for somebody, and how the second path to that person stands."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from crm.models.base import Row


class OnCallShift(Row):
    """From when to when somebody is called first. Shifts may overlap: then all of them are."""

    location = models.ForeignKey("crm.Location", on_delete=models.CASCADE, related_name="shifts")
    user = models.ForeignKey("crm.User", on_delete=models.CASCADE, related_name="shifts")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        verbose_name = "on-call shift"
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="shift_ends_after_start")]
        indexes = [models.Index(fields=["location", "starts_at"], name="shift_rota")]

    def __str__(self) -> str:
        return f"{self.user}, {self.starts_at:%Y-%m-%d %H:%M} to {self.ends_at:%Y-%m-%d %H:%M} UTC"


class SafetyAlertQuerySet(models.QuerySet["SafetyAlert"]):
    def open(self) -> "SafetyAlertQuerySet":
        return self.filter(acknowledged_at__isnull=True)

    def with_causes(self) -> "SafetyAlertQuerySet":
        """Add to each what it is about, in order: one query more when there are any."""
        return self.prefetch_related(models.Prefetch("causes", AlertCause.objects.order_by("at", "pk")))


class SafetyAlert(Row):
    """Reported warning signs of one lead that want a person now. `level` counts how far the calling has gone, `round`
    how often it began anew because another sign was reported."""

    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, related_name="alerts")
    raised_at = models.DateTimeField(default=timezone.now)
    level = models.PositiveSmallIntegerField(default=0)
    round = models.PositiveSmallIntegerField(default=0)
    next_level_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, related_name="+")

    objects = SafetyAlertQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(acknowledged_at__isnull=True, acknowledged_by__isnull=True)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
                name="alert_acknowledged_at_and_by",
            )
        ]
        indexes = [
            models.Index(fields=["next_level_at"], condition=Q(acknowledged_at__isnull=True), name="alert_open"),
            models.Index(fields=["lead", "-raised_at"], name="alert_of_lead"),
        ]

    def __str__(self) -> str:
        return f"Alert of {self.raised_at:%Y-%m-%d %H:%M} UTC"


class AlertCause(Row):
    """One report of warning signs: what an alert is about. Said again, it is the same."""

    alert = models.ForeignKey(SafetyAlert, on_delete=models.CASCADE, related_name="causes")
    key = models.CharField(max_length=100, unique=True, help_text="Names the submission.")
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"Report of {self.at:%Y-%m-%d %H:%M} UTC"


class AlertPostQuerySet(models.QuerySet["AlertPost"]):
    def due(self) -> "AlertPostQuerySet":
        """Keep those to be posted now, and held by nobody, by PostgreSQL's clock."""
        free = Q(lease_until__isnull=True) | Q(lease_until__lt=Now())
        return self.filter(free, done_at__isnull=True, given_up_at__isnull=True, due_at__lte=Now())


class AlertPost(Row):
    """The second path of an alert: a call of the webhook, once a round and level."""

    alert = models.ForeignKey(SafetyAlert, on_delete=models.CASCADE, related_name="posts")
    round = models.PositiveSmallIntegerField(default=0)
    level = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, blank=True)

    objects = AlertPostQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["alert", "round", "level"], name="alert_post_once_a_level")]

    def __str__(self) -> str:
        return f"Call {self.level} of {self.alert_id}"


class EmergencyCount(Row):
    """How many people a day were sent to emergency care without leaving a way to reach them. Nothing else is kept."""

    location = models.ForeignKey("crm.Location", on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["location", "day"], name="emergency_count_a_day")]

    def __str__(self) -> str:
        return f"{self.count} on {self.day}"
