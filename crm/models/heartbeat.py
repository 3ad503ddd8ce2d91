"""When the clock last struck, when work of each queue last began or ended, and when a job last began."""

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from crm.enums.leads import Pulse

SILENT_AFTER = timedelta(minutes=2)  # a tick comes every minute at least, and work of urgent and mail ends after 90 s


class HeartbeatQuerySet(models.QuerySet["Heartbeat"]):
    def silent(self) -> "HeartbeatQuerySet":
        """Keep those not heard of for so long that somebody should be told, by PostgreSQL's clock."""
        return self.filter(at__lt=Now() - SILENT_AFTER)


class Heartbeat(models.Model):
    """One row each, made by the migration: who never begins is silent from then on."""

    name = models.CharField(max_length=6, choices=Pulse, primary_key=True)
    at = models.DateTimeField(help_text="By PostgreSQL's clock.")

    objects = HeartbeatQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(name__in=Pulse.values), name="heartbeat_name_known")]

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S} UTC"


class JobRun(models.Model):
    """When a job of the clock last began, so that ticks which come together are one (crm/ops/exclusive_jobs.py)."""

    job = models.CharField(max_length=40, primary_key=True)
    begun_at = models.DateTimeField(help_text="By PostgreSQL's clock.")

    def __str__(self) -> str:
        return self.job
