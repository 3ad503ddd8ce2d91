"""The candidacy rules a second time, as slowly and plainly as possible, to check the real ones against.

It shares no code with the product and imports nothing from it. A day is its ordinal number, a stretch of time is the
set of its days, and every rule is one function that reads like the sentence it stands for.
"""

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Any

from tests.intake.naive_input import GROUP_OF, Json, naive_is_valid

__all__ = ["naive_assess", "naive_is_valid"]

type Days = set[int]

COUNTED = ["ACTIVE", "MEDICATION", "INJECTION", "MANUAL"]
EXCUSED = ["stopped_made_worse", "stopped_side_effects", "contraindicated"]  # adequate whatever their length
TICK_STANDS_FOR = {
    "pt": "pt_supervised",
    "home_exercise": "hep_prescribed",
    "medication": "med_other",
    "injections": "esi_unknown",
    "chiropractic": "chiropractic",
}
BUCKET_WEEKS = {"lt6w": 0, "6to12w": 6, "3to6m": 13, "6to12m": 26, "1to5y": 52, "gt5y": 260}
BLOCK_A = [f"A{n}" for n in range(1, 11)]
BLOCK_B = ["B1", "B2", "B3", "B4", "B5", "B6", "B8"]  # B7 is a flag only
WRITTEN = {"day": 10, "month": 7, "year": 4}  # so many characters of YYYY-MM-DD are meant


# Days


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


@lru_cache(10_000)
def period_of(text: str, precision: str | None) -> list[int]:
    """Every day that `text` may mean: one day, a whole month or a whole year."""
    new_year = day(text[:4] + "-01-01")
    year = [date.fromordinal(each) for each in range(new_year, min(new_year + 366, date.max.toordinal() + 1))]
    meant = WRITTEN[precision or "day"]
    return [each.toordinal() for each in year if each.isoformat()[:meant] == text[:meant]]


def look_back(today: int) -> Days:
    return set(range(today - 364, today + 1))


# Entries of the treatment history


def group(entry: Json) -> str:
    return GROUP_OF[entry["kind"]]


def happened(entry: Json) -> bool:
    return entry["status"] not in ("planned", "declined")


def is_ongoing(entry: Json) -> bool:
    return bool(entry.get("ongoing")) or entry["status"] == "ongoing"


def can_count(entry: Json) -> bool:
    """It happened, and its kind may be adequate at all."""
    return happened(entry) and group(entry) in COUNTED and entry["kind"] != "exercise_self"


def is_undated(entry: Json) -> bool:
    if not entry.get("start"):
        return True
    return group(entry) != "INJECTION" and not entry.get("end") and not is_ongoing(entry)


def all_days(entry: Json, today: int) -> Days:
    """Days of a dated entry, inside the look-back or not: from the last day its start may be to the first of its end.

    None are left when precision empties the interval.
    """
    start = period_of(entry["start"], entry.get("start_precision"))[-1]
    if group(entry) == "INJECTION":
        return set(range(start, start + 14))
    end = today if is_ongoing(entry) else period_of(entry["end"], entry.get("end_precision"))[0]
    return set(range(start, end + 1))


def widest_days(entry: Json, today: int) -> Days:
    """Days of a dated entry, from the first day its start may be to the last of its end."""
    start = period_of(entry["start"], entry.get("start_precision"))[0]
    end = today if is_ongoing(entry) else period_of(entry["end"], entry.get("end_precision"))[-1]
    return set(range(start, end + 1))


def days_inside(entry: Json, today: int) -> Days:
    return set() if is_undated(entry) else all_days(entry, today) & look_back(today)


def touches_look_back(entry: Json, today: int) -> bool:
    days = all_days(entry, today) or widest_days(entry, today)
    return bool(days & look_back(today))


def is_long_enough(entry: Json, today: int) -> bool:
    length = len(days_inside(entry, today))
    sessions = entry.get("sessions") or 0
    match group(entry):
        case "ACTIVE":
            return length >= 42 and (entry["kind"] == "hep_prescribed" or sessions >= 6)
        case "MEDICATION":
            return length >= 14
        case "INJECTION":
            return length >= 1 and today - min(all_days(entry, today)) >= 14
        case _:  # MANUAL
            return length >= 28 and sessions >= 4


