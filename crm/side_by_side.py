"""Two versions of a row in words, one beside the other."""

from typing import Any

from django.db.models import Model

from crm.models import Treatment

# Columns that are shown together, under one name.
_TOGETHER = {
    "When": ("when", {"start_date", "start_precision", "end_date", "end_precision"}),
    "State": ("state", {"status", "ongoing"}),
    "Relief": ("relief", {"relief_percent", "relief_duration_days", "relief_still_present"}),
}


def change_in_words(model: type[Model], name: str, before: Any, after: Any) -> tuple[str, str, str]:
    """Return ("Relief percent", "20", "30"): the column's label, and choices by their labels, several joined by
    commas."""
    column = model._meta.get_field(name)
    labels = dict(getattr(getattr(column, "base_field", column), "flatchoices", ()))
    chosen = [value if isinstance(value, list) else [value] for value in (before, after)]
    words = [", ".join(str(labels.get(one, one)) for one in several if one not in (None, "")) for several in chosen]
    return str(getattr(column, "verbose_name", name)).capitalize(), words[0] or "—", words[1] or "—"


def disputes_in_words(row: Treatment) -> list[tuple[str, str, str]]:
    """Return [("Relief", "40 %, for 45 days", "25 %")]: what was verified, and what the patient says."""
    told, lines = row.as_told, list[tuple[str, str, str]]()
    for label, (attribute, columns) in _TOGETHER.items():
        if columns & set(row.disputed):
            lines.append((label, getattr(row, attribute), getattr(told, attribute)))
    rest = set(row.disputed).difference(*(columns for _attribute, columns in _TOGETHER.values()))
    lines += [change_in_words(Treatment, name, getattr(row, name), getattr(told, name)) for name in sorted(rest)]
    return [(label, verified, said) for label, verified, said in lines if verified != said]
