"""When a step is due: on the wall where the patient lives, in the hours that are allowed, across changes of clocks."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.sequences.definition import Definition, Purpose, SequenceRefused, Step, read, read_delay, write_delay
from crm.sequences.due_steps import STALE_AFTER, find_due, steps_left
from crm.sequences.shipped_definitions import shipped
from crm.sequences.timing import CALL_HOURS, MAIL_HOURS, Clock, due_at, mail_window
from tests.properties import unhurried

NEW_YORK = ZoneInfo("America/New_York")
ZONES = [
    *("America/New_York", "America/Phoenix", "Pacific/Honolulu", "America/St_Johns", "Europe/London"),
    *("Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Santiago"),
]
MONDAY = datetime(2026, 11, 23, 17, tzinfo=UTC)  # 12:00 in New York
moments = st.integers(1_767_225_600, 1_830_297_600).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
zones = st.sampled_from([ZoneInfo(name) for name in ZONES])
delays = st.sampled_from(["0m", "15m", "1h", "2h", "1d", "3d", "6w", "365d"])


def a_step(do: str = "mail", after: str = "0m", **fields: object) -> Step:
    return Step.model_validate({"key": "one", "do": do, "after": after, "text": "resume", "title": "Call", **fields})


def a_sequence(*steps: Step, purpose: Purpose = Purpose.TRANSACTIONAL) -> Definition:
    return Definition(key="test", title="Test", purpose=purpose, trigger="submitted", steps=steps)


def due(step: Step, anchor: datetime, clock: Clock, purpose: Purpose = Purpose.TRANSACTIONAL) -> datetime:
    return due_at(step, a_sequence(step, purpose=purpose), anchor=anchor, clock=clock)


@unhurried
@given(moments, zones, delays, st.sampled_from(list(Purpose)))
def test_no_mail_outside_its_hours_and_none_too_early(
    anchor: datetime, zone: ZoneInfo, after: str, purpose: Purpose
) -> None:
    holidays = frozenset({anchor.date(), date(2026, 12, 25)})
    found = due(a_step(after=after), anchor, Clock(zone, holidays), purpose)
    local = found.astimezone(zone)
    assert MAIL_HOURS[0] <= local.time() < MAIL_HOURS[1]
    slack = timedelta(hours=1) if read_delay(after) >= timedelta(days=1) else timedelta(0)  # an hour lost in spring
    assert found >= anchor + read_delay(after) - slack
    if purpose == Purpose.COMMERCIAL:
        assert local.date() not in holidays
        assert local.weekday() != 6


@unhurried
@given(moments, zones, delays)
def test_no_call_when_the_center_is_closed(anchor: datetime, zone: ZoneInfo, after: str) -> None:
    clock = Clock(zone, frozenset({date(2026, 12, 25)}), frozenset({0, 1, 3}))
    local = due(a_step("call", after), anchor, clock).astimezone(zone)
    assert CALL_HOURS[0] <= local.time() < CALL_HOURS[1]
    assert local.weekday() in {0, 1, 3}
    assert local.date() != date(2026, 12, 25)


@unhurried
@given(moments, zones)
def test_a_moment_in_the_window_stays_and_the_window_is_entered_once(moment: datetime, zone: ZoneInfo) -> None:
    clock = Clock(zone)
    found = mail_window(moment, Purpose.COMMERCIAL, clock)
    assert mail_window(found, Purpose.COMMERCIAL, clock) == found
    assert timedelta(0) <= found - moment < timedelta(days=3)


@pytest.mark.parametrize(
    ("anchor", "after", "expected"),
    [
        # The hour on the wall stays, across both changes of clocks.
        ("2026-03-06 10:00", "3d", "2026-03-09 10:00"),
        ("2026-10-31 10:00", "1d", "2026-11-01 10:00"),
        # Hours are real hours: 2 h after 00:30 on the night of the change to summer is 03:30, before the window.
        ("2026-03-08 00:30", "2h", "2026-03-08 08:00"),
        ("2026-11-23 18:30", "2h", "2026-11-24 08:00"),
        ("2026-11-23 19:59", "0m", "2026-11-23 19:59"),
        ("2026-11-23 20:00", "0m", "2026-11-24 08:00"),
        ("2026-11-23 07:59", "0m", "2026-11-23 08:00"),
    ],
)
def test_days_keep_the_hour_and_hours_are_real(anchor: str, after: str, expected: str) -> None:
    begun = datetime.fromisoformat(anchor).replace(tzinfo=NEW_YORK).astimezone(UTC)
    found = due(a_step(after=after), begun, Clock(NEW_YORK)).astimezone(NEW_YORK)
    assert f"{found:%Y-%m-%d %H:%M}" == expected


@pytest.mark.parametrize(
    ("begun", "expected"),
    [
        ("09:00", "2026-11-23 14:00"),
        ("13:30", "2026-11-24 09:00"),
        ("11:30", "2026-11-23 14:30"),
        ("02:00", "2026-11-23 14:00"),
    ],
)
def test_another_half_of_the_day(begun: str, expected: str) -> None:
    anchor = datetime.combine(date(2026, 11, 23), time.fromisoformat(begun), tzinfo=NEW_YORK)
    found = due(a_step("call", "3h", other_daypart=True), anchor, Clock(NEW_YORK)).astimezone(NEW_YORK)
    assert f"{found:%Y-%m-%d %H:%M}" == expected


def test_a_step_waits_for_the_date_of_the_lead_and_else_for_its_delay() -> None:
    step = a_step(after="6w", on="recheck_on")
    for day, expected in (
        (date(2026, 12, 1), datetime(2026, 12, 1, 9, tzinfo=NEW_YORK)),
        (date(2026, 11, 20), datetime(2027, 1, 4, 12, tzinfo=NEW_YORK)),  # past: the delay counts
        (None, datetime(2027, 1, 4, 12, tzinfo=NEW_YORK)),
    ):
        assert due(step, MONDAY, Clock(NEW_YORK, dates={"recheck_on": day})) == expected


def test_the_next_step_is_the_earliest_that_is_left() -> None:
    late, soon, made_before = (
        a_step(after="2d", key="late"),
        a_step(after="1d", key="soon"),
        a_step("folded", key="zero"),
    )
    made, clock = a_sequence(made_before, late, soon), Clock(NEW_YORK)
    left = steps_left(made, [], anchor=MONDAY, clock=clock)
    assert left == [(MONDAY + timedelta(days=1), soon), (MONDAY + timedelta(days=2), late)]
    assert steps_left(made, ["soon", "late"], anchor=MONDAY, clock=clock) == []


def test_however_much_is_overdue_there_is_one_mail_and_one_call() -> None:
    steps = [a_step(do, f"{n}d", key=f"{do}_{n}") for n in (1, 2, 3) for do in ("mail", "call", "task")]
    found = find_due(
        a_sequence(*steps), [], anchor=MONDAY, clock=Clock(NEW_YORK), now=MONDAY + timedelta(days=3, hours=1)
    )
    assert [step.key for step in found.todo] == ["task_1", "task_2", "mail_3", "call_3", "task_3"]
    assert {step.key for step in found.overtaken} == {"mail_1", "mail_2", "call_1", "call_2"}
    assert found.next_at is None


@pytest.mark.parametrize(("late", "stale"), [(timedelta(0), False), (STALE_AFTER, False), (STALE_AFTER * 1.01, True)])
def test_a_mail_that_comes_too_late_is_not_sent(late: timedelta, stale: bool) -> None:
    step, clock = a_step(after="1d"), Clock(NEW_YORK)
    found = find_due(a_sequence(step), [], anchor=MONDAY, clock=clock, now=MONDAY + timedelta(days=1) + late)
    assert (found.stale, found.todo) == (((step,), ()) if stale else ((), (step,)))


def test_nothing_is_done_before_its_time_unless_a_person_wants_it() -> None:
    first, second = a_step(after="1d", key="first"), a_step(after="2d", key="second")
    made, clock = a_sequence(first, second), Clock(NEW_YORK)
    assert find_due(made, [], anchor=MONDAY, clock=clock, now=MONDAY).todo == ()
    hurried = find_due(made, [], anchor=MONDAY, clock=clock, now=MONDAY, run_now=True)
    assert (hurried.todo, hurried.next_at) == ((first,), MONDAY + timedelta(days=2))


def test_nine_sequences_come_with_the_product_and_survive_being_stored() -> None:
    assert [one.key for one in shipped()] == (
        "incomplete_form more_info new_lead_ack no_show not_reachable nurture_conservative post_consult "
        "records_needed reengage"
    ).split(), "name a new sequence here, and count it in docs/sequences.md (CONTRIBUTING.md, “A mail in a sequence”)"
    assert [read(one.body) for one in shipped()] == list(shipped())


@pytest.mark.parametrize("text", ["0m", "15m", "2h", "3d", "2w"])
def test_delays_read_as_they_are_written(text: str) -> None:
    assert write_delay(read_delay(text)) == text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"steps": []}, "steps"),
        ({"steps": [{"key": "a", "do": "mail"}]}, "needs “text”"),
        ({"steps": [{"key": "a", "do": "stage"}]}, "needs “to”"),
        ({"steps": [{"key": "a", "do": "mail", "text": "x", "after": "soon"}]}, "such as 2h, 3d or 2w"),
        ({"steps": [{"key": "a", "do": "task", "title": "x"}] * 2}, "two steps have the key a"),
        ({"trigger": "full_moon"}, "trigger"),
        ({"stops": ["bored"]}, "Unknown conditions: bored"),
        ({"colour": "red"}, "colour"),
        ({"steps": [{"key": "a", "do": "mail", "text": "x", "after": "999w"}]}, "less than or equal"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_in_words(change: dict[str, object], said: str) -> None:
    body = shipped()[0].body | change
    with pytest.raises(SequenceRefused, match=said):
        read(body, conditions=frozenset({*shipped()[0].stops}))
