"""Dated ratings and scores. Insurers ask for change between two of them."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from crm.models.base import Row
from crm.treatment_enums import MEASUREMENT_RANGE, MeasurementKind, Source


def _in_range() -> Q:
    ranges = Q(pk__isnull=True)
    for kind, (low, high) in MEASUREMENT_RANGE.items():
        ranges |= Q(kind=kind.value, value__gte=low, value__lte=high)
    return ranges


class Measurement(Row):
    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, related_name="measurements")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=15, choices=MeasurementKind)
    value = models.DecimalField(max_digits=4, decimal_places=1)
    source = models.CharField(max_length=20, choices=Source, default=Source.PATIENT)

    class Meta:
        constraints = [models.CheckConstraint(condition=_in_range(), name="measurement_in_range")]
        indexes = [models.Index(fields=["lead", "kind", "at"], name="measurement_series")]

    def __str__(self) -> str:
        return f"{MeasurementKind(self.kind).label}: {self.value}"
