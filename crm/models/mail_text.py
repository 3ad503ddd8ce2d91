"""Staff's own wording of a follow-up mail, over the file that comes with the product."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from crm.models.base import Row
from crm.models.sequence import VersionState


class MailText(Row):
    """One version of one text in one language. A published one is what is sent; at most one a name and language."""

    name = models.CharField(max_length=40)
    language = models.CharField(max_length=10, default="en")
    number = models.PositiveIntegerField()
    subject = models.CharField(max_length=150)
    body = models.TextField()
    state = models.CharField(max_length=10, choices=VersionState, default=VersionState.DRAFT)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name_plural = "texts"
        constraints = [
            models.UniqueConstraint(fields=["name", "language", "number"], name="mail_text_number_once"),
            models.UniqueConstraint(
                fields=["name", "language"], condition=Q(state=VersionState.PUBLISHED), name="mail_text_published_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language}) v{self.number}"
