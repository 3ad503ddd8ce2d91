"""The rules once more, slowly and from the text alone: an oracle that shares no code with the product.

Days are sets of ordinals that are built one by one. It may be read beside docs/candidacy.md, sentence by sentence.
"""

import calendar
from datetime import date
from typing import Any

COUNTED = ("ACTIVE", "MEDICATION", "INJECTION", "MANUAL")
ACTIVE = ["pt_supervised", "pt_aquatic", "pt_mckenzie", "pt_core_stabilisation", "hep_prescribed", "exercise_self"]
INJECTION = """esi_interlaminar esi_transforaminal esi_caudal esi_unknown snrb facet_intraarticular mbb rfa
    si_joint_injection trigger_point inj_other""".split()
MANUAL = """chiropractic osteopathic_manual massage acupuncture dry_needling traction_mechanical decompression_table
    inversion""".split()
TICKS = {
    "pt": "ACTIVE",
    "home_exercise": "ACTIVE",
    "medication": "MEDICATION",
    "injections": "INJECTION",
    "chiropractic": "MANUAL",
}
WEEKS = {"lt6w": 0, "6to12w": 6, "3to6m": 13, "6to12m": 26, "1to5y": 52, "gt5y": 260}
EXCUSES = ("stopped_made_worse", "stopped_side_effects", "contraindicated")


def group_of(kind: str) -> str:
    if kind in ACTIVE:
        return "ACTIVE"
    if kind.startswith("med_"):
        return "MEDICATION"
    if kind in INJECTION:
        return "INJECTION"
    return "MANUAL" if kind in MANUAL else "elsewhere"


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def earliest(text: str, precision: str) -> int:
    there = date.fromisoformat(text)
    if precision == "year":
        there = date(there.year, 1, 1)
    if precision == "month":
        there = date(there.year, there.month, 1)
    return there.toordinal()


def latest(text: str, precision: str) -> int:
    there = date.fromisoformat(text)
    if precision == "year":
        there = date(there.year, 12, 31)
    if precision == "month":
        there = date(there.year, there.month, calendar.monthrange(there.year, there.month)[1])
    return there.toordinal()


class Told:
    """One treatment with the days that it covered, as a set; None when its dates do not tell."""

    def __init__(self, row: dict[str, Any], today: int) -> None:
        self.row, self.kind, self.status = row, row["kind"], row["status"]
        self.group = group_of(self.kind)
        self.ongoing = bool(row.get("ongoing")) or self.status == "ongoing"
        self.today, self.year = today, set(range(today - 364, today + 1))
        self.days = self._days()

    def _days(self) -> set[int] | None:
        row = self.row
        if not row.get("start"):
            return None
        first = latest(row["start"], row.get("start_precision") or "day")
        if self.group == "INJECTION":
            return {first + n for n in range(14)}
        if self.ongoing:
            return set(range(first, self.today + 1))
        if not row.get("end"):
            return None
        return set(range(first, earliest(row["end"], row.get("end_precision") or "day") + 1))

    @property
    def counted_days(self) -> set[int]:
        return (self.days or set()) & self.year

    def _meant_days(self) -> set[int]:
        """Everything that rough dates may have meant."""
        row = self.row
        first = earliest(row["start"], row.get("start_precision") or "day")
        last = latest(row["end"], row.get("end_precision") or "day") if row.get("end") else self.today
        return set(range(first, last + 1))

    def adequate(self) -> bool:  # noqa: PLR0911 - a list of cases, as in the text
        if self.group not in COUNTED or self.kind == "exercise_self":
            return False
        if self.status in EXCUSES:
            if self.days is None:
                return str(self.status) == "contraindicated"
            return bool((self.days or self._meant_days()) & self.year)
        if self.days is None:
            return False
        count, sessions = len(self.counted_days), self.row.get("sessions") or 0
        if self.kind == "hep_prescribed":
            return count >= 42
        if self.group == "ACTIVE":
            return count >= 42 and sessions >= 6
        if self.group == "MEDICATION":
            return count >= 14
        if self.group == "MANUAL":
            return count >= 28 and sessions >= 4
        return count >= 1 and min(self.days) <= self.today - 14

    def end(self) -> int | None:
        if self.group == "INJECTION":
            return max(self.days) if self.days else None
        return earliest(self.row["end"], self.row.get("end_precision") or "day") if self.row.get("end") else None

    def helps_for_long(self) -> bool:
        relief, lasted = self.row.get("relief_percent"), self.row.get("relief_duration_days")
        if relief is None or relief < 50:
            return False
        return bool(self.row.get("relief_still_present")) or (lasted is not None and lasted >= 84)


def naive_assess(snapshot: dict[str, Any]) -> dict[str, Any]:
    today = day(snapshot["today"])
    answers = snapshot.get("answers") or {}
    rows = [row for row in snapshot.get("treatments") or [] if row["status"] not in ("planned", "declined")]
    told = [Told(row, today) for row in rows]
    good = [one for one in told if one.adequate()]
    span = len(set().union(*[one.counted_days for one in good]))
    groups = {one.group for one in good}
    complete = span >= 42 and len(groups) >= 2 and "ACTIVE" in groups
    rule, recheck = _rule(answers, told, good, span, groups, complete, today)
    return {
        "outcome": OUTCOMES[rule],
        "rule": rule,
        "flags": _flags(answers, told, good),
        "recheck_on": date.fromordinal(recheck).isoformat() if recheck else None,
        "span_days": span,
        "groups": sorted(groups),
    }


