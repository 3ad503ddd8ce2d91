"""The oracle's idea of an adequate trial, against entries counted by hand (see snapshots.py for the usual person)."""

import pytest

from tests.intake.naive_candidacy import naive_assess
from tests.intake.naive_input import Json, complaints
from tests.intake.snapshots import PILLS, PT, TODAY, row, snapshot


def counted(*rows: Json, today: str = TODAY) -> tuple[int, str]:
    """Days of the span, and the groups."""
    made = snapshot(*rows, today=today)
    assert complaints(made) == set()
    result = naive_assess(made)
    return result["span_days"], " ".join(result["groups"])


TRIALS = [
    # ACTIVE: 42 days and 6 sessions; June has 30 days
    (row("pt_supervised", "2026-06-01", "2026-07-12"), 42, "ACTIVE"),
    (row("pt_supervised", "2026-06-01", "2026-07-11"), 0, ""),
    (row("pt_supervised", "2026-06-01", "2026-07-12", sessions=5), 0, ""),
    (row("pt_supervised", "2026-06-01", "2026-07-12", sessions=None), 0, ""),
    (row("pt_aquatic", "2026-06-01", "2026-07-12"), 42, "ACTIVE"),
    (row("pt_mckenzie", "2026-06-01", "2026-07-12"), 42, "ACTIVE"),
    (row("pt_core_stabilisation", "2026-06-01", "2026-07-12"), 42, "ACTIVE"),
    (row("hep_prescribed", "2026-06-01", "2026-07-12", sessions=None), 42, "ACTIVE"),
    (row("hep_prescribed", "2026-06-01", "2026-07-11", sessions=None), 0, ""),
    (row("exercise_self", "2026-01-01", "2026-07-12"), 0, ""),
    (row("exercise_self", "2026-01-01", "2026-07-12", status="stopped_made_worse"), 0, ""),
    (row("exercise_self", status="contraindicated"), 0, ""),
    # MEDICATION: 14 days; MANUAL: 28 days and 4 sessions
    (row("med_opioid_weak", "2026-06-01", "2026-06-14"), 14, "MEDICATION"),
    (row("med_opioid_weak", "2026-06-01", "2026-06-13"), 0, ""),
    (row("massage", "2026-06-01", "2026-06-28", sessions=4), 28, "MANUAL"),
    (row("massage", "2026-06-01", "2026-06-27", sessions=4), 0, ""),
    (row("massage", "2026-06-01", "2026-06-28", sessions=3), 0, ""),
    # the other groups never are
    (row("tens", "2026-01-01", "2026-07-12"), 0, ""),
    (row("scs_trial", status="contraindicated"), 0, ""),
    (row("heat", "2026-01-01", "2026-07-12"), 0, ""),
    (row("cbt", "2026-01-01", "2026-07-12", status="stopped_made_worse"), 0, ""),
    (row("prp_stem_cell", "2026-01-01", "2026-07-12", status="stopped_side_effects"), 0, ""),
    # INJECTION: 14 days from the start, adequate 14 days after it
    (row("rfa", "2026-11-08"), 14, "INJECTION"),
    (row("rfa", "2026-11-09"), 0, ""),
    (row("rfa", "2025-11-10"), 1, "INJECTION"),  # to 11-23, the first day of the look-back
    (row("rfa", "2025-11-09"), 0, ""),
    (row("rfa", "2026-06-01", "2026-06-01"), 14, "INJECTION"),
    (row("rfa", "2026-06-01", "2026-09-30"), 14, "INJECTION"),
    (row("rfa", "2026-06-01", status="ongoing"), 14, "INJECTION"),
    (row("rfa", "2026-10"), 14, "INJECTION"),  # 10-31 to 11-13
    (row("rfa", "2025-10", status="stopped_made_worse"), 0, ""),  # 10-31 to 11-13, in 2025
    (row("rfa", "2025"), 14, "INJECTION"),  # from 2025-12-31
    (row("rfa", None, "2026-06-01"), 0, ""),
    (row("rfa", "2026-11-20", status="stopped_side_effects"), 3, "INJECTION"),
    # what is not over, and what has no dates
    (row("med_cox2", "2026-11-09", status="ongoing"), 14, "MEDICATION"),
    (row("med_cox2", "2026-11-10", status="ongoing"), 0, ""),
    (row("med_cox2", "2026-11-09", ongoing=True), 14, "MEDICATION"),
    (row("med_cox2", "2026-11-09"), 0, ""),
    (row("med_cox2", None, "2026-11-09"), 0, ""),
    (row("med_cox2", status="ongoing"), 0, ""),
    (row("med_cox2", "2026-11-09", "2026-12-31"), 14, "MEDICATION"),  # days to come do not count
    (row("med_cox2", "2026-11-10", "2026-12-31"), 0, ""),
    # precision: to the last day of the start's period, from the first of the end's
    (row("med_cox2", "2026-06", "2026-07-13"), 14, "MEDICATION"),  # 06-30 to 07-13
    (row("med_cox2", "2026-06", "2026-07-12"), 0, ""),
    (row("med_cox2", "2026-06-18", "2026-07"), 14, "MEDICATION"),  # 06-18 to 07-01
    (row("med_cox2", "2026-06-19", "2026-07"), 0, ""),
    (row("med_cox2", "2026-06", "2026-08"), 33, "MEDICATION"),  # 06-30, July, 08-01
    (row("med_cox2", "2025", "2026-01-13"), 14, "MEDICATION"),  # 12-31 to 01-13
    (row("med_cox2", "2025", "2026-01-12"), 0, ""),
    (row("med_cox2", "2025-12-19", "2026"), 14, "MEDICATION"),  # 12-19 to 01-01
    (row("med_cox2", "2025-12-20", "2026"), 0, ""),
    (row("med_cox2", "2026-10", status="ongoing"), 23, "MEDICATION"),  # 10-31 to 11-22
    (row("med_cox2", "2026", status="ongoing"), 0, ""),
    (row("med_cox2", "2026-06", "2026-06"), 0, ""),
    # stopped for a reason, or never possible: adequate whatever the length
    (row("med_cox2", "2026-06-01", "2026-06-01", status="stopped_side_effects"), 1, "MEDICATION"),
    (row("med_cox2", "2026-06-01", "2026-06-01", status="stopped_made_worse"), 1, "MEDICATION"),
    (row("med_cox2", "2026-06-01", "2026-06-01", status="contraindicated"), 1, "MEDICATION"),
    (row("med_cox2", "2026-06-01", "2026-06-01", status="stopped_no_benefit"), 0, ""),
    (row("med_cox2", "2026-06-01", "2026-06-01", status="stopped_cost_access"), 0, ""),
    (row("pt_aquatic", "2026-06-01", "2026-06-02", status="stopped_made_worse", sessions=1), 2, "ACTIVE"),
    (row("med_cox2", "2026-06-01", status="stopped_side_effects"), 0, ""),
    (row("med_cox2", status="contraindicated"), 0, "MEDICATION"),
    (row("massage", "2026-06-01", status="contraindicated"), 0, "MANUAL"),
    (row("med_cox2", "2025-01-01", "2025-01-31", status="contraindicated"), 0, ""),
    (row("med_cox2", "2026-06", "2026-06", status="stopped_side_effects"), 0, "MEDICATION"),
    (row("med_cox2", "2026-11", ongoing=True, status="stopped_side_effects"), 0, "MEDICATION"),
    (row("med_cox2", "2025-11", "2025-11", status="stopped_side_effects"), 0, "MEDICATION"),
    (row("med_cox2", "2025-10", "2025-10", status="stopped_side_effects"), 0, ""),
    (row("med_cox2", "2025-11", "2025-11-23", status="stopped_side_effects"), 0, "MEDICATION"),
    (row("med_cox2", "2025-11", "2025-11-22", status="stopped_side_effects"), 0, ""),
    (row("med_cox2", "2025", "2025", status="contraindicated"), 0, "MEDICATION"),
    (row("med_cox2", "2024", "2024", status="contraindicated"), 0, ""),
    # what did not happen
    (row("med_cox2", "2026-06-01", "2026-07-12", status="planned"), 0, ""),
    (row("med_cox2", "2026-06-01", "2026-07-12", status="declined"), 0, ""),
    # the edge of the look-back
    (row("med_cox2", "2025-11-01", "2025-12-06"), 14, "MEDICATION"),  # 8 days of November, 6 of December
    (row("med_cox2", "2025-11-01", "2025-12-05"), 0, ""),
    (row("med_cox2", "2025-11-01", "2025-11-23", status="stopped_made_worse"), 1, "MEDICATION"),
    (row("med_cox2", "2025-11-01", "2025-11-22", status="stopped_made_worse"), 0, ""),
    (row("med_cox2", "2019-01-01", status="ongoing"), 365, "MEDICATION"),
]


