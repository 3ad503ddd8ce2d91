"""A question that is no request for help: about insurance, records, the way to us."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.fields.encrypted import EncryptedTextField
from crm.models.base import Row


class Topic(models.TextChoices):
    INSURANCE = "insurance", _("Insurance and cost")
    RECORDS = "records", _("Records and pictures")
    VISIT = "visit", _("Finding us, parking, opening hours")
    SITE = "site", _("This website")
    BILLING = "billing", _("A bill")
    OTHER = "other", _("Something else")


class Question(Row):
    """Stays outside the pipeline: somebody answers it, and that is all."""

    location = models.ForeignKey("crm.Location", on_delete=models.PROTECT, related_name="+")
    topic = models.CharField(max_length=12, choices=Topic)
    name = models.CharField(max_length=160)
    email = models.CharField("e-mail", max_length=254, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    message = EncryptedTextField(context="intake.question.message")
    language = models.CharField(max_length=10, default="en")
    reasons = ArrayField(models.CharField(max_length=20), default=list, help_text="Why a machine may have sent it.")
    at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(answered_at__isnull=True, answered_by__isnull=True)
                | models.Q(answered_at__isnull=False, answered_by__isnull=False),
                name="question_answered_at_and_by",
            )
        ]
        indexes = [models.Index(fields=["-at", "-id"], name="question_newest")]

    def __str__(self) -> str:
        return f"{self.get_topic_display()} from {self.name}"
