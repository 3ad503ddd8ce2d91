"""One conservative treatment that was tried, as the patient or a coordinator tells it."""

import copy
from datetime import date
from typing import Any, Self, cast

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.enums.treatment_kinds import GROUP_OF, TreatmentKind, name_of
from crm.enums.treatments import (
    BodyRegion,
    DatePrecision,
    Documentation,
    FunctionChange,
    Guidance,
    ProviderType,
    Setting,
    Side,
    SideEffect,
    Source,
    TreatmentGroup,
    TreatmentStatus,
    Unsure,
)
from crm.models.base import Row


def _ends_in(precision: DatePrecision) -> Q:
    """Return the filter for an end of this precision beside a start of another. Of two dates that are equally rough,
    the days as written tell enough."""
    return Q(end_precision=precision) & ~Q(start_precision=precision)


# Of rough dates the unknown parts are 1: the start is its first possible day, and the end is read as its last.
_ENDS_AFTER_START = (
    Q(end_date__isnull=True)
    | Q(start_date__isnull=True)
    | Q(end_date__gte=F("start_date"))
    | (_ends_in(DatePrecision.YEAR) & Q(end_date__year=F("start_date__year")))
    | (_ends_in(DatePrecision.MONTH) & Q(end_date__year=F("start_date__year"), end_date__month=F("start_date__month")))
)


