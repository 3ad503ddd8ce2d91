"""Random snapshots for the candidacy rules, thickest where a rule changes its mind."""

from calendar import monthrange
from datetime import date, timedelta
from random import Random

from tests.intake.naive_input import BUCKETS, CHOICES, GROUP_OF, KINDS, PRECISIONS, RED_FLAGS, STATUSES, Json
from tests.intake.spoiled_snapshots import spoil

__all__ = ["random_snapshot", "spoil"]

TODAYS = ["2028-02-29", "2028-03-01", "2028-12-31", "2029-02-28", "2027-01-01", "2026-11-22", "2026-10-31"]
ENDED = [status for status in STATUSES if status not in ("planned", "ongoing", "declined", "contraindicated")]
SOUND: Json = {
    "kind": "heat",
    "status": "completed",
    "start": None,
    "start_precision": "day",
    "end": None,
    "end_precision": "day",
    "ongoing": False,
    "sessions": None,
    "relief_percent": None,
    "relief_duration_days": None,
    "relief_still_present": False,
}


def chance(random: Random, percent: int) -> bool:
    return random.randrange(100) < percent


def near(random: Random, bound: int) -> int:
    return random.choice([bound - 1, bound, bound, bound, bound + 1, bound + random.randrange(60)])


def days(number: int) -> timedelta:
    return timedelta(days=number)


def some(random: Random, name: str) -> list[str]:
    """Some of the values that the list `name` may hold, without the one that excludes the others."""
    known = [value for value in CHOICES[name] if value != "nothing"]
    return random.sample(known, random.randint(0, len(known)))


def or_null(random: Random, value: object, percent: int = 4) -> object:
    return None if chance(random, percent) else value


# Answers


def random_red_flags(random: Random) -> object:
    quiet = {item: "no" for item in RED_FLAGS if chance(random, 30)}
    if chance(random, 5):
        quiet["A4"] = "declined"
    if chance(random, 6):
        quiet["B7"] = random.choice(["yes", "unsure", "no"])
    if chance(random, 6):
        quiet[random.choice(RED_FLAGS[:10])] = random.choice(["yes", "unsure"])
    for _ in range(random.choice([1, 1, 2, 3]) if chance(random, 13) else 0):
        quiet[random.choice([*RED_FLAGS[10:16], "B8"])] = random.choice(["yes", "unsure", "unsure"])
    return or_null(random, quiet)


def random_regions(random: Random) -> object:
    usual = random.choice([["low_back"], ["neck"], ["low_back", "buttock_hip"], ["other", "mid_back"]])
    return random.choice([None, [], ["other"], *[usual] * 47])


def random_onset(random: Random, today: date) -> object:
    if chance(random, 35):
        return {"bucket": random.choice([*BUCKETS, "6to12w", "6to12w"])}
    edges = [0, 41, 42, 42, 48, 49, 83, 84, 90, 90, 90, 91, 91]
    return {"date": (today - days(random.choice([*edges, random.randrange(36, 800)]))).isoformat()}


def random_impact(random: Random) -> Json:
    """How bad it is: now and then nothing at all, so that the first sign of impact is the only one."""
    silent: Json = {"interference": None, "rmdq": None, "limited": []}
    loud: Json = {
        "interference": [random.randint(2, 6) for _ in range(3)],
        "rmdq": random.choice([0, 5, 6, 7, 8, 24]),
        "limited": some(random, "limited"),
    }
    borderline: Json = {
        "interference": random.choice([[4, 4, 3], [4, 4, 4], [3, 4, 5], [10, 10, None], [0, 1, 10], None]),
        "rmdq": random.choice([None, 6, 6, 7]),
        "limited": random.choice([[], [], [], ["sleep"]]),
    }
    ratings = [0, 3, 3, 4, 4, 4, 4, 5, 7, 10]
    return random.choice([silent, borderline, loud]) | {"nrs_average": or_null(random, random.choice(ratings), 3)}


def random_pattern(random: Random) -> Json:
    """Where it radiates and what changes it: from the back alone to every pattern at once."""
    if chance(random, 30):
        one = {name: [random.choice(CHOICES[name])] for name in ("worse_with", "better_with")}
        return {"radiation": ["none"], "limb_symptoms": None} | one
    radiation = random.choice([["none"], ["buttock"], ["leg_above_knee"], some(random, "radiation")]) or ["none"]
    return {
        "radiation": random.choice([None, [], *[radiation] * 48]),
        "limb_symptoms": random.choice([True, False, False, None]),
        "worse_with": random.choice([[], ["bending"], some(random, "worse_with")]),
        "better_with": random.choice([[], ["lying"], some(random, "better_with")]),
    }


