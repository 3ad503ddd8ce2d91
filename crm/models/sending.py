"""The switch of all mail: going out or held, and through which server. One row."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

ONLY = 1


class DomainPace(models.Model):
    """When the next mail to a domain may go: see crm/outbox/rate_limit.py. The name of a mail server, of nobody in
    particular."""

    domain = models.CharField(max_length=253, primary_key=True)
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.domain


class Sending(models.Model):
    """Its one row has the key ONLY; without a row mail goes out through the first server."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    is_paused = models.BooleanField(default=False)
    through_second = models.BooleanField(default=False, help_text="EMAIL_URL_2 instead of EMAIL_URL.")
    commercial_paused = models.BooleanField(default=False, help_text="Too many complaints; or by hand.")
    waits_until = models.DateTimeField(null=True, help_text="The server refused us: nothing is tried before.")
    fenced = models.PositiveBigIntegerField(default=0, help_text="Late writes of workers that had lost their lease.")
    broken_off = ArrayField(
        models.UUIDField(), default=list, db_default=[], help_text="The mails over which it hung up since it took one."
    )
    reason = models.CharField(max_length=200, blank=True)
    changed_at = models.DateTimeField(null=True)
    changed_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=ONLY), name="sending_one_row")]
        verbose_name_plural = "sending"

    def __str__(self) -> str:
        return "Paused" if self.is_paused else "Going out"
