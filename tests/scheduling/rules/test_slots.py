"""Slots: the rules one by one, and all of them together against a minute-by-minute count."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduling.rules.cases import CaseProblem, answer
from tests.scheduling import naive_slots

ROOT = Path(__file__).resolve().parents[3]
NEW_YORK = "America/New_York"
WEEKDAYS = [0, 1, 2, 3, 4]


def rule(start: str, end: str, weekdays: list[int] | None = None, **valid: str) -> dict[str, Any]:
    days = list(range(7)) if weekdays is None else weekdays
    return {"weekdays": days, "start": start, "end": end, "valid_from": None, "valid_to": None} | valid


def resource(*rules: dict[str, Any], key: str = "p1", zone: str = NEW_YORK, **more: Any) -> dict[str, Any]:
    return {"id": key, "zone": zone, "rules": list(rules), "exceptions": [], "busy": []} | more


def case(*resources: dict[str, Any], day: str = "2026-11-02", days: int = 1, **more: Any) -> dict[str, Any]:
    kind = {"duration": 30, "step": 30, "buffer_before": 0, "buffer_after": 0, "min_notice": 0, "window_days": None}
    kind |= {name: more.pop(name) for name in list(more) if name in kind}
    window = {"from": day, "days": days, "zone": more.pop("zone", NEW_YORK)}
    made = {"now": "2026-01-01T00:00:00Z", "window": window, "type": kind, "mode": "any", "resources": list(resources)}
    return made | more


def starts(made: dict[str, Any]) -> list[str]:
    return [slot["start"][5:16] for slot in answer(json.dumps(made))["slots"]]


def closed(start: str, end: str) -> dict[str, str]:
    return {"kind": "closed", "start": start, "end": end}


def opened(start: str, end: str) -> dict[str, str]:
    return {"kind": "open", "start": start, "end": end}


def test_a_plain_morning() -> None:
    assert starts(case(resource(rule("09:00", "10:30")))) == ["11-02T14:00", "11-02T14:30", "11-02T15:00"]


def test_the_last_slot_exactly_fits_or_is_one_minute_short() -> None:
    assert starts(case(resource(rule("09:00", "10:00")))) == ["11-02T14:00", "11-02T14:30"]
    assert starts(case(resource(rule("09:00", "09:59")))) == ["11-02T14:00"]


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("09:00", "10:00", ["03-08T13:00", "03-08T13:30"]),  # after the gap: summer time
        ("01:00", "03:00", ["03-08T06:00", "03-08T06:30"]),  # the hour that is skipped is no time
        ("02:30", "04:00", ["03-08T07:30"]),  # begins inside the gap: moved forward by it
        ("02:00", "03:00", []),
    ],
)
def test_the_night_clocks_go_forward(start: str, end: str, found: list[str]) -> None:
    assert starts(case(resource(rule(start, end)), day="2026-03-08")) == found


@pytest.mark.parametrize(
    ("start", "end", "found"),
    [
        ("01:00", "02:00", ["11-01T05:00", "11-01T05:30", "11-01T06:00", "11-01T06:30"]),  # the hour comes twice
        ("00:30", "01:00", ["11-01T04:30"]),  # closes at the first one
        ("01:30", "01:45", ["11-01T05:30", "11-01T06:00"]),
    ],
)
def test_the_night_clocks_go_back(start: str, end: str, found: list[str]) -> None:
    assert starts(case(resource(rule(start, end)), day="2026-11-01")) == found


def test_a_day_of_twenty_five_hours_is_open_for_twenty_five() -> None:
    assert len(starts(case(resource(rule("00:00", "24:00")), day="2026-11-01", duration=60, step=60))) == 25


def test_a_rule_of_summer_means_the_same_hour_in_winter() -> None:
    made = resource(rule("09:00", "09:30"))
    assert starts(case(made, day="2026-07-01")) == ["07-01T13:00"]
    assert starts(case(made, day="2026-12-01")) == ["12-01T14:00"]


def test_a_patient_a_day_ahead_sees_the_slot_on_their_own_day() -> None:
    made = resource(rule("20:00", "21:00", [0]))
    assert starts(case(made, day="2026-11-03", zone="Pacific/Auckland")) == ["11-03T01:00", "11-03T01:30"]
    assert starts(case(made, day="2026-11-02", zone="Pacific/Auckland")) == []


def test_zones_of_half_hours() -> None:
    assert starts(case(resource(rule("09:00", "09:30"), zone="Asia/Kolkata"), zone="Asia/Kolkata")) == ["11-02T03:30"]


def test_a_date_that_never_was_has_no_rules() -> None:
    made = resource(rule("09:00", "09:30"), zone="Pacific/Apia")
    found = starts(case(made, day="2011-12-29", days=3, zone="Pacific/Apia") | {"now": "2011-01-01T00:00:00Z"})
    assert found == ["12-29T19:00", "12-30T19:00"]  # the 29th and the 31st: the 30th was skipped


def test_past_midnight_and_blocks_that_touch_are_one() -> None:
    night = resource(rule("22:00", "01:00", [0]), rule("01:00", "03:00", [1]))
    found = starts(case(night, day="2026-11-02", days=2, duration=50, step=50))
    assert found == ["11-03T03:00", "11-03T03:50", "11-03T04:40", "11-03T05:30", "11-03T06:20", "11-03T07:10"]


def test_a_night_begun_on_the_last_day_runs_to_its_end() -> None:
    made = resource(rule("23:00", "01:00", valid_to="2026-11-02"))
    assert starts(case(made, days=3)) == [
        "11-02T05:00",
        "11-02T05:30",
        "11-03T04:00",
        "11-03T04:30",
        "11-03T05:00",
        "11-03T05:30",
    ]


def test_overlapping_rules_are_one_block() -> None:
    made = resource(rule("09:00", "10:10"), rule("09:50", "11:00"))
    assert starts(case(made, duration=40, step=40)) == ["11-02T14:00", "11-02T14:40", "11-02T15:20"]


def test_closed_beats_open_for_exactly_its_time() -> None:
    shut = closed("2026-11-02T10:00", "2026-11-02T10:20")
    for exceptions in (
        [shut, opened("2026-11-02T09:30", "2026-11-02T11:00")],
        [opened("2026-11-02T09:30", "2026-11-02T11:00"), shut],
    ):
        made = resource(rule("09:00", "10:00"), exceptions=exceptions)
        assert starts(case(made)) == ["11-02T14:00", "11-02T14:30", "11-02T15:20"]


def test_buffers_on_both_sides_and_back_to_back_at_zero() -> None:
    busy = [["2026-11-02T15:00:00Z", "2026-11-02T15:30:00Z"]]
    made = resource(rule("09:00", "12:00"), busy=busy)
    assert starts(case(made)) == ["11-02T14:00", "11-02T14:30", "11-02T15:30", "11-02T16:00", "11-02T16:30"]
    wide = starts(case(made, buffer_before=10, buffer_after=10))
    assert wide == ["11-02T14:00", "11-02T16:00", "11-02T16:30"]  # buffers may lie outside of open time


def test_busy_counts_to_the_second_and_backwards_is_nothing() -> None:
    busy = [["2026-11-02T14:59:59Z", "2026-11-02T15:00:01Z"], ["2026-11-02T17:00:00Z", "2026-11-02T14:00:00Z"]]
    made = resource(rule("09:00", "11:00"), busy=busy)
    assert starts(case(made)) == ["11-02T14:00", "11-02T15:30"]


@pytest.mark.parametrize(
    ("now", "first"),
    [
        ("2026-11-02T12:00:00Z", "11-02T14:00"),
        ("2026-11-02T12:00:01Z", "11-02T14:30"),
        ("2026-11-02T04:30:00Z", "11-02T14:00"),
    ],
)
def test_notice_at_the_boundary_second_and_across_midnight(now: str, first: str) -> None:
    assert starts(case(resource(rule("09:00", "11:00")), min_notice=120, now=now))[0] == first


def test_notice_is_real_time_across_a_change_of_clocks() -> None:
    made = case(resource(rule("00:00", "24:00")), day="2026-11-01", min_notice=180, now="2026-11-01T04:00:00Z")
    assert starts(made)[0] == "11-01T07:00"  # three hours later the clock shows two


@pytest.mark.parametrize(("days", "found"), [(0, []), (1, ["11-02T14:00"]), (None, ["11-02T14:00"])])
def test_no_further_ahead_than_the_window(days: int | None, found: list[str]) -> None:
    assert starts(case(resource(rule("09:00", "09:30")), window_days=days, now="2026-11-02T04:30:00Z")) == found


def test_provider_free_and_room_busy() -> None:
    provider = resource(rule("09:00", "10:00"))
    room = resource(rule("08:00", "18:00"), key="r1", busy=[["2026-11-02T14:00:00Z", "2026-11-02T14:30:00Z"]])
    assert starts(case(provider, room, mode="all")) == ["11-02T14:30"]
    found = answer(json.dumps(case(provider, room)))["slots"]
    assert found[2] == {"start": "2026-11-02T14:00:00Z", "end": "2026-11-02T14:30:00Z", "resources": ["p1"]}


def test_together_the_grid_begins_where_all_are_open() -> None:
    one, other = resource(rule("09:00", "12:00")), resource(rule("09:20", "10:30"), key="r1")
    assert starts(case(one, other, mode="all")) == ["11-02T14:20", "11-02T14:50"]


def test_nobody_offers_nothing() -> None:
    for mode in ("any", "all"):
        assert starts(case(mode=mode)) == []


def test_a_block_is_followed_back_to_its_start_however_far() -> None:
    round_the_clock = rule("00:00", "24:00", valid_from="2020-01-01")
    found = starts(case(resource(round_the_clock), duration=7, step=7, days=1))
    anchor, first = 1577854800, 1793595600  # 2020-01-01T05:00Z, and midnight of the day asked for
    offset = -(first - anchor) % (7 * 60)
    assert found[0] == f"11-02T05:{offset // 60:02d}"


def test_what_never_began_lies_on_the_grid_of_1970_whatever_is_asked_for() -> None:
    always = resource(rule("00:00", "24:00"))
    wide = set(starts(case(always, day="2026-10-30", days=5, duration=7, step=7)))
    assert set(starts(case(always, duration=7, step=7))) <= wide


# --- Against the count -----------------------------------------------------------------------------------------------

ZONES = [
    NEW_YORK,
    "Europe/London",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "America/St_Johns",
    "UTC",
]
DAYS = ["2026-03-07", "2026-03-28", "2026-04-04", "2026-06-15", "2026-10-03", "2026-10-24", "2026-10-31"]
MINUTES = st.sampled_from([0, 0, 15, 30, 45, 59])
CLOCKS = st.builds(lambda h, m: f"{h:02d}:{m:02d}", st.integers(0, 23), MINUTES)
ENDS = CLOCKS | st.just("24:00")


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    day = draw(st.sampled_from(DAYS))
    nearby = st.integers(-9, 4).map(lambda n: _later(day, n))
    wall = st.builds("{}T{}".format, nearby, CLOCKS)
    rules = st.builds(
        lambda days, start, end, since, until: rule(start, end, days) | {"valid_from": since, "valid_to": until},
        st.lists(st.integers(0, 6), unique=True, max_size=7) | st.just(list(range(7))),
        CLOCKS,
        ENDS,
        st.none() | nearby,
        st.none() | nearby,
    )
    exceptions = st.fixed_dictionaries({"kind": st.sampled_from(["open", "closed"]), "start": wall, "end": wall})
    moment = st.builds("{}T{}:{}Z".format, nearby, CLOCKS, st.sampled_from(["00", "00", "01", "59"]))
    people = st.fixed_dictionaries(
        {
            "zone": st.sampled_from(ZONES),
            "rules": st.lists(rules, max_size=3),
            "exceptions": st.lists(exceptions, max_size=3),
            "busy": st.lists(st.tuples(moment, moment).map(list), max_size=3),
        }
    )
    resources = draw(st.lists(people, max_size=2))
    kind = {
        "duration": draw(st.sampled_from([1, 15, 30, 45, 90])),
        "step": draw(st.sampled_from([5, 15, 20, 30, 45])),
        "buffer_before": draw(st.sampled_from([0, 0, 10])),
        "buffer_after": draw(st.sampled_from([0, 0, 15])),
        "min_notice": draw(st.sampled_from([0, 60, 1500])),
        "window_days": draw(st.sampled_from([None, None, 0, 2])),
    }
    return {
        "now": draw(moment),
        "window": {"from": day, "days": draw(st.integers(0, 2)), "zone": draw(st.sampled_from(ZONES))},
        "type": kind,
        "mode": draw(st.sampled_from(["any", "all"])),
        "resources": [{"id": f"r{n}"} | one for n, one in enumerate(resources)],
    }


def _later(day: str, days: int) -> str:
    from datetime import date, timedelta

    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_slots_are_what_a_count_of_minutes_finds(made: dict[str, Any]) -> None:
    assert answer(json.dumps(made))["slots"] == naive_slots.slots(made)


# --- Bad cases and the command ---------------------------------------------------------------------------------------

GOOD = case(resource(rule("09:00", "10:00")))


def broken(path: str, value: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(GOOD))
    *way, last = path.split(".")
    place: Any = made
    for step in way:
        place = place[int(step)] if step.isdigit() else place[step]
    if value is KeyError:
        del place[last]
    else:
        place[last] = value
    return made


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("now", "2026-11-02"),
        ("now", "2026-11-02T00:00:00+01:00"),
        ("now", KeyError),
        ("mode", "either"),
        ("window.zone", "Mars/Olympus"),
        ("window.days", -1),
        ("window.from", "2026-02-30"),
        ("type.step", 0),
        ("type.duration", "30"),
        ("type.buffer_before", -1),
        ("type.window_days", KeyError),
        ("resources.0.rules.0.start", "9:00"),
        ("resources.0.rules.0.end", "24:01"),
        ("resources.0.rules.0.weekdays", [7]),
        ("resources.0.rules.0.valid_to", KeyError),
        ("resources.0.exceptions", [{"kind": "ajar", "start": "2026-11-02T10:00", "end": "2026-11-02T11:00"}]),
        ("resources.0.exceptions", [{"kind": "open", "start": "2026-11-02T10:00:30", "end": "2026-11-02T11:00"}]),
        ("resources.0.busy", [["2026-11-02T10:00:00Z"]]),
        ("resources", {}),
    ],
)
def test_a_bad_case_is_refused_with_its_place(path: str, value: Any) -> None:
    with pytest.raises(CaseProblem) as refused:
        answer(json.dumps(broken(path, value)))
    assert str(refused.value).partition(":")[0].partition(".")[0] == path.partition(".")[0]


def run(text: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "slots", "--case", "-"]
    return subprocess.run(command, input=text, cwd=ROOT, env={}, capture_output=True, text=True, check=False)


def test_the_command_needs_no_environment_and_answers_line_by_line() -> None:
    alone = run(json.dumps(GOOD, indent=2))
    assert (alone.returncode, [json.loads(alone.stdout)]) == (0, [answer(json.dumps(GOOD))])
    many = run(f"{json.dumps(GOOD)}\n\n{{}}\n{json.dumps(GOOD)}\n")
    told = [json.loads(line) for line in io.StringIO(many.stdout)]
    assert (many.returncode, len(told), list(told[1])) == (1, 3, ["error"])
