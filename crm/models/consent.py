"""What a person agreed to, in the exact words that stood beside the box."""

import pgtrigger
from django.db import models
from django.utils import timezone

from crm.enums.leads import ConsentKind
from crm.models.base import NextInOrder, Row


class ConsentRecord(Row):
    """Append-only proof of one ticked or unticked box (45 CFR 164.316(b)(2): kept six years). Of one kind the
    latest counts, of one moment the last entry: one that is taken over late is as old as it was when it was given."""

    lead = models.ForeignKey("crm.Lead", on_delete=models.PROTECT, related_name="consents")
    kind = models.CharField(max_length=12, choices=ConsentKind)
    given = models.BooleanField()
    text = models.TextField()
    text_version = models.CharField(max_length=20)
    language = models.CharField(max_length=10, default="en")
    witnessed_by = models.ForeignKey(
        "crm.User",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Who read the words aloud and heard the answer; empty: the person ticked the box.",
    )
    at = models.DateTimeField(default=timezone.now)
    entry = models.BigIntegerField(db_default=NextInOrder(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["lead", "kind", "-at", "-entry"], name="consent_of_lead")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{ConsentKind(self.kind).label}: {'yes' if self.given else 'no'}"