@pytest.mark.parametrize(("entry", "days", "groups"), TRIALS)
def test_one_entry_counts_with_its_days_and_group(entry: Json, days: int, groups: str) -> None:
    assert counted(entry) == (days, groups)


LEAP = [
    ("2028-03-01", row("med_cox2", "2027-01-01", "2027-03-03", status="stopped_made_worse"), 1, "MEDICATION"),
    ("2028-03-01", row("med_cox2", "2027-01-01", "2027-03-02", status="stopped_made_worse"), 0, ""),
    ("2028-02-29", row("med_cox2", "2027-01-01", "2027-03-02", status="stopped_made_worse"), 1, "MEDICATION"),
    ("2028-02-29", row("med_cox2", "2027-01-01", "2027-03-01", status="stopped_made_worse"), 0, ""),
    ("2028-06-01", row("med_cox2", "2028-02-20", "2028-03-04"), 14, "MEDICATION"),  # 10 + 4
    ("2027-06-01", row("med_cox2", "2027-02-20", "2027-03-04"), 0, ""),  # 9 + 4
    ("2028-03-13", row("med_cox2", "2028-02", status="ongoing"), 14, "MEDICATION"),  # 02-29 to 03-13
    ("2028-03-12", row("med_cox2", "2028-02", status="ongoing"), 0, ""),
    ("2027-03-13", row("med_cox2", "2027-02", status="ongoing"), 14, "MEDICATION"),  # 02-28 to 03-13
]


@pytest.mark.parametrize(("today", "entry", "days", "groups"), LEAP)
def test_a_leap_day_is_a_day(today: str, entry: Json, days: int, groups: str) -> None:
    assert counted(entry, today=today) == (days, groups)


def test_days_that_overlap_count_once_and_gaps_do_not() -> None:
    injection = row("snrb", "2026-07-06")  # to 07-19: seven days after the therapy
    later = row("massage", "2026-08-01", "2026-08-28")

    assert counted(PT, PILLS, injection, later) == (42 + 7 + 28, "ACTIVE INJECTION MANUAL MEDICATION")


def test_days_of_an_entry_that_is_not_adequate_add_nothing() -> None:
    assert counted(PT, row("med_cox2", "2026-08-01", "2026-08-13")) == (42, "ACTIVE")
