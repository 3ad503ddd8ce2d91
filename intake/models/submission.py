"""What people send."""

import pgtrigger
from django.db import models
from django.utils import timezone

from crm.fields import EncryptedJSONField


class Submission(models.Model):
    """One page of answers as it was given. Never changed: a later page stands beside it, and the latest one counts."""

    id = models.UUIDField(
        "submission id", primary_key=True, help_text="Made with the form, so that sending twice is once."
    )
    lead = models.ForeignKey("crm.Lead", on_delete=models.PROTECT, related_name="submissions")
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

    class Meta:
        indexes = [models.Index(fields=["lead", "-at"], name="submission_of_lead")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.page} of {self.at:%Y-%m-%d %H:%M} UTC"
