"""What people send."""

import pgtrigger
from django.db import models
from django.utils import timezone

from crm.fields import EncryptedJSONField


class Submission(models.Model):
    """One request as it was given. Never changed: corrections stand beside it, in the lead and its treatments."""

    id = models.UUIDField(
        "submission id", primary_key=True, help_text="Made with the form, so that sending twice is once."
    )
    lead = models.ForeignKey("crm.Lead", on_delete=models.PROTECT, related_name="submissions")
    answers = EncryptedJSONField(context="intake.submission.answers")
    answers_digest = models.CharField(max_length=64, help_text="Keyed; tells a repeat from a change without reading.")
    questionnaire_version = models.CharField(max_length=20)
    language = models.CharField(max_length=10, default="en")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["lead", "-at"], name="submission_of_lead")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"Request of {self.at:%Y-%m-%d %H:%M} UTC"
