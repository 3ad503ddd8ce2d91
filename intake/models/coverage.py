"""Who pays: which plans a location takes, which criteria are looked at for a lead, and what the insurer said."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from crm.fields.encrypted import EncryptedTextField
from crm.models.base import NextInOrder, Row
from intake.rules import insurers
from intake.rules.insurers import Insurer
from intake.rules.payers import PROFILE, Profile


class Network(models.TextChoices):
    UNKNOWN = "unknown", noop("Not known")
    IN = "in", noop("In network")
    OUT = "out", noop("Out of network")


class Answer(models.TextChoices):
    UNKNOWN = "unknown", noop("Not known")
    YES = "yes", noop("Yes")
    NO = "no", noop("No")


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


class OfInsurer(models.Model):
    """What holds for one insurer only: its name and the kind of plan as they were told then, and the list of criteria
    that was looked at. `insurer` None: kept before insurers were noted here."""

    insurer: "models.Field[str | None, str | None]"
    plan_type = models.CharField(max_length=24, blank=True)
    profile = models.CharField(max_length=40, blank=True)

    class Meta:
        abstract = True

    @property
    def insurer_in_words(self) -> str:
        return insurers.in_words(str(self.insurer or ""), self.plan_type)

    @property
    def whose(self) -> Insurer | None:
        """Return the insurer that is meant; None when none was noted."""
        return None if self.insurer is None else insurers.recognize(str(self.insurer), self.plan_type)


class Coverage(OfInsurer, Row):
    """What a person decided about a lead's insurance, while the patient has that insurer. Without a row the insurer
    that the patient named decides."""

    lead = models.OneToOneField("crm.Lead", on_delete=models.CASCADE, related_name="coverage")
    insurer = EncryptedTextField(context="intake.rules.coverage.insurer", null=True)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    chosen_at = models.DateTimeField(default=timezone.now)
    chosen_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return str(PROFILE.get(self.profile, self.profile))

    @property
    def criteria(self) -> Profile | None:
        """Return the profile; None for one that is no longer kept, which counts for nothing."""
        return PROFILE.get(self.profile)


class Verification(OfInsurer, Row):
    """One conversation with an insurer, about one version of its list. Never changed: a later one stands beside it, and
    the last entry counts."""

    lead = models.ForeignKey("crm.Lead", on_delete=models.PROTECT, related_name="verifications")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    insurer = EncryptedTextField(context="intake.verification.insurer", null=True)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey("crm.User", on_delete=models.PROTECT, related_name="+")
    spoke_to = models.CharField(max_length=120)
    call_reference = EncryptedTextField(context="intake.verification.call_reference")
    is_active = models.CharField("coverage is active", max_length=8, choices=Answer, default=Answer.UNKNOWN)
    network = models.CharField(max_length=8, choices=Network, default=Network.UNKNOWN)
    needs_authorization = models.CharField(max_length=8, choices=Answer, default=Answer.UNKNOWN)
    needs_referral = models.CharField(max_length=8, choices=Answer, default=Answer.UNKNOWN)
    note = models.CharField(max_length=400, blank=True)
    profile_as_of = models.DateField(null=True, help_text="The version of the list that was looked at.")
    entry = models.BigIntegerField(db_default=NextInOrder(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["lead", "-entry"], name="verification_of_lead")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.spoke_to}, {self.at:%Y-%m-%d}"


class PageOfProof(Row):
    """Where in a document an insurer's criterion is shown. `criterion`: its code in the profile; without a document it
    is gone, and so is the proof."""

    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, related_name="pages_of_proof")
    profile = models.CharField(max_length=40)
    criterion = models.CharField(max_length=40)
    document = models.ForeignKey("crm.Document", on_delete=models.SET_NULL, null=True, related_name="+")
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
