"""What people send."""

import uuid

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils import timezone

from crm.fields.encrypted import EncryptedJSONField
from crm.models.base import NextInOrder, Row


class Unproven(models.TextChoices):
    """What has become of a request that anybody could have sent in somebody's name."""

    WAITING = "waiting", "Waits for somebody to look"
    TAKEN_OVER = "taken_over", "It was them: taken over"
    SET_ASIDE = "set_aside", "Not theirs: set aside"


class UnprovenRequest(Row):
    """A request in the name of somebody known. A name, an address and a number are no proof of who typed them, so it
    waits beside the record: nothing in it changes the lead before a person has looked.

    `data` is the request as it was typed, contact details included: what differs is a suggestion for staff. While one
    with a warning sign waits, the hold is on it alone; `Lead.safety_hold` binds what is proven. Pages of the private
    area with a warning sign whose browser cannot be taken at its word wait in the same way
    (intake/requests/sign_reports.py), with no `data`. Taken over with `decided_by` empty: the patient has shown who
    they are in that very browser."""

    lead = models.ForeignKey("crm.Lead", on_delete=models.PROTECT, related_name="unproven_requests")
    data = EncryptedJSONField(context="intake.requests.unproven.data")
    has_sign = models.BooleanField(default=False, help_text="It reports a warning sign.")
    at = models.DateTimeField(default=timezone.now)
    state = models.CharField(max_length=10, choices=Unproven, default=Unproven.WAITING)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, related_name="+")
    note = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="waiting", decided_at__isnull=True, decided_by__isnull=True)
                | (~Q(state="waiting") & Q(decided_at__isnull=False, decided_by__isnull=False))
                | Q(state="taken_over", decided_at__isnull=False, decided_by__isnull=True),
                name="unproven_decided_at_and_by",
            ),
            models.CheckConstraint(
                condition=~Q(state="set_aside") | ~Q(note=""), name="unproven_set_aside_for_a_reason"
            ),
        ]
        indexes = [models.Index(fields=["lead"], condition=Q(state="waiting"), name="unproven_waiting")]
        permissions = [("decide_unproven", "Can decide about requests in somebody's name")]

    def __str__(self) -> str:
        return f"Request of {self.at:%Y-%m-%d %H:%M} UTC"


COUNTS = Q(unproven=None) | Q(unproven__state=Unproven.TAKEN_OVER)


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def counting(self) -> "SubmissionQuerySet":
        """Return what belongs to the record: all but what waits in somebody's name, or was set aside."""
        return self.filter(COUNTS)


class Submission(models.Model):
    """One page of answers as it was given. Never changed: a later page stands beside it, and the last entry counts.

    The key is ours; `form_id` was made with the form, by whoever filled it in, and proves nothing. Each payload of a
    form is kept once, whoever repeats it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    form_id = models.UUIDField(default=uuid.uuid4, help_text="Made with the form, so that sending twice is once.")
    lead = models.ForeignKey("crm.Lead", on_delete=models.PROTECT, related_name="submissions")
    unproven = models.ForeignKey(
        UnprovenRequest,
        on_delete=models.PROTECT,
        null=True,
        related_name="submissions",
        help_text="The request in somebody's name that this is, or belongs to.",
    )
    reference = models.CharField(
        max_length=9, null=True, unique=True, help_text="Of a request: the one that whoever sent it was shown."
    )
    page = models.CharField(max_length=20, default="request", help_text="Which page of the questionnaire was sent.")
    by = models.ForeignKey(
        "crm.User",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Who wrote it down for the patient; empty: the patient.",
    )
    session = models.ForeignKey(
        "crm.PatientSession", on_delete=models.PROTECT, null=True, related_name="+", help_text="The private page's."
    )
    answers = EncryptedJSONField(context="intake.submission.answers")
    answers_digest = models.CharField(max_length=64, help_text="Keyed; tells a repeat from a change without reading.")
    questionnaire_version = models.CharField(max_length=20)
    language = models.CharField(max_length=10, default="en")
    at = models.DateTimeField(default=timezone.now)
    entry = models.BigIntegerField(db_default=NextInOrder(), editable=False)

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["form_id", "answers_digest"], name="submission_once_a_payload")]
        indexes = [models.Index(fields=["lead", "-entry"], name="submission_of_lead")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.page} of {self.at:%Y-%m-%d %H:%M} UTC"


class PendingSubmissionQuerySet(models.QuerySet["PendingSubmission"]):
    def ready(self) -> "PendingSubmissionQuerySet":
        """Return what may change the record: all but what waits in somebody's name, or was set aside."""
        return self.filter(Q(submission__unproven=None) | Q(submission__unproven__state=Unproven.TAKEN_OVER))


class PendingSubmission(models.Model):
    """Something that a browser has sent which has not shown whose it is. It is on record; a worker has yet to let the
    lead follow it (intake/requests/pending.py). Whoever sends it cannot tell whether the lead ever will."""

    submission = models.OneToOneField(Submission, on_delete=models.CASCADE, primary_key=True, related_name="pending")
    is_urgent = models.BooleanField(default=False, help_text="It reports a warning sign; the alert is raised already.")
    at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = PendingSubmissionQuerySet.as_manager()

    def __str__(self) -> str:
        return f"Pending since {self.at:%Y-%m-%d %H:%M} UTC"
