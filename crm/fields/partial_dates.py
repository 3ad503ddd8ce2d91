"""What people say about time, as form fields: "03/2026" and "3 weeks"."""

import re
from datetime import date
from typing import Any, NamedTuple
from unicodedata import normalize

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.enums.treatments import DatePrecision
from crm.fields.text import refuse_endless
from crm.values.normalize import one_line
from crm.values.partial_dates import LONG_AGO

_PATTERNS = [
    (re.compile(r"(?P<year>\d{4})"), DatePrecision.YEAR),
    (re.compile(r"(?P<month>\d{1,2})[/.](?P<year>\d{4})"), DatePrecision.MONTH),
    (re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})"), DatePrecision.MONTH),
    (re.compile(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})"), DatePrecision.DAY),
    (re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"), DatePrecision.DAY),
]
_NAMES = "jan|ene feb mar apr|abr may jun jul aug|ago sep|set oct nov dec|dic".split()
_MONTHS = {name: number for number, names in enumerate(_NAMES, start=1) for name in names.split("|")}
_MONTH = (
    r"(?P<name>jan(?:uary)?|ene(?:ro)?|feb(?:ruary|rero)?|mar(?:ch|zo)?|apr(?:il)?|abr(?:il)?|mayo?|june?|junio|july?|"
    r"julio|aug(?:ust)?|ago(?:sto)?|sept?(?:ember|iembre)?|set(?:iembre)?|oct(?:ober|ubre)?|nov(?:ember|iembre)?|"
    r"dec(?:ember)?|dic(?:iembre)?)\.?"
)
_DAY, _BETWEEN = r"(?P<day>\d{1,2})(?:st|nd|rd|th|º|°)?", r"[\s/.,\u2010-\u2015\u2212-]*"
_BIRTHDAYS = [
    *_PATTERNS,
    *(
        (re.compile(pattern), DatePrecision.DAY)
        for pattern in (
            r"(?P<month>\d{1,2})(?P<by>\s*[\s/.,\u2010-\u2015\u2212-]\s*)(?P<day>\d{1,2})(?P=by)(?P<year>\d{4}|\d{2})",
            r"(?P<month>\d{2})(?P<day>\d{2})(?P<year>\d{4})",
            rf"{_MONTH}{_BETWEEN}{_DAY}{_BETWEEN}(?:de(?:l)?\s+)?(?P<year>\d{{4}})",
            rf"{_DAY}{_BETWEEN}(?:(?:de|of)\s+)?{_MONTH}{_BETWEEN}(?:de(?:l)?\s+)?(?P<year>\d{{4}})",
        )
    ),
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

    patterns = _PATTERNS
    default_error_messages = {
        "odd": _("Write the year, month and year, or the day: 2026, 03/2026 or 03/15/2026."),
    }

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        for pattern, precision in self.patterns:
            if match := pattern.fullmatch(text):
                return self._said(match.groupdict(), precision)
        raise ValidationError(self.error_messages["odd"])

    def _said(self, parts: dict[str, str], precision: DatePrecision) -> SaidDate:
        try:
            day = date(int(parts["year"]), int(parts.get("month", 1)), int(parts.get("day", 1)))
        except ValueError:
            raise ValidationError(_("There is no such date: write month/day/year, such as 03/15/2026.")) from None
        if day.year < LONG_AGO:
            raise ValidationError(_("That is too long ago: check the year."))
        return SaidDate(day, precision)


class BirthdayField(SaidDateField):
    """A day in the past, as people write the day of their birth: 05/03/1968, 5-3-1968, 05.03.1968, 5/3/68, 05031968 and
    May 3, 1968, in English and in Spanish; gives YYYY-MM-DD, "" when left empty. Of numbers the month comes first."""

    patterns = _BIRTHDAYS
    widest = 40
    default_error_messages = {"odd": _("Write month, day and year, such as 03/15/1970.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": self.widest} | kwargs)

    def to_python(self, value: Any) -> Any:
        refuse_endless(value)
        return super().to_python(normalize("NFKC", one_line(value or "")).casefold())

    def clean(self, value: Any) -> str:
        said = super().clean(value)
        if said and said.precision != DatePrecision.DAY:
            raise ValidationError(self.error_messages["odd"])
        if said and said.date >= timezone.localdate():
            raise ValidationError(_("That lies in the future: check the year."))
        return said.date.isoformat() if said else ""

    def prepare_value(self, value: Any) -> Any:
        """Show a day as people write it: 03/15/1970."""
        try:
            return date.fromisoformat(value).strftime("%m/%d/%Y")
        except (TypeError, ValueError):
            return value

    def _said(self, parts: dict[str, str], precision: DatePrecision) -> SaidDate:
        if "name" in parts:
            parts["month"] = str(_MONTHS.get(parts["name"][:3], 0))
        if len(parts["year"]) == 2:
            parts["year"] = str(_latest_past(int(parts["year"])))
        return super()._said(parts, precision)


def _latest_past(short: int) -> int:
    """Return the year that two digits mean: the latest that is not still to come."""
    this_year = timezone.localdate().year
    century = this_year - this_year % 100
    return century + short if century + short <= this_year else century - 100 + short


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
