"""Two versions of a row in words, one beside the other."""

from datetime import date
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import BooleanField, DateField, DateTimeField, Model
from django.utils.dateparse import parse_date
from django.utils.formats import date_format

from crm.enums.treatments import DatePrecision
from crm.models import Treatment
from crm.values import telephone

_EXACT = {DatePrecision.DAY: "to the day", DatePrecision.MONTH: "to the month", DatePrecision.YEAR: "to the year"}
_NOTHING = (None, "")

# Columns that are shown together, under one name.
_TOGETHER = {
    "When": ("when", {"start_date", "start_precision", "end_date", "end_precision"}),
    "State": ("state", {"status", "ongoing"}),
    "Relief": ("relief", {"relief_percent", "relief_duration_days", "relief_still_present"}),
}


def change_in_words(model: type[Model], name: str, before: Any, after: Any) -> tuple[str, str, str]:
    """Return ("Relief percent", "20", "30"): the column's label, and both values in words, several joined by commas.

    What a column of former days, or a value of another kind, says is shown as it stands there.
    """
    try:
        column = model._meta.get_field(name)
    except FieldDoesNotExist:
        return name.replace("_", " ").capitalize(), str(before or "—"), str(after or "—")
    base = getattr(column, "base_field", column)
    chosen = [value if isinstance(value, list) else [value] for value in (before, after)]
    words = [", ".join(_in_words(base, one) for one in several if one not in _NOTHING) for several in chosen]
    return str(getattr(column, "verbose_name", name)).capitalize(), words[0] or "—", words[1] or "—"


def _in_words(column: Any, value: Any) -> str:
    """Return a choice by its label, a day and a number as pages show them. `value`: the column's own, or as the
    timeline keeps it."""
    if isinstance(value, list | dict):  # of a column that was another one in former days
        return str(value)
    if isinstance(column, BooleanField):
        return {True: "Yes", False: "No"}.get(value, str(value))
    if isinstance(column, DateField) and not isinstance(column, DateTimeField):
        day = value if isinstance(value, date) else parse_date(str(value))
        return date_format(day, "M j, Y") if day else str(value)
    if column.name == "phone":
        return telephone.in_words(str(value))
    labels = dict(column.flatchoices)
    if set(labels) == set(DatePrecision.values):
        return _EXACT.get(value, str(value))
    return str(labels.get(value, value))


def disputes_in_words(row: Treatment) -> list[tuple[str, str, str]]:
    """Return [("Relief", "40 %, for 45 days", "25 %")]: what was verified, and what the patient says."""
    told, lines = row.as_told, list[tuple[str, str, str]]()
    for label, (attribute, columns) in _TOGETHER.items():
        if columns & set(row.disputed):
            lines.append((label, getattr(row, attribute), getattr(told, attribute)))
    rest = set(row.disputed).difference(*(columns for _attribute, columns in _TOGETHER.values()))
    lines += [change_in_words(Treatment, name, getattr(row, name), getattr(told, name)) for name in sorted(rest)]
    return [(label, verified, said) for label, verified, said in lines if verified != said]