OUTCOMES = {
    "R1": "URGENT",
    "R2": "PROMPT_REVIEW",
    "R3": "OUT_OF_SCOPE",
    "R4": "MORE_INFO",
    "R5": "CONTINUE_CONSERVATIVE",
    "R6": "CONTINUE_CONSERVATIVE",
    "R7": "MORE_INFO",
    "R8": "CONTINUE_CONSERVATIVE",
    "R9": "CONTINUE_CONSERVATIVE",
    "R10": "CONTINUE_CONSERVATIVE",
    "R11": "CONSULT_LIKELY",
}


def _flags(answers: dict[str, Any], told: list[Told], good: list[Told]) -> list[str]:
    signs, flags = answers.get("red_flags") or {}, []
    if signs.get("B7") == "yes":
        flags.append("age_at_onset_unusual")
    if answers.get("tried") == ["nothing"] and told:
        flags.append("conflicting_answers")
    if any(one.status in EXCUSES for one in good):
        flags.append("needs_documentation")
    if signs.get("A4") == "declined":
        flags.append("safety_answer_declined")
    return flags


def _rule(  # noqa: C901, PLR0911 - a list of cases, as in the text
    answers: dict[str, Any],
    told: list[Told],
    good: list[Told],
    span: int,
    groups: set[str],
    complete: bool,
    today: int,
) -> tuple[str, int | None]:
    signs = answers.get("red_flags") or {}
    if any(signs.get(f"A{n}") in ("yes", "unsure") for n in range(1, 11)):
        return "R1", None
    looked_at = [signs.get(f"B{n}") for n in (1, 2, 3, 4, 5, 6, 8)]
    if "yes" in looked_at or looked_at.count("unsure") >= 2:
        return "R2", None
    regions, age = answers.get("regions") or [], answers.get("age")
    if (age is not None and age < 18) or answers.get("area_served") is False or set(regions) == {"other"}:
        return "R3", None
    nrs, tried, onset = answers.get("nrs_average"), answers.get("tried") or [], answers.get("onset")
    if not regions or not answers.get("radiation") or onset is None or nrs is None or not (tried or told):
        return "R4", None
    began = day(onset["date"]) if onset.get("date") else today - 7 * WEEKS[onset["bucket"]]
    weeks = (today - began) // 7
    if weeks < 6:
        return "R5", began + 42
    three = answers.get("interference")
    score = sum(three) / 3 if three and None not in three else 0
    if nrs < 4 and score < 4 and (answers.get("rmdq") or 0) < 7 and not answers.get("limited"):
        return "R6", today + 84
    if _wants_details(tried, told, good, span, groups, complete, today):
        return "R7", None
    if nrs <= 4 and any(one.helps_for_long() for one in _current(told)):
        return "R8", today + 84
    if not complete:
        going_on = [one for one in good if one.ongoing and one.group != "INJECTION" and today in one.counted_days]
        return "R9", today + (42 - span if going_on and span < 42 else 42)
    if _is_axial(answers) and weeks < 13:
        return "R10", began + 91
    return "R11", None


def _wants_details(
    tried: list[str],
    told: list[Told],
    good: list[Told],
    span: int,
    groups: set[str],
    complete: bool,
    today: int,
) -> bool:
    if complete:
        asked = [one for one in good if one.status != "contraindicated" and one.days is not None]
        return any(one.row.get("relief_percent") is None for one in asked)
    open_groups = [
        one.group
        for one in told
        if one.group in COUNTED and one.kind != "exercise_self" and one.days is None and one.status != "contraindicated"
    ]
    open_groups += [TICKS[tick] for tick in tried if tick in TICKS and TICKS[tick] not in {one.group for one in told}]
    days = set().union(*[one.counted_days for one in good])
    for group in open_groups:
        days |= {today - n for n in range(14 if group == "INJECTION" else 42)}
    hoped = groups | set(open_groups)
    return len(days) >= 42 and len(hoped) >= 2 and "ACTIVE" in hoped


def _current(told: list[Told]) -> list[Told]:
    ongoing = [one for one in told if one.ongoing]
    if ongoing:
        return ongoing
    ends = [end for one in told if (end := one.end()) is not None]
    return [one for one in told if ends and one.end() == max(ends)]


def _is_axial(answers: dict[str, Any]) -> bool:
    spread = answers.get("radiation") or []
    if any(place in spread for place in ("leg_below_knee", "arm", "hand")) or answers.get("limb_symptoms") is True:
        return False
    worse, better = answers.get("worse_with") or [], answers.get("better_with") or []
    on_walking = any(what in worse for what in ("standing", "walking"))
    bent = any(what in better for what in ("sitting", "leaning_forward"))
    return not (on_walking and bent)
