"""Something a person has to do about a lead."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from crm.enums.leads import TaskKind
from crm.models.base import Row

FIRST_CALL = "first-call:"  # how the keys of the first calls of requests begin
ABOUT_A_MAIL = "mail:"  # and of tasks about a mail, with its id and the attempt


class TaskQuerySet(models.QuerySet["Task"]):
    def open(self) -> "TaskQuerySet":
        return self.filter(done_at__isnull=True)


class Task(Row):
    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, related_name="tasks")
    kind = models.CharField(max_length=15, choices=TaskKind, default=TaskKind.OTHER)
    title = models.CharField(max_length=120)
    due_at = models.DateTimeField()
    put_off_until = models.DateTimeField(null=True, blank=True, editable=False)
    first_due_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Before somebody put it off; empty: nobody did."
    )
    assigned_to = models.ForeignKey("crm.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="tasks")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        "crm.User",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Nobody: it came to pass by itself.",
    )
    key = models.CharField(
        max_length=100, unique=True, null=True, blank=True, editable=False, help_text="One task an event, at most."
    )

    objects = TaskQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(done_at__isnull=False) | Q(done_by__isnull=True),
                name="task_done_at_and_by",
            )
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(done_at__isnull=True), name="task_open_due"),
            models.Index(fields=["lead", "due_at"], name="task_of_lead"),
            models.Index(fields=["kind", "due_at"], condition=Q(done_at__isnull=True), name="task_open_of_kind"),
            models.Index(
                fields=["assigned_to", "due_at"], condition=Q(done_at__isnull=True), name="task_open_of_person"
            ),
        ]

    @property
    def version(self) -> str:
        """Return what a page names of the task that it shows: another one once more has come, or its time changed."""
        return f"{self.key or ''} {self.due_at.isoformat()}"

    def __str__(self) -> str:
        return self.title
