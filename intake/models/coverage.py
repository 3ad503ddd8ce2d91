"""Who pays: which plans a location takes, which criteria are looked at for a lead, and what the insurer said."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from crm.fields import EncryptedTextField
from crm.models.base import Row
from intake.payers import GENERAL, PROFILE, Profile


class Network(models.TextChoices):
    UNKNOWN = "unknown", "Not known"
    IN = "in", "In network"
    OUT = "out", "Out of network"


class Answer(models.TextChoices):
    UNKNOWN = "unknown", "Not known"
    YES = "yes", "Yes"
    NO = "no", "No"


class Plan(Row):
    """A plan, and whether a location takes it. True as of a day: contracts change."""

    location = models.ForeignKey("crm.Location", on_delete=models.PROTECT, related_name="plans")
    insurer = models.CharField(max_length=120)
    name = models.CharField("plan", max_length=120, blank=True, help_text="Such as Open Access PPO; empty: all plans.")
    network = models.CharField(max_length=8, choices=Network, default=Network.UNKNOWN)
    as_of = models.DateField(help_text="The day on which somebody last made sure.")
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("location", Lower("insurer"), Lower("name"), name="plan_once_a_location")
        ]

    def __str__(self) -> str:
        return f"{self.insurer} {self.name}".strip()


class Coverage(Row):
    """What a person decided about a lead's insurance. Without a row the insurer that the patient named decides."""

    lead = models.OneToOneField("crm.Lead", on_delete=models.CASCADE, related_name="coverage")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    profile = models.CharField(max_length=40)
    chosen_at = models.DateTimeField(default=timezone.now)
    chosen_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(self.criteria)

    @property
    def criteria(self) -> Profile:
        """The profile; what most insurers ask for when that one is no longer kept."""
        return PROFILE.get(self.profile, GENERAL)


class Verification(Row):
    """One conversation with an insurer. Never changed: a later one stands beside it."""

    lead = models.ForeignKey("crm.Lead", on_delete=models.PROTECT, related_name="verifications")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey("crm.User", on_delete=models.PROTECT, related_name="+")
    spoke_to = models.CharField(max_length=120)
    call_reference = EncryptedTextField(context="intake.verification.call_reference")
    is_active = models.CharField("coverage is active", max_length=8, choices=Answer, default=Answer.UNKNOWN)
    network = models.CharField(max_length=8, choices=Network, default=Network.UNKNOWN)
    needs_authorization = models.CharField(max_length=8, choices=Answer, default=Answer.UNKNOWN)
    needs_referral = models.CharField(max_length=8, choices=Answer, default=Answer.UNKNOWN)
    note = models.CharField(max_length=400, blank=True)

    class Meta:
        indexes = [models.Index(fields=["lead", "-at"], name="verification_of_lead")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.spoke_to}, {self.at:%Y-%m-%d}"


class PageOfProof(Row):
    """Where in a document an insurer's criterion is shown. `criterion`: its code in the profile."""

    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, related_name="pages_of_proof")
    profile = models.CharField(max_length=40)
    criterion = models.CharField(max_length=40)
    document = models.ForeignKey("crm.Document", on_delete=models.CASCADE, related_name="+")
    page = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "pages of proof"
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "profile", "criterion", "document", "page"], name="page_of_proof_once"
            ),
            models.CheckConstraint(condition=Q(page__gte=1), name="page_of_proof_from_one"),
        ]

    def __str__(self) -> str:
        return f"page {self.page}"
