"""What people say about time, as form fields: "03/2026" and "3 weeks"."""

import re
from datetime import date
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from crm.partial_dates import LONG_AGO
from crm.treatment_enums import DatePrecision

_PATTERNS = [
    (re.compile(r"(?P<year>\d{4})"), DatePrecision.YEAR),
    (re.compile(r"(?P<month>\d{1,2})[/.](?P<year>\d{4})"), DatePrecision.MONTH),
    (re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})"), DatePrecision.MONTH),
    (re.compile(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})"), DatePrecision.DAY),
    (re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"), DatePrecision.DAY),
]
_FORMATS = {DatePrecision.DAY: "%m/%d/%Y", DatePrecision.MONTH: "%m/%Y", DatePrecision.YEAR: "%Y"}
_SPAN = re.compile(r"(?P<count>\d{1,4})\s*(?P<unit>[^\W\d_]*)")
_DAYS_OF = {
    1: "d day days día días dia dias",
    7: "w wk wks week weeks semana semanas",
    14: "fortnight fortnights quincena quincenas",
    30: "mo mos month months mes meses",
    365: "y yr yrs year years año años",
}
_DAYS = {"": 1} | {unit: days for days, units in _DAYS_OF.items() for unit in units.split()}


class SaidDate(NamedTuple):
    """A date as exactly as somebody remembers it; unknown parts are 1."""

    date: date
    precision: DatePrecision

    def __str__(self) -> str:
        return self.date.strftime(_FORMATS[self.precision])


class SaidDateField(forms.CharField):
    """Takes 2026, 03/2026 or 03/15/2026 (ISO too) and gives a SaidDate, or None when left empty."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        for pattern, precision in _PATTERNS:
            if match := pattern.fullmatch(text):
                return self._said(match.groupdict(), precision)
        raise ValidationError(_("Write the year, month and year, or the day: 2026, 03/2026 or 03/15/2026."))

    def _said(self, parts: dict[str, str], precision: DatePrecision) -> SaidDate:
        try:
            day = date(int(parts["year"]), int(parts.get("month", 1)), int(parts.get("day", 1)))
        except ValueError:
            raise ValidationError(_("There is no such date: write month/day/year, such as 03/15/2026.")) from None
        if day.year < LONG_AGO:
            raise ValidationError(_("That is too long ago: check the year."))
        return SaidDate(day, precision)


class SpanField(forms.CharField):
    """Takes "21", "3 weeks" or "2 meses" and gives days (a month counts 30), or None when left empty.

    What is not understood as a whole is refused: of "90 hours" the number alone would be a quarter of a year.
    """

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        match = _SPAN.fullmatch(text)
        if not match or match["unit"].lower() not in _DAYS:
            raise ValidationError("Write a number of days, weeks or months, such as 3 weeks.")
        return int(match["count"]) * _DAYS[match["unit"].lower()]

    def prepare_value(self, value: Any) -> Any:
        return f"{value} days" if isinstance(value, int) else value
