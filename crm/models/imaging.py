"""One imaging study: what was made, where it is now, and who has asked for it and looked at it."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format

from crm.enums.documents import ImagingMedium, ImagingModality
from crm.enums.treatments import BodyRegion, DatePrecision
from crm.models.base import Row

_AS_TOLD = {DatePrecision.YEAR.value: "Y", DatePrecision.MONTH.value: "M Y", DatePrecision.DAY.value: "M j, Y"}


class ImagingStudy(Row):
    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, related_name="imaging")
    modality = models.CharField(max_length=15, choices=ImagingModality)
    region = models.CharField(max_length=10, choices=BodyRegion)
    made_on = models.DateField(null=True, blank=True)
    made_precision = models.CharField(max_length=5, choices=DatePrecision, default=DatePrecision.MONTH)
    facility = models.CharField(max_length=120, blank=True)
    facility_phone = models.CharField(max_length=40, blank=True)
    medium = models.CharField(max_length=10, choices=ImagingMedium, default=ImagingMedium.UNKNOWN)
    place = models.CharField(max_length=120, blank=True, help_text="Where the disc or film is now.")
    requested_at = models.DateTimeField(null=True, blank=True)
    requested_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, related_name="+")
    report_at = models.DateTimeField(null=True, blank=True)
    report_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, related_name="+")
    images_at = models.DateTimeField(null=True, blank=True)
    images_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name_plural = "imaging studies"
        permissions = [("review_imagingstudy", "Can say that a study was reviewed")]
        constraints = [
            models.CheckConstraint(
                condition=Q(reviewed_at__isnull=True)
                | Q(reviewed_by__isnull=False, report_at__isnull=False, images_at__isnull=False),
                name="imaging_reviewed_when_complete",
            )
        ]
        indexes = [models.Index(fields=["lead", "-made_on"], name="imaging_of_lead")]

    def __str__(self) -> str:
        return f"{self.get_modality_display()}, {self.get_region_display().lower()}"

    @property
    def made_in_words(self) -> str:
        """Return the day on which it was made, as exactly as somebody told it; "" without one."""
        return date_format(self.made_on, _AS_TOLD[self.made_precision]) if self.made_on else ""

    @property
    def is_complete(self) -> bool:
        """Tell whether report and images are both here."""
        return bool(self.report_at and self.images_at)

    @property
    def version(self) -> str:
        """Return which report and images are here, as told by when they came."""
        return " ".join(at.isoformat() if at else "none" for at in (self.report_at, self.images_at))

    def was_there(self, at: datetime) -> bool:
        """Return whether all that is here now was here at a moment."""
        return all(came is not None and came <= at for came in (self.report_at, self.images_at))
