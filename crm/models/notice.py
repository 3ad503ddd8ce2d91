"""What the bell tells one member of staff. Says which lead, never what is wrong with anybody."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from crm.models.base import Row


class Notice(Row):
    """`key`: one notice a person and cause, at most. `mailed_at`: went into a digest."""

    user = models.ForeignKey("crm.User", on_delete=models.CASCADE, related_name="notices")
    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, null=True, blank=True, related_name="notices")
    title = models.CharField(max_length=120)
    key = models.CharField(max_length=100)
    at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="notice_once")]
        indexes = [
            models.Index(fields=["user", "-at"], condition=Q(seen_at__isnull=True), name="notice_unseen"),
            models.Index(fields=["user", "-at", "-id"], name="notice_of_user"),
        ]

    def __str__(self) -> str:
        return self.title