def is_adequate(entry: Json, today: int) -> bool:
    if not can_count(entry):
        return False
    if is_undated(entry):
        return bool(entry["status"] == "contraindicated")
    if entry["status"] in EXCUSED:
        return touches_look_back(entry, today)
    return is_long_enough(entry, today)


# What a snapshot says


def today_of(snapshot: Json) -> int:
    return day(snapshot["today"])


def answer(snapshot: Json, name: str) -> Any:
    return snapshot.get("answers", {}).get(name)


def ticks(snapshot: Json, name: str) -> set[str]:
    return set(answer(snapshot, name) or [])


def red_flag(snapshot: Json, name: str) -> str:
    said = (answer(snapshot, "red_flags") or {}).get(name, "no")
    return "no" if said == "declined" else str(said)


def entries(snapshot: Json) -> list[Json]:
    """Rows that happened."""
    return [entry for entry in snapshot.get("treatments", []) if happened(entry)]


def adequate_entries(snapshot: Json) -> list[Json]:
    return [entry for entry in entries(snapshot) if is_adequate(entry, today_of(snapshot))]


def span(snapshot: Json) -> Days:
    days: Days = set()
    for entry in adequate_entries(snapshot):
        days |= days_inside(entry, today_of(snapshot))
    return days


def groups(snapshot: Json) -> set[str]:
    return {group(entry) for entry in adequate_entries(snapshot)}


def care_is_complete(days: Days, of_groups: set[str]) -> bool:
    return len(days) >= 42 and len(of_groups) >= 2 and "ACTIVE" in of_groups


def undated_groups(snapshot: Json) -> list[str]:
    """Groups of entries and of bare ticks that would count if only somebody said when they were."""
    rows = [entry for entry in entries(snapshot) if can_count(entry)]
    found = [group(entry) for entry in rows if is_undated(entry) and entry["status"] != "contraindicated"]
    for tick, kind in TICK_STANDS_FOR.items():
        if tick in ticks(snapshot, "tried") and GROUP_OF[kind] not in [group(entry) for entry in rows]:
            found.append(GROUP_OF[kind])
    return found


def onset(snapshot: Json) -> int:
    said = answer(snapshot, "onset")
    return day(said["date"]) if "date" in said else today_of(snapshot) - 7 * BUCKET_WEEKS[said["bucket"]]


def weeks(snapshot: Json) -> int:
    return (today_of(snapshot) - onset(snapshot)) // 7


def has_impact(snapshot: Json) -> bool:
    items = answer(snapshot, "interference") or [None]
    return (
        answer(snapshot, "nrs_average") >= 4
        or (None not in items and sum(items) >= 4 * len(items))
        or (answer(snapshot, "rmdq") or 0) >= 7
        or bool(ticks(snapshot, "limited") & {"work", "sleep", "walking"})
    )


def is_radicular(snapshot: Json) -> bool:
    below = ticks(snapshot, "radiation") & {"leg_below_knee", "arm", "hand"}
    return bool(below) or answer(snapshot, "limb_symptoms") is True


def is_claudication(snapshot: Json) -> bool:
    worse = ticks(snapshot, "worse_with") & {"standing", "walking"}
    better = ticks(snapshot, "better_with") & {"sitting", "leaning_forward"}
    return bool(worse) and bool(better)


def end_for_relief(entry: Json) -> int | None:
    """When an entry that is over ended; None if nobody knows."""
    if group(entry) == "INJECTION":
        return period_of(entry["start"], entry.get("start_precision"))[-1] + 13 if entry.get("start") else None
    return period_of(entry["end"], entry.get("end_precision"))[0] if entry.get("end") else None


def current_or_latest(snapshot: Json) -> list[Json]:
    now = [entry for entry in entries(snapshot) if is_ongoing(entry)]
    ends = [end for entry in entries(snapshot) if (end := end_for_relief(entry)) is not None]
    return now or [entry for entry in entries(snapshot) if ends and end_for_relief(entry) == max(ends)]


def relief_lasts(entry: Json) -> bool:
    long = entry.get("relief_still_present") or (entry.get("relief_duration_days") or 0) >= 84
    return (entry.get("relief_percent") or 0) >= 50 and bool(long)


# The rules, first match wins


