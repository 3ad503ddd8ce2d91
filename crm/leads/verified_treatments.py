"""What a patient tells of a treatment whose records somebody has verified: news since then, or a contradiction.

News counts from its day. A contradiction stands beside what was verified until a person has looked.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from crm.enums.treatments import Documentation, TreatmentStatus
from crm.models import Treatment
from crm.values.partial_dates import last_day

BEGINS = ("start_date", "start_precision")
STATE = ("status", "ongoing", "end_date", "end_precision")
RELIEF = ("relief_percent", "relief_duration_days", "relief_still_present")
# The answers of one question are news, or a contradiction, together.
_TOGETHER = {name: group for group in (BEGINS, STATE, RELIEF) for name in group}
_NOT_OVER = {"", TreatmentStatus.ONGOING, TreatmentStatus.PLANNED, TreatmentStatus.DECLINED}


def is_verified(row: Treatment) -> bool:
    """Return whether what stands there was compared with the records."""
    return row.documentation == Documentation.VERIFIED


def sort_out(row: Treatment, told: Mapping[str, Any], *, zone_day: date) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return of `told` what may be written as news, and what contradicts. `zone_day`: the day of the verification."""
    news: dict[str, Any] = {}
    disputed: dict[str, Any] = {}
    for name, value in told.items():
        group = {one: told[one] for one in _TOGETHER.get(name, (name,)) if one in told}
        (news if _is_news(row, name, group, zone_day) else disputed)[name] = value
    return news, disputed


def _is_news(row: Treatment, name: str, group: dict[str, Any], day: date) -> bool:
    columns = _TOGETHER.get(name, (name,))
    told_since = not set(columns).isdisjoint(row.news)
    if all(getattr(row, one) == value for one, value in group.items()):
        return True
    if columns == STATE:
        return _state_is_news(row, group, day, told_since=told_since)
    if told_since:
        return True
    if columns == RELIEF:
        unrated = row.relief_percent is None and row.relief_duration_days is None and not row.relief_still_present
        return unrated or row.ongoing or row.relief_still_present
    return getattr(row, columns[0]) in (None, "", [])


def _state_is_news(row: Treatment, told: dict[str, Any], day: date, *, told_since: bool) -> bool:
    """Return whether what is told is news beside what was verified. What went on then may end later, on a day that
    somebody names. That it never was contradicts everything."""
    if told.get("status") == TreatmentStatus.DECLINED:
        return False
    went_on = row.ongoing or (told_since and _may_lie_after(row.end_date, row.end_precision, day))
    if not went_on:
        return not row.status or told_since
    if told.get("status") == TreatmentStatus.ONGOING:
        return True
    end, precision = told.get("end_date", row.end_date), told.get("end_precision", row.end_precision)
    return told.get("status") not in _NOT_OVER and _may_lie_after(end, precision, day)


def _may_lie_after(end: date | None, precision: str, day: date) -> bool:
    return end is not None and last_day(end, precision) >= day
