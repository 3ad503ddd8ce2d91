"""One entry of a lead's timeline: what happened, when, by whom."""

from django.db import models
from django.utils import timezone

from crm.enums import ActivityKind, CallOutcome
from crm.models.base import Row


class Activity(Row):
    """`details` holds what the kind needs: {"from", "to"} of a stage move, {"changes"} of a correction."""

    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, related_name="activities")
    kind = models.CharField(max_length=20, choices=ActivityKind)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    summary = models.CharField(max_length=200, blank=True)
    note = models.TextField(blank=True)
    call_outcome = models.CharField(max_length=20, choices=CallOutcome, blank=True)
    details = models.JSONField(default=dict, blank=True)
    in_confidence = models.BooleanField(
        default=False, help_text="Told by somebody else in confidence: not in the patient's own copy."
    )

    class Meta:
        verbose_name_plural = "activities"
        indexes = [models.Index(fields=["lead", "-at", "-id"], name="activity_timeline")]

    def __str__(self) -> str:
        return self.summary or str(ActivityKind(self.kind).label)

    @property
    def may_be_in_confidence(self) -> bool:
        """Return whether somebody other than the patient may have told it: a call, or a note that staff wrote."""
        is_note = self.kind == ActivityKind.NOTE and bool(self.note)
        return self.by_id is not None and (is_note or self.kind == ActivityKind.CALL)
