"""What the rules said, each time they were asked, and where a person decided otherwise."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from crm.enums.leads import Outcome
from crm.fields.encrypted import EncryptedJSONField
from crm.models.base import NextInOrder, Row


class Assessment(Row):
    """One run of the rules: what they looked at, every rule on the way, and where it ended. Never changed.

    `number` counts those of one lead, under its lock: two of one moment have an order too."""

    lead = models.ForeignKey("crm.Lead", on_delete=models.PROTECT, related_name="assessments")
    number = models.PositiveIntegerField(default=1)
    at = models.DateTimeField(default=timezone.now)
    cause = models.CharField(max_length=60, help_text="What happened that made it necessary, in words.")
    rules_version = models.CharField(max_length=20)
    snapshot = EncryptedJSONField(context="intake.assessment.snapshot")
    outcome = models.CharField(max_length=24, choices=Outcome)
    rule = models.CharField(max_length=4)
    signs = ArrayField(
        models.CharField(max_length=12), default=list, help_text="Those that fire R1 or R2, whichever rule decides."
    )
    reasons = models.JSONField(help_text='[{"code", "text", "evidence"}]')
    flags = ArrayField(models.CharField(max_length=40), default=list)
    recheck_on = models.DateField(null=True)
    due_at = models.DateTimeField(null=True, help_text="When time alone makes the rules say something else.")
    span_days = models.PositiveSmallIntegerField()
    groups = ArrayField(models.CharField(max_length=12), default=list)
    evaluated = models.JSONField(help_text='[{"rule", "holds"}], in the order in which they were looked at')

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lead", "number"], name="assessment_number")]
        triggers = [
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
            # By the database, so that a request costs no statement more (docs/decisions/0009).
            pgtrigger.Trigger(
                name="due_with_the_latest",
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                func="INSERT INTO intake_nextask (lead_id, due_at, parked) VALUES (NEW.lead_id, NEW.due_at, false) "
                "ON CONFLICT (lead_id) DO UPDATE SET due_at = EXCLUDED.due_at, parked = false; RETURN NULL;",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} ({self.rule})"


class NextAsk(models.Model):
    """When the rules are to be asked again because time passed: of the latest assessment of a lead, written by a
    trigger with it. `parked`: due, and left out while the lead is closed or a patient."""

    lead = models.OneToOneField("crm.Lead", on_delete=models.CASCADE, primary_key=True, related_name="+")
    due_at = models.DateTimeField(null=True)
    parked = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["due_at"], condition=Q(parked=False), name="ask_due")]

    def __str__(self) -> str:
        return f"{self.due_at:%Y-%m-%d}" if self.due_at else "never"


class OverrideQuerySet(models.QuerySet["Override"]):
    def standing(self) -> "OverrideQuerySet":
        """Return those that have not ended: at most one of a lead counts, and at most one waits for a second person."""
        return self.filter(ended_at=None)

    def waiting(self) -> "OverrideQuerySet":
        return self.standing().filter(needs_second=True, approved_at=None)


class Override(Row):
    """A person's decision beside a computed outcome, which stays. One that lowers URGENT waits for a second person.

    It was made against its assessment: that one's rule, signs and number. `ended_by` nobody: it ended by itself. With
    the rules' own outcome it takes an earlier decision back.
    """

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="overrides")
    outcome = models.CharField(max_length=24, choices=Outcome)
    reason = models.TextField()
    by = models.ForeignKey("crm.User", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    entry = models.BigIntegerField(db_default=NextInOrder(), editable=False)
    needs_second = models.BooleanField(default=False)
    approved_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_because = models.CharField(max_length=400, blank=True)
    ended_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects = OverrideQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_because="", ended_by__isnull=True)
                | Q(ended_at__isnull=False) & ~Q(ended_because=""),
                name="override_ended_at_and_why",
            ),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True, approved_by__isnull=True)
                | Q(approved_at__isnull=False, approved_by__isnull=False),
                name="override_approved_at_and_by",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("by")), name="override_second_person"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="override_has_a_reason"),
        ]
        indexes = [models.Index(fields=["at"], condition=Q(ended_at__isnull=True), name="override_standing")]
        permissions = [("override_outcome", "Can decide otherwise than the rules")]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}: {self.reason}"

    @property
    def is_in_force(self) -> bool:
        return self.approved_at is not None or not self.needs_second

    @property
    def raises(self) -> bool:
        """Return whether it asks for more haste than the rules did."""
        return Outcome(self.outcome).urgency > Outcome(self.assessment.outcome).urgency

    @property
    def takes_back(self) -> bool:
        """Return whether it says what the rules say: the decision before it no longer counts."""
        return self.outcome == self.assessment.outcome
