"""Practices that send patients, and each time that one did."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from crm.fields.npi import validate_npi
from crm.models.base import Row
from crm.values import telephone


class ReferringPractice(Row):
    """Somebody who refers. Kept when inactive: figures speak of the past too."""

    name = models.CharField("practice", max_length=120)
    provider = models.CharField(
        max_length=120, blank=True, help_text="Who refers, such as Jordan Example, MD. Empty: the whole practice."
    )
    npi = models.CharField(
        "NPI",
        max_length=10,
        blank=True,
        validators=[validate_npi],
        help_text="National Provider Identifier, ten digits.",
    )
    phone = models.CharField(max_length=20, blank=True, help_text="As Lead.phone.")
    fax = models.CharField(max_length=20, blank=True, help_text="As Lead.phone.")
    email = models.EmailField("e-mail", blank=True, help_text="For appointments about visits. Never for health data.")
    city = models.CharField(max_length=80, blank=True)
    state = models.CharField(max_length=2, blank=True)
    note = models.CharField(max_length=200, blank=True, help_text="How they like to be told.")
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "provider"], name="practice_once"),
            models.UniqueConstraint(fields=["npi"], condition=~Q(npi=""), name="practice_npi_once"),
        ]

    def __str__(self) -> str:
        return f"{self.provider}, {self.name}" if self.provider else self.name

    @property
    def reached_by(self) -> str:
        """Return how to tell them something, in words."""
        ways = {"phone": telephone.in_words(self.phone), "fax": telephone.in_words(self.fax)}
        return ", ".join(f"{way} {number}" for way, number in ways.items() if number) or "no number known"


class Referral(Row):
    """One patient sent by one practice, and what the practice has been told: that the request arrived, what came of it.

    A loop that stays open is the referrer who never hears (AHRQ, "Closing the referral loop").
    """

    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, related_name="referrals")
    practice = models.ForeignKey(ReferringPractice, on_delete=models.PROTECT, related_name="referrals")
    referred_on = models.DateField()
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, related_name="+")
    may_tell = models.BooleanField("the patient does not mind that we report back", default=True)
    arrival_told_at = models.DateTimeField(null=True, blank=True)
    outcome_told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lead", "practice"], name="referral_once")]

    def __str__(self) -> str:
        return str(self.practice)
