"""Follow-up sequences in the database: their versions, who is in one, and what became of each step."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from crm.enums.leads import UNDER_WAY, EnrollmentBecause, EnrollmentState, StepResult
from crm.models.base import Row
from crm.sequences.definition import Definition, read


class VersionState(models.TextChoices):
    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"
    WITHDRAWN = "withdrawn", "Withdrawn"


class SequenceVersion(Row):
    """One wording of a sequence. Once somebody is enrolled in it, its body does not change: a change is a new version.

    `created_by` is empty for what came with the product.
    """

    key = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    body = models.JSONField()
    state = models.CharField(max_length=10, choices=VersionState, default=VersionState.DRAFT)
    note = models.CharField(max_length=200, blank=True, help_text="What was changed, and why.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name_plural = "sequences"
        constraints = [
            models.UniqueConstraint(fields=["key", "number"], name="sequence_number_once"),
            models.UniqueConstraint(
                fields=["key"], condition=Q(state=VersionState.PUBLISHED), name="sequence_published_once"
            ),
        ]

    _read: tuple[object, Definition] | None = None  # reading takes longer than all that is done with it

    def __str__(self) -> str:
        return f"{self.body.get('title', self.key)} v{self.number}"

    @property
    def definition(self) -> Definition:
        """Return the definition that the body holds. Raises SequenceRefused for a body that cannot be carried out."""
        if self._read is None or self._read[0] is not self.body:
            self._read = (self.body, read(self.body))
        return self._read[1]


class EnrollmentQuerySet(models.QuerySet["Enrollment"]):
    def due(self, *, at: datetime | None = None) -> "EnrollmentQuerySet":
        """Keep the live ones that are due: by PostgreSQL's clock, as with messages, unless a moment is given."""
        return self.filter(state=EnrollmentState.LIVE, due_at__lte=at or Now())

    def under_way(self) -> "EnrollmentQuerySet":
        return self.filter(state__in=UNDER_WAY)


class Enrollment(Row):
    """One lead in one sequence. `key` is the sequence's; one under way a lead and sequence.

    `cause` names what began it, so that the same event begins it once. `anchor` is what steps count from; pauses under
    on_resume = shift move it.
    """

    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, related_name="enrollments")
    version = models.ForeignKey(SequenceVersion, on_delete=models.PROTECT, related_name="enrollments")
    key = models.CharField(max_length=40)
    cause = models.CharField(max_length=120, unique=True, null=True, blank=True)
    state = models.CharField(max_length=8, choices=EnrollmentState, default=EnrollmentState.LIVE)
    anchor = models.DateTimeField()
    started_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(null=True, blank=True, help_text="When its next step is due.")
    paused_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it is in this state, in words.")
    because = models.CharField(max_length=5, choices=EnrollmentBecause, blank=True, help_text="What is judged by it.")
    run_now = models.BooleanField(default=False, help_text="Somebody wants the next step at once.")
    tries = models.PositiveSmallIntegerField(default=0, help_text="How often the step that is due went wrong.")

    objects = EnrollmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "key"], condition=Q(state__in=UNDER_WAY), name="enrollment_one_under_way"
            ),
            models.CheckConstraint(
                condition=~Q(state=EnrollmentState.LIVE) | Q(due_at__isnull=False), name="enrollment_live_is_due"
            ),
            models.CheckConstraint(
                condition=Q(because__in=["", *EnrollmentBecause.values]), name="enrollment_because_known"
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(state=EnrollmentState.LIVE), name="enrollment_due_next"),
            models.Index(fields=["key", "state"], name="enrollment_of_sequence"),
        ]

    def __str__(self) -> str:
        return str(self.version)


class StepOutcome(Row):
    """What became of one step of one enrollment; one row each, so no step is done twice."""

    enrollment = models.ForeignKey(Enrollment, on_delete=models.CASCADE, related_name="outcomes")
    step = models.CharField(max_length=40)
    result = models.CharField(max_length=8, choices=StepResult)
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(default=timezone.now)
    message = models.OneToOneField("crm.Message", on_delete=models.SET_NULL, null=True, related_name="outcome")
    task = models.ForeignKey("crm.Task", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["enrollment", "step"], name="step_once")]

    def __str__(self) -> str:
        return f"{self.step}: {self.get_result_display()}"
