"""What staff write, as form fields: "Mon 08:00-18:00", one entry a line."""

import re
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextareaWidget

from crm.enums.treatments import DatePrecision
from crm.fields.partial_dates import SaidDateField
from crm.values.opening_hours import DAYS

_HOURS = re.compile(
    r"(?P<day>mon|tue|wed|thu|fri|sat|sun)[a-z]*[\s:]+(?P<opens>\d?\d:\d\d)\s*(?:-|–|to)\s*(?P<closes>\d?\d:\d\d)",
    re.IGNORECASE,
)


_BETWEEN_DAYS = re.compile(r"(?<=\d),(?=\s*\d{1,4}[-/])")  # "2026-12-25, 2027-01-01", and not "Dec 25, 2026"


class HoursField(forms.CharField):
    """Opening hours, one line per day, such as "Mon 08:00-18:00"; gives {"mon": ["08:00", "18:00"]}."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 7})

    def to_python(self, value: Any) -> Any:
        hours = {}
        for line in filter(None, map(str.strip, (super().to_python(value) or "").splitlines())):
            match = _HOURS.fullmatch(line)
            if not match:
                raise ValidationError(f"“{line}”: write a line a day, such as Mon 08:00-18:00, on the 24-hour clock.")
            hours[match["day"].lower()[:3]] = [match["opens"].zfill(5), match["closes"].zfill(5)]
        return hours

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return "\n".join(f"{day.title()} {value[day][0]}-{value[day][1]}" for day in DAYS if day in value)


class LinesField(forms.CharField):
    """Entries, one per line or separated by commas; gives a list."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 4})

    def to_python(self, value: Any) -> Any:
        return [entry.strip() for entry in re.split(r"[\n,]", super().to_python(value) or "") if entry.strip()]

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value


class DaysField(LinesField):
    """Days, one per line, as people write them; gives ISO dates in order, each once."""

    def to_python(self, value: Any) -> Any:
        text = _BETWEEN_DAYS.sub("\n", forms.CharField.to_python(self, value) or "")
        return sorted({self._day(line.strip()) for line in text.split("\n") if line.strip()})

    def _day(self, line: str) -> str:
        try:
            said = SaidDateField().clean(line)
        except ValidationError:
            said = None
        if said is None or said.precision != DatePrecision.DAY:
            raise ValidationError(f"“{line}” is no day. Write one a line, such as 2026-12-25 or 12/25/2026.")
        day: date = said.date
        return day.isoformat()


class OriginsField(LinesField):
    """Addresses of sites, one per line, as a browser names them: in lower case, without a slash at the end."""

    def to_python(self, value: Any) -> Any:
        return [entry.lower().rstrip("/") for entry in super().to_python(value)]
