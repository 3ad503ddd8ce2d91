"""One entry of a lead's timeline: what happened, when, by whom."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from crm.enums.leads import ActivityKind, CallOutcome
from crm.models.base import Row

BY_ITSELF = "by_itself"  # a key of `details`: neither staff nor the patient did it
SENT_IN = "submission"  # a key of `details`: what the patient has told, whoever typed it
# What, without a member of staff, the patient has done. All other kinds follow from something else.
OF_THE_PATIENT = [
    ActivityKind.NOTE,
    ActivityKind.DETAILS,
    ActivityKind.MESSAGE,
    ActivityKind.DOCUMENT,
    ActivityKind.APPOINTMENT,
    ActivityKind.REQUEST,
    ActivityKind.TREATMENT_ADDED,
    ActivityKind.TREATMENT_CORRECTED,
    ActivityKind.TREATMENT_DISPUTED,
]


class ActivityQuerySet(models.QuerySet["Activity"]):
    def own_acts(self) -> "ActivityQuerySet":
        """Return what patients did themselves: sent, wrote, booked, chose or changed."""
        own = Q(details__has_key=SENT_IN) | Q(by=None, kind__in=OF_THE_PATIENT)
        return self.filter(own).exclude(details__has_key=BY_ITSELF)


class Activity(Row):
    """`details` holds what the kind needs: {"from", "to"} of a stage move, {"changes"} of a correction, BY_ITSELF of
    what a machine did."""

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

    objects = ActivityQuerySet.as_manager()

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
