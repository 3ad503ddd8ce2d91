"""Who gets no more mail, and why. Kept as keyed hashes: an opt-out outlives the record that it was about."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from crm.models.base import Row


class Scope(models.TextChoices):
    """How much is stopped. Each holds what stands before it."""

    EDUCATION = "education", "Education and news"
    MOST = "most", "Everything but appointments"
    EVERYTHING = "everything", "Everything"


class SuppressedBecause(models.TextChoices):
    OPT_OUT = "opt_out", "Asked for no more mail"
    BOUNCE = "bounce", "The address does not exist or takes no mail"
    COMPLAINT = "complaint", "Reported as unwanted"
    STAFF = "staff", "Stopped by a member of staff"


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    def count_of(self, address_hash: str, scope: str, because: str) -> int:
        """Count the rows in force for an address, a scope and a reason."""
        return self.filter(address_hash=address_hash, scope=scope, because=because, lifted_at=None).count()


class Suppression(Row):
    """`lead_ref` empty: for the address, whoever uses it. Set: that person's own word, because two people may share an
    address; "everything" then means their appointment mails as well. No foreign key: the row stays when the record is
    erased."""

    address_hash = models.CharField(max_length=64)
    lead_ref = models.UUIDField(null=True, blank=True)
    scope = models.CharField(max_length=10, choices=Scope)
    because = models.CharField(max_length=10, choices=SuppressedBecause)
    at = models.DateTimeField(default=timezone.now)
    lifted_at = models.DateTimeField(null=True, blank=True)

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["address_hash", "scope", "lead_ref", "because"],
                condition=Q(lifted_at__isnull=True),
                nulls_distinct=False,
                name="suppression_once",
            )
        ]
        indexes = [
            models.Index(fields=["address_hash"], condition=Q(lifted_at__isnull=True), name="suppression_of_address")
        ]

    def __str__(self) -> str:
        return f"{self.get_scope_display()}: {self.get_because_display()}"
