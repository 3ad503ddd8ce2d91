"""Dated ratings and scores. Insurers ask for change between two of them."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Floor, TruncDate
from django.utils import timezone

from crm.enums.treatments import MEASUREMENT_RANGE, NEVER_ASKED, WHOLE_NUMBERS, MeasurementKind, Source
from crm.models.base import Row


class NextEntry(Func):
    """Draw the next number of crm_measurement_entry: of one lead in the order in which its lock was had."""

    template = "nextval('crm_measurement_entry')"
    allowed_default = True

    def __init__(self) -> None:
        super().__init__()


def _in_range() -> Q:
    ranges = Q(pk__isnull=True)
    for kind, (low, high) in MEASUREMENT_RANGE.items():
        ranges |= Q(kind=kind.value, value__gte=low, value__lte=high)
    return ranges


class MeasurementQuerySet(models.QuerySet["Measurement"]):
    def in_order(self, zone: ZoneInfo) -> "MeasurementQuerySet":
        """Sort by day in this zone, and within a day in the order in which they were entered: the last one counts."""
        return self.annotate(day=TruncDate("at", tzinfo=zone)).order_by("day", "entry")

    def move_days(self, *, was: ZoneInfo, now_is: ZoneInfo) -> None:
        """Move what somebody wrote down for a day, the midnight that begins it in one zone, to the midnight of the same
        day in another. The moment at which a page was sent stays."""
        rows = list(self)
        for row in rows:
            row.at = _midnight(row.at, was, now_is)
            row.at_before = _midnight(row.at_before, was, now_is) if row.at_before else None
        self.bulk_update(rows, ["at", "at_before"])


def _midnight(moment: datetime, was: ZoneInfo, now_is: ZoneInfo) -> datetime:
    local = moment.astimezone(was).replace(tzinfo=None)
    return local.replace(tzinfo=now_is) if local.time() == time() else moment


class Measurement(Row):
    """A value of one day. `entry` says which came after which; `by` is nobody where the patient gave it on a page. A
    correction keeps what stood there before it; every change stands on the timeline too."""

    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, related_name="measurements")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=15, choices=MeasurementKind)
    value = models.DecimalField(max_digits=4, decimal_places=1)
    source = models.CharField(max_length=20, choices=Source, default=Source.PATIENT)
    entry = models.BigIntegerField(db_default=NextEntry(), editable=False)
    by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, related_name="+")
    value_before = models.DecimalField(max_digits=4, decimal_places=1, null=True)
    kind_before = models.CharField(max_length=15, choices=MeasurementKind, blank=True)
    at_before = models.DateTimeField(null=True)
    corrected_at = models.DateTimeField(null=True)
    corrected_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, related_name="+")

    objects = MeasurementQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_in_range(), name="measurement_in_range"),
            models.CheckConstraint(
                condition=~Q(kind__in=WHOLE_NUMBERS) | Q(value=Floor(F("value"))), name="measurement_whole"
            ),
            models.CheckConstraint(
                condition=Q(corrected_at=None, corrected_by=None, value_before=None, kind_before="", at_before=None)
                | Q(
                    corrected_at__isnull=False,
                    corrected_by__isnull=False,
                    value_before__isnull=False,
                    at_before__isnull=False,
                )
                & ~Q(kind_before=""),
                name="measurement_corrected_at_by_and_what",
            ),
        ]
        indexes = [models.Index(fields=["lead", "kind", "at"], name="measurement_series")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.value}"

    @property
    def version(self) -> str:
        """Return what a correction can change, as a text: a page carries it along."""
        return f"{self.kind} {self.value.normalize():f} {self.at.isoformat()}"

    @property
    def is_ours(self) -> bool:
        """Return whether staff wrote it down. What came with a page of answers stands there too: only another answer
        changes it."""
        return self.by_id is not None or self.kind in NEVER_ASKED