def random_tried(random: Random) -> object:
    if chance(random, 18):
        return random.choice([None, []])
    return random.choice([["nothing"], ["other"], *[some(random, "tried") or ["pt"] for _ in range(6)]])


def random_answers(random: Random, today: date) -> Json:
    return (
        {
            "age": random.choice([None, 0, 17, *[18, 19, 52, 70, 71, 101] * 6]),
            "area_served": not chance(random, 3),
            "red_flags": random_red_flags(random),
            "regions": random_regions(random),
            "onset": or_null(random, random_onset(random, today), 3),
            "tried": random_tried(random),
        }
        | random_impact(random)
        | random_pattern(random)
    )


# Treatments


def random_interval(random: Random, today: date, length: int) -> tuple[date, date | None]:
    """A stretch with `length` days to count, or with about one or none left; no end means that it goes on."""
    past = today - days(random.choice([0, 1, random.randrange(300)]))
    edge = today - days(364)
    gone = edge + days(random.choice([-30, -1, -1, 0, 0, 1]))
    return random.choice(
        [
            *[(past - days(length - 1), past)] * 6,
            *[(today - days(length - 1), None)] * 3,
            (today - days(length - 1), today + days(random.randint(1, 40))),
            (edge - days(random.choice([0, 1, 40])), edge + days(length - 1)),
            (gone - days(length - 1), gone),
        ]
    )


def random_day_of(random: Random, moment: date, precision: str) -> date:
    if precision == "year":
        moment = moment.replace(day=1, month=random.randint(1, 12))
    return moment.replace(day=random.randint(1, monthrange(moment.year, moment.month)[1]))


def with_vague_start(random: Random, start: date, end: date | None) -> Json:
    """The interval moved back until its start is the last day of a month or a year, which is all that is told."""
    precision = random.choice(["month", "month", "year"])
    moved = start.replace(day=1, month=start.month if precision == "month" else 1) - days(1)
    return {
        "start": random_day_of(random, moved, precision),
        "start_precision": precision,
        "end": end and end - (start - moved),
    }


def with_vague_end(random: Random, start: date, end: date) -> Json:
    """The interval moved back until its end is the first day of a month or a year, which is all that is told."""
    precision = random.choice(["month", "month", "year"])
    moved = end.replace(day=1, month=end.month if precision == "month" else 1)
    return {
        "start": start - (end - moved),
        "end": random_day_of(random, moved, precision),
        "end_precision": precision,
    }


def told(random: Random, start: date, end: date | None) -> Json:
    """Dates and precisions as somebody would tell them: mostly to the day, at times vague or not at all."""
    way = random.randrange(100)
    if way < 10:
        return with_vague_start(random, start, end)
    if way < 17 and end:
        return with_vague_end(random, start, end)
    if way < 24:
        vague = {"start_precision": random.choice(PRECISIONS), "end_precision": random.choice(PRECISIONS)}
        return {"start": start, "end": end, **vague}
    if way < 32:
        return {"start": random.choice([None, start]), "end": None}
    return {"start": None if way < 34 else start, "end": end}


def random_status(random: Random, goes_on: bool) -> Json:
    if goes_on and chance(random, 85):
        return random.choice(
            [
                {"status": "ongoing", "ongoing": False},
                {"status": "ongoing", "ongoing": True},
                {"status": random.choice(ENDED), "ongoing": True},
            ]
        )
    rare = random.choice(["planned", "declined", "contraindicated", "contraindicated"])
    return {"status": rare if chance(random, 12) else random.choice([*ENDED, *["completed"] * 8])}


def random_relief(random: Random) -> Json:
    return {
        "relief_percent": random.choice([None, 0, 20, 20, 30, 49, 49, 50, 50, 50, 80, 100]),
        "relief_duration_days": random.choice([None, 0, 21, 83, 84, 85, 200]),
        "relief_still_present": chance(random, 25),
    }


def random_injection_start(random: Random, today: date) -> date:
    back = [0, 12, 13, 14, 15, 364, 365, 376, 377, 378, random.randrange(400), random.randrange(14, 300)]
    return today - days(random.choice(back))


