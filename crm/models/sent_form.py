"""Which forms of the desk were done already, so that two presses are one."""

from django.db import models
from django.utils import timezone


class SentForm(models.Model):
    """One form with what was in it. `key` is a keyed hash of both: nobody can read anything out of it."""

    key = models.UUIDField(primary_key=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["at"], name="sent_form_at")]

    def __str__(self) -> str:
        return f"Sent at {self.at:%Y-%m-%d %H:%M} UTC"