class Treatment(Row):
    # Whether what is empty was never asked of the patient. Told by whoever shows the row, and never saved.
    is_unasked = False

    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, related_name="treatments")
    kind = models.CharField(max_length=40, choices=TreatmentKind)
    kind_other = models.CharField("what exactly", max_length=120, blank=True)
    body_region = models.CharField(max_length=10, choices=BodyRegion, blank=True, help_text="Empty: not said.")
    side = models.CharField(max_length=5, choices=Side, blank=True)
    level = models.CharField(max_length=40, blank=True, help_text="Such as L4-5.")
    guidance = models.CharField(max_length=10, choices=Guidance, blank=True)
    drug_name = models.CharField(max_length=120, blank=True)
    directed_by_clinician = models.BooleanField(
        null=True, blank=True, help_text="Insurers ask whether a clinician directed it."
    )
    setting = models.CharField(max_length=10, choices=Setting, blank=True)
    provider_name = models.CharField(max_length=120, blank=True)
    provider_type = models.CharField(max_length=15, choices=ProviderType, blank=True)
    facility = models.CharField(max_length=120, blank=True)
    provider_phone = models.CharField(max_length=40, blank=True)

    start_date = models.DateField(null=True, blank=True)
    start_precision = models.CharField(max_length=5, choices=DatePrecision, default=DatePrecision.MONTH)
    end_date = models.DateField(null=True, blank=True)
    end_precision = models.CharField(max_length=5, choices=DatePrecision, default=DatePrecision.MONTH)
    ongoing = models.BooleanField(default=False)
    sessions = models.PositiveSmallIntegerField(null=True, blank=True)
    per_week = models.PositiveSmallIntegerField(null=True, blank=True)
    relief_percent = models.PositiveSmallIntegerField(null=True, blank=True, help_text="0-100; empty: not asked.")
    relief_duration_days = models.PositiveIntegerField(null=True, blank=True, help_text="0: none.")
    relief_still_present = models.BooleanField(default=False)
    function_change = models.CharField(max_length=8, choices=FunctionChange, blank=True)
    side_effects = ArrayField(models.CharField(max_length=15, choices=SideEffect), default=list, blank=True)
    side_effects_text = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=22, choices=TreatmentStatus, blank=True, help_text="Empty: not said.")
    stop_reason = models.CharField(max_length=200, blank=True)
    unsure_of = ArrayField(
        models.CharField(max_length=25, choices=Unsure),
        default=list,
        blank=True,
        help_text="Asked, and answered with “not sure”.",
    )

    documentation = models.CharField(max_length=10, choices=Documentation, default=Documentation.NONE)
    requested_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=20, choices=Source, default=Source.COORDINATOR)
    verified_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    verified_at = models.DateTimeField(null=True, blank=True)
    news = ArrayField(models.CharField(max_length=25), default=list, blank=True, help_text="Told since, by column.")
    disputed = models.JSONField(
        default=dict,
        blank=True,
        encoder=DjangoJSONEncoder,
        help_text="What the patient says otherwise than it was verified, by column.",
    )
    disputed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, related_name="+", editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, related_name="+", editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=_ENDS_AFTER_START, name="treatment_ends_after_start"),
            models.CheckConstraint(
                condition=Q(ongoing=True, status=TreatmentStatus.ONGOING, end_date__isnull=True)
                | (Q(ongoing=False) & ~Q(status=TreatmentStatus.ONGOING)),
                name="treatment_ongoing",
            ),
            models.CheckConstraint(
                condition=Q(relief_percent__isnull=True) | Q(relief_percent__lte=100), name="treatment_relief_0_100"
            ),
            models.CheckConstraint(
                condition=Q(verified_at__isnull=True, verified_by__isnull=True)
                | Q(verified_at__isnull=False, verified_by__isnull=False),
                name="treatment_verified_at_and_by",
            ),
        ]
        indexes = [models.Index(fields=["lead", "start_date"], name="treatment_of_lead")]

    def __str__(self) -> str:
        return self.kind_other or name_of(self.kind)

    @property
    def is_listed(self) -> bool:
        """Return whether rules may look at it: words that have left the lists are shown as stored, and counted
        nowhere."""
        return self.kind in GROUP_OF and self.status in {"", *TreatmentStatus.values}

    @property
    def state(self) -> str:
        """Return how it stands or ended, in words. An injection that took place has no end."""
        if self.group == TreatmentGroup.INJECTION and self.status == TreatmentStatus.COMPLETED:
            return gettext("Given")
        return str(self.get_status_display()) if self.status else self._unsaid

    @property
    def relief(self) -> str:
        """Return how much it helped and for how long, in words."""
        if self.relief_percent is None:
            words = gettext("not sure") if Unsure.RELIEF in self.unsure_of else self._unsaid
        else:
            words = f"{self.relief_percent} %"
        if self.relief_still_present:
            return gettext("%(relief)s, still there") % {"relief": words}
        if self.relief_duration_days is None:
            return words
        return gettext("%(relief)s, for %(days)s days") % {"relief": words, "days": self.relief_duration_days}

    @property
    def when(self) -> str:
        """Return the period, or why there is none."""
        return self.period or (gettext("not remembered") if Unsure.DATES in self.unsure_of else self._unsaid)

    @property
    def where(self) -> str:
        """Return on which part of the spine an injection was given, in words; of anything else "" when nobody said."""
        if self.body_region or self.group != TreatmentGroup.INJECTION:
            return str(self.get_body_region_display())
        return gettext("not sure") if Unsure.REGION in self.unsure_of else self._unsaid

    @property
    def _unsaid(self) -> str:
        return gettext("not asked") if self.is_unasked else gettext("not said")

    @property
    def as_told(self) -> Self:
        """Return the row with what the patient says otherwise in its place. Never saved."""
        told = copy.copy(self)
        for name, value in self.disputed.items():
            column = cast("models.Field[Any, Any]", self._meta.get_field(name))
            setattr(told, name, column.to_python(value))
        return told

    @property
    def period(self) -> str:
        """Return from when to when, such as "Mar 2026 to Jun 2026", as exactly as the dates were said; "" when none
        was."""
        start, end = _said(self.start_date, self.start_precision), _said(self.end_date, self.end_precision)
        if self.ongoing:
            return gettext("since %(start)s") % {"start": start} if start else gettext("going on")
        if start and end and start != end:
            return gettext("%(start)s to %(end)s") % {"start": start, "end": end}
        return start or (gettext("until %(end)s") % {"end": end} if end else "")

    @property
    def group(self) -> TreatmentGroup:
        return GROUP_OF.get(self.kind, TreatmentGroup.OTHER)


# In the words of django.utils.dateformat.
_SAID = {DatePrecision.DAY: _("M j, Y"), DatePrecision.MONTH: _("M Y"), DatePrecision.YEAR: "Y"}


def _said(day: date | None, precision: str) -> str:
    return date_format(day, str(_SAID[DatePrecision(precision)])) if day else ""