def random_entry(random: Random, today: date, kind: str) -> Json:
    """One entry of the kind, adequate or just not, ended, going on, planned or never begun."""
    bound, sessions = {"ACTIVE": (42, 6), "MANUAL": (28, 4)}.get(GROUP_OF[kind], (random.choice([14, 42]), 1))
    start, end = random_interval(random, today, near(random, bound))
    if GROUP_OF[kind] == "INJECTION":
        start = random_injection_start(random, today)
        end = random.choice([start, start + days(random.randrange(30)), None])
    entry = SOUND | told(random, start, end) | random_status(random, end is None) | random_relief(random)
    if entry["status"] == "planned" and chance(random, 70):
        entry |= {"start": today + days(random.randint(1, 30)), "end": None}
    entry |= {"kind": kind, "sessions": or_null(random, max(0, near(random, sessions)))}
    if entry.get("ongoing") or entry["status"] == "ongoing":
        entry["end"] = None
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in entry.items()}


def random_kinds(random: Random) -> list[str]:
    """Kinds of a history: none, one, a full course of care, or anything."""
    active = random.choice(KINDS["ACTIVE"].split())
    second = random.choice((KINDS["MEDICATION"] + " " + KINDS["INJECTION"] + " " + KINDS["MANUAL"]).split())
    anything = random.choices(list(GROUP_OF), k=random.choice([0, 1, 2, 3, 6]))
    all_four = [random.choice(KINDS[name].split()) for name in ("ACTIVE", "MEDICATION", "INJECTION", "MANUAL")]
    return random.choice([[active], [active, "hep_prescribed"], anything, all_four, *[[active, second]] * 5])


def made(random: Random, kind: str, status: str, start: date, end: date | None, **more: object) -> Json:
    dates = {"start": start.isoformat(), "end": end and end.isoformat()}
    return SOUND | random_relief(random) | dates | {"kind": kind, "status": status, "sessions": 6} | more


def broken_off(random: Random, today: date) -> list[Json]:
    """Exercise that made it worse on one day, and a medicine that alone has about six weeks to show."""
    start = today - days(near(random, 42) - 1)
    worse = made(random, "pt_aquatic", "stopped_made_worse", today, today)
    if chance(random, 50):
        return [worse, made(random, "med_topical", "ongoing", start, None)]
    return [worse, made(random, "med_topical", "completed", start, today)]


def short_of_two_weeks(random: Random, today: date) -> list[Json]:
    """About four weeks of exercise, then two weeks that an injection of unknown date may fill or not."""
    end = today - days(random.choice([13, 14, 14, 15]))
    worse = made(random, "pt_mckenzie", "stopped_made_worse", end - days(random.choice([26, 27, 27, 28])), end)
    return [worse, made(random, "snrb", "completed", today, None) | {"start": None}]


def vague_at_the_edge(random: Random, today: date) -> list[Json]:
    """Something given up in a month or year near the first day of the look-back, precisely told at most at one end."""
    start = today - days(364 + random.randrange(-10, 50))
    end = min(start + days(random.randrange(20)), today)
    vague = random.choice(
        [("month", "month"), ("month", "day"), ("day", "month"), ("year", "month"), ("month", "year")]
    )
    precision = dict(zip(("start_precision", "end_precision"), vague, strict=True))
    status = random.choice(["stopped_made_worse", "stopped_side_effects", "contraindicated"])
    return [made(random, random.choice(["med_other", "massage"]), status, start, end, **precision)]


def neck_and_neck(random: Random, today: date) -> list[Json]:
    """Complete care that ended about when the fourteen days of an injection did."""
    end = today - days(random.randrange(40, 200))
    start = end - days(13 + random.choice([-1, 0, 0, 1]))
    if vague := chance(random, 40):
        start = start.replace(day=1) - days(1)
        end = start + days(13 + random.choice([-1, 0, 0, 1]))
    told_start = {"start_precision": "month", "start": start.replace(day=random.randint(1, 28)).isoformat()}
    therapy = made(random, "pt_supervised", "completed", end - days(60), end)
    return [therapy, made(random, "rfa", "completed", start, None) | (told_start if vague else {})]


def random_history(random: Random, today: date) -> list[Json]:
    if chance(random, 16):
        close_call = random.choice([broken_off, short_of_two_weeks, vague_at_the_edge, neck_and_neck])
        return close_call(random, today)
    history = [random_entry(random, today, kind) for kind in random_kinds(random)]
    random.shuffle(history)
    return history


def random_snapshot(random: Random) -> Json:
    """A valid snapshot as json.loads would give it; now and then with keys that nobody knows."""
    today = date.fromisoformat(random.choice(TODAYS))
    if chance(random, 50):
        today = date(2025, 1, 1) + days(random.randrange(2000))
    answers = random_answers(random, today)
    snapshot = {"today": today.isoformat(), "answers": answers, "treatments": random_history(random, today)}
    if chance(random, 10):
        place: Json = random.choice([snapshot, answers, answers["red_flags"] or answers])
        place["favourite_colour"] = 7
    return snapshot
