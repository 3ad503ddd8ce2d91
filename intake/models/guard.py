"""What the door of the site keeps: arrivals, rates, and requests that a person should look at first."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from crm.fields.encrypted import EncryptedJSONField
from crm.models.lead import make_reference


class Arrival(models.Model):
    """A request has reached the door, before anything else is done with it. Counted against what became of it."""

    id = models.UUIDField(primary_key=True, help_text="Made with the form.")
    day = models.DateField(help_text="The center's.")

    class Meta:
        indexes = [models.Index(fields=["day"], name="arrival_day")]

    def __str__(self) -> str:
        return f"Arrival of {self.day}"


class RateCount(models.Model):
    """How often something came in one hour. `key` is a keyed hash: nobody can read an address out of it."""

    key = models.CharField(max_length=64)
    hour = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "hour"], name="rate_once_an_hour")]

    def __str__(self) -> str:
        return f"{self.count} since {self.hour:%H:%M}"


class Quarantine(models.TextChoices):
    HELD = "held", "Waits"
    RELEASED = "released", "Released"
    DISCARDED = "discarded", "Discarded"


class QuarantinedRequest(models.Model):
    """A request that looks made by a machine. It is never dropped: a person releases or discards it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    form_id = models.UUIDField(help_text="Made with the form, so that sending twice is once.")
    digest = models.CharField(max_length=64, help_text="Keyed; tells a repeat from a change without reading.")
    repeats = models.CharField(
        max_length=9, blank=True, help_text="The reference of what the same form, in the same browser, had sent before."
    )
    location = models.ForeignKey("crm.Location", on_delete=models.PROTECT, related_name="+")
    page = models.CharField(max_length=20)
    reference = models.CharField(
        max_length=9, unique=True, default=make_reference, help_text="The one that the visitor was shown."
    )
    data = EncryptedJSONField(context="intake.requests.quarantine.data")
    language = models.CharField(max_length=10, default="en")
    attribution = models.JSONField(default=dict)
    reasons = ArrayField(models.CharField(max_length=20))
    at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=Quarantine, default=Quarantine.HELD)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, related_name="+")
    note = models.TextField(blank=True)

    class Meta:
        verbose_name = "held request"
        constraints = [
            models.UniqueConstraint(fields=["form_id", "digest"], name="quarantine_once_a_payload"),
            models.CheckConstraint(
                condition=models.Q(state="held", decided_at__isnull=True, decided_by__isnull=True)
                | models.Q(state="discarded", decided_at__isnull=False, decided_by__isnull=False)
                | models.Q(state="released", decided_at__isnull=False),  # by nobody: the browser has proven itself
                name="quarantine_decided_at_and_by",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="discarded") | ~models.Q(note=""), name="quarantine_discarded_for_a_reason"
            ),
        ]
        indexes = [models.Index(fields=["state", "at"], name="quarantine_waiting")]
        permissions = [("decide_quarantine", "Can release and discard held requests")]

    def __str__(self) -> str:
        return f"Held request {self.reference}"
