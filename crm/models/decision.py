"""What clinicians decide: about a request before a consultation, and in it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from crm.enums.leads import ConsultResult, Decision, SurgeryDecision
from crm.models.base import NextInOrder, Row


class ReviewDecisionQuerySet(models.QuerySet["ReviewDecision"]):
    def in_force(self) -> "ReviewDecisionQuerySet":
        return self.filter(Q(needs_second=False) | Q(second_by__isnull=False), void_at=None)

    def waiting(self) -> "ReviewDecisionQuerySet":
        """Return those that wait for a second person."""
        return self.filter(needs_second=True, second_by=None, void_at=None)


class ReviewDecision(Row):
    """One look at a request. Never changed: a second look is a second row. `second_by` agreed where two are needed.

    `seen` and `signs` are what its form showed: the number of the assessment, and the warning signs in it. Nothing else
    is covered. `study` was looked at with it. A decision that waits is void when something comes that it did not know.
    """

    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, related_name="review_decisions")
    decision = models.CharField(max_length=15, choices=Decision)
    reason = models.TextField(max_length=4000)
    by = models.ForeignKey("crm.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    entry = models.BigIntegerField(db_default=NextInOrder(), editable=False)
    needs_second = models.BooleanField(default=False)
    second_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    second_at = models.DateTimeField(null=True, blank=True)
    seen = models.PositiveIntegerField(default=0)
    signs = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    study = models.ForeignKey("crm.ImagingStudy", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    void_at = models.DateTimeField(null=True, blank=True)
    void_because = models.CharField(max_length=200, blank=True)

    objects = ReviewDecisionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(void_at__isnull=True, void_because="")
                | Q(void_at__isnull=False, second_by__isnull=True, needs_second=True) & ~Q(void_because=""),
                name="decision_void_at_and_why",
            ),
            models.CheckConstraint(
                condition=Q(second_by__isnull=True, second_at__isnull=True)
                | Q(second_by__isnull=False, second_at__isnull=False, needs_second=True),
                name="decision_second_by_and_at",
            ),
            models.CheckConstraint(condition=~Q(second_by=models.F("by")), name="decision_second_is_another"),
            models.CheckConstraint(condition=~Q(reason=""), name="decision_has_a_reason"),
        ]
        indexes = [
            models.Index(fields=["lead", "-entry"], name="decision_of_lead"),
            models.Index(
                fields=["at"],
                condition=Q(needs_second=True, second_by__isnull=True, void_at__isnull=True),
                name="decision_waits",
            ),
        ]
        permissions = [("decide_review", "Can decide a clinical review")]

    def __str__(self) -> str:
        return f"{self.get_decision_display()}, {self.at:%Y-%m-%d}"

    @property
    def is_in_force(self) -> bool:
        return not self.needs_second or self.second_by_id is not None

    @property
    def waits(self) -> bool:
        return not self.is_in_force and self.void_at is None


class HoldClearing(Row):
    """A safety hold was lifted: the decision that covers emergency signs. `seen` and `signs` as with ReviewDecision."""

    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, related_name="hold_clearings")
    by = models.ForeignKey("crm.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    entry = models.BigIntegerField(db_default=NextInOrder(), editable=False)
    note = models.TextField(max_length=4000)
    seen = models.PositiveIntegerField(default=0)
    signs = ArrayField(models.CharField(max_length=12), default=list, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(note=""), name="clearing_has_a_note")]
        indexes = [models.Index(fields=["lead", "-entry"], name="clearing_of_lead")]

    def __str__(self) -> str:
        return f"Hold lifted, {self.at:%Y-%m-%d}"


class Consultation(Row):
    """What came of one consultation. The patient's own decision may come later."""

    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, related_name="consultations")
    held_on = models.DateField()
    result = models.CharField(max_length=15, choices=ConsultResult)
    surgery = models.CharField(max_length=10, choices=SurgeryDecision, blank=True)
    note = models.TextField(max_length=4000, blank=True)
    by = models.ForeignKey("crm.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lead", "held_on"], name="consultation_once_a_day"),
            models.CheckConstraint(
                condition=Q(surgery="") | Q(result=ConsultResult.PROCEDURE), name="consultation_surgery_if_recommended"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_result_display()}, {self.held_on}"