def r1(s: Json) -> bool:
    return any(red_flag(s, item) in ("yes", "unsure") for item in BLOCK_A)


def r2(s: Json) -> bool:
    said = [red_flag(s, item) for item in BLOCK_B]
    return "yes" in said or said.count("unsure") >= 2


def r3(s: Json) -> bool:
    age = answer(s, "age")
    too_young = age is not None and age < 18
    return too_young or answer(s, "area_served") is False or ticks(s, "regions") == {"other"}


def r4(s: Json) -> bool:
    missing_list = not ticks(s, "regions") or not ticks(s, "radiation")
    missing_value = answer(s, "onset") is None or answer(s, "nrs_average") is None
    return missing_list or missing_value or (not ticks(s, "tried") and not entries(s))


def r5(s: Json) -> bool:
    return weeks(s) < 6


def r6(s: Json) -> bool:
    return not has_impact(s)


def r7(s: Json) -> bool:
    today = today_of(s)
    if care_is_complete(span(s), groups(s)):
        return any(
            not is_undated(entry) and entry["status"] != "contraindicated" and entry.get("relief_percent") is None
            for entry in adequate_entries(s)
        )
    days, of_groups = span(s), groups(s)
    for name in undated_groups(s):
        days |= set(range(today - (13 if name == "INJECTION" else 41), today + 1))
        of_groups |= {name}
    return care_is_complete(days, of_groups)


def r8(s: Json) -> bool:
    return answer(s, "nrs_average") <= 4 and any(relief_lasts(entry) for entry in current_or_latest(s))


def r9(s: Json) -> bool:
    return not care_is_complete(span(s), groups(s))


def r10(s: Json) -> bool:
    return not is_radicular(s) and not is_claudication(s) and weeks(s) < 13


def r11(s: Json) -> bool:
    return True


RULES: list[tuple[str, Callable[[Json], bool], str]] = [
    ("R1", r1, "URGENT"),
    ("R2", r2, "PROMPT_REVIEW"),
    ("R3", r3, "OUT_OF_SCOPE"),
    ("R4", r4, "MORE_INFO"),
    ("R5", r5, "CONTINUE_CONSERVATIVE"),
    ("R6", r6, "CONTINUE_CONSERVATIVE"),
    ("R7", r7, "MORE_INFO"),
    ("R8", r8, "CONTINUE_CONSERVATIVE"),
    ("R9", r9, "CONTINUE_CONSERVATIVE"),
    ("R10", r10, "CONTINUE_CONSERVATIVE"),
    ("R11", r11, "CONSULT_LIKELY"),
]


def r9_recheck(s: Json) -> int:
    today, missing = today_of(s), 42 - len(span(s))
    grows = any(
        is_ongoing(entry) and group(entry) != "INJECTION" and today in days_inside(entry, today)
        for entry in adequate_entries(s)
    )
    return today + missing if grows and missing > 0 else today + 42


RECHECK: dict[str, Callable[[Json], int]] = {
    "R5": lambda s: onset(s) + 42,
    "R6": lambda s: today_of(s) + 84,
    "R8": lambda s: today_of(s) + 84,
    "R9": r9_recheck,
    "R10": lambda s: onset(s) + 91,
}


def flags(s: Json) -> list[str]:
    raised = {
        "safety_answer_declined": (answer(s, "red_flags") or {}).get("A4") == "declined",
        "age_at_onset_unusual": red_flag(s, "B7") == "yes",
        "needs_documentation": any(entry["status"] in EXCUSED for entry in adequate_entries(s)),
        "conflicting_answers": "nothing" in ticks(s, "tried") and bool(entries(s)),
    }
    return sorted(name for name, is_raised in raised.items() if is_raised)


def naive_assess(snapshot: Json) -> Json:
    """What the rules say of a valid snapshot (as json.loads gives it), without the wording of the reasons."""
    rule, outcome = next((name, result) for name, fires, result in RULES if fires(snapshot))
    recheck_on = date.fromordinal(RECHECK[rule](snapshot)).isoformat() if rule in RECHECK else None
    return {
        "outcome": outcome,
        "rule": rule,
        "flags": flags(snapshot),
        "recheck_on": recheck_on,
        "span_days": len(span(snapshot)),
        "groups": sorted(groups(snapshot)),
    }
