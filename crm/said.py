"""What people say about time, as form fields: "03/2026" and "3 weeks"."""

import re
from datetime import date
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from crm.treatment_enums import DatePrecision

_PATTERNS = [
    (re.compile(r"(?P<year>\d{4})"), DatePrecision.YEAR),
    (re.compile(r"(?P<month>\d{1,2})[/.](?P<year>\d{4})"), DatePrecision.MONTH),
    (re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})"), DatePrecision.MONTH),
    (re.compile(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})"), DatePrecision.DAY),
    (re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"), DatePrecision.DAY),
]
_FORMATS = {DatePrecision.DAY: "%m/%d/%Y", DatePrecision.MONTH: "%m/%Y", DatePrecision.YEAR: "%Y"}
_SPAN = re.compile(r"(?P<count>\d{1,4})\s*(?P<unit>d|w|m|y)?[a-z]*", re.IGNORECASE)
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


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
        if day.year < 1900:
            raise ValidationError(_("That is too long ago: check the year."))
        return SaidDate(day, precision)


class SpanField(forms.CharField):
    """Takes "21", "3 weeks" or "2 months" and gives days (a month counts 30), or None when left empty."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        match = _SPAN.fullmatch(text)
        if not match:
            raise ValidationError("Write a number of days, weeks or months, such as 3 weeks.")
        return int(match["count"]) * _DAYS[(match["unit"] or "d").lower()]

    def prepare_value(self, value: Any) -> Any:
        return f"{value} days" if isinstance(value, int) else value
