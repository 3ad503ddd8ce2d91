"""People around a patient, and what they may be told."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from crm.models.base import Row
from crm.values import telephone


class ContactPerson(Row):
    """Somebody whom the patient named. Whoever is not listed, or may not discuss, is told nothing (45 CFR 164.510(b)).

    Never deleted: `ended_at` says since when the person is no longer one.
    """

    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, related_name="contact_persons")
    name = models.CharField(max_length=120)
    relation = models.CharField(max_length=60, help_text="Such as daughter, neighbor or attorney.")
    phone = models.CharField(max_length=20, blank=True, help_text="As Lead.phone.")
    email = models.CharField("e-mail", max_length=254, blank=True)
    may_discuss = models.BooleanField("may discuss health matters", default=False)
    may_book = models.BooleanField("may make and change appointments", default=False)
    note = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["lead"], condition=Q(ended_at__isnull=True), name="contact_person_of_lead")]

    def __str__(self) -> str:
        return f"{self.name} ({self.relation})"

    @property
    def phone_in_words(self) -> str:
        """Return the number as people write it, with its extension."""
        return telephone.in_words(self.phone)
