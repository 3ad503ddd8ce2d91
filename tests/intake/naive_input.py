"""Which snapshots are well formed, told plainly, and the vocabulary they are written in.

It belongs to the naive candidacy rules and, like them, imports nothing from the product. An absent key is an answer
not given, except `today` and an entry's `kind` and `status`. Unknown keys are ignored.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, TypeGuard

type Json = dict[str, Any]

KINDS = {
    "ACTIVE": "pt_supervised pt_aquatic pt_mckenzie pt_core_stabilisation hep_prescribed exercise_self",
    "MEDICATION": "med_acetaminophen med_nsaid_otc med_nsaid_rx med_cox2 med_oral_steroid med_muscle_relaxant "
    "med_neuropathic_gabapentinoid med_neuropathic_snri med_neuropathic_tca med_opioid_weak med_opioid_strong "
    "med_topical med_cannabinoid med_other",
    "INJECTION": "esi_interlaminar esi_transforaminal esi_caudal esi_unknown snrb facet_intraarticular mbb rfa "
    "si_joint_injection trigger_point inj_other",
    "MANUAL": "chiropractic osteopathic_manual massage acupuncture dry_needling traction_mechanical "
    "decompression_table inversion",
    "DEVICE": "tens brace_lumbar collar_cervical orthotics ergonomic scs_trial",
    "SELF_CARE": "heat cold activity_modification short_rest weight_loss smoking_cessation",
    "BEHAVIOURAL": "cbt mindfulness_mbsr pain_programme_multidisciplinary biofeedback sleep_programme",
    "OTHER": "prp_stem_cell herbal other",
}
GROUP_OF = {kind: group for group, kinds in KINDS.items() for kind in kinds.split()}
STATUSES = (
    "planned ongoing completed stopped_no_benefit stopped_side_effects stopped_made_worse stopped_cost_access "
    "contraindicated declined"
).split()
PRECISIONS = ["day", "month", "year"]
BUCKETS = ["lt6w", "6to12w", "3to6m", "6to12m", "1to5y", "gt5y"]
RED_FLAGS = [f"A{n}" for n in range(1, 11)] + [f"B{n}" for n in range(1, 9)]
CHOICES = {
    "regions": ["neck", "mid_back", "low_back", "buttock_hip", "other"],
    "radiation": ["none", "buttock", "leg_above_knee", "leg_below_knee", "arm", "hand"],
    "limited": ["work", "sleep", "walking"],
    "worse_with": ["standing", "walking", "sitting", "bending"],
    "better_with": ["sitting", "leaning_forward", "lying", "walking"],
    "tried": ["pt", "home_exercise", "medication", "injections", "chiropractic", "other", "nothing"],
}
ANSWER_RANGES = {"age": (0, 130), "nrs_average": (0, 10), "rmdq": (0, 24)}
ENTRY_RANGES = {"sessions": (0, 10**9), "relief_percent": (0, 100), "relief_duration_days": (0, 10**9)}


def is_date(value: Any) -> TypeGuard[str]:
    if not isinstance(value, str) or not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def whole_number(value: Any, low: int, high: int) -> Iterator[str]:
    if type(value) is not int:  # true is not 1
        yield "wrong type"
    elif not low <= value <= high:
        yield "out of range"


def one_of(value: Any, known: list[str], complaint: str = "unknown value") -> Iterator[str]:
    if not isinstance(value, str):
        yield "wrong type"
    elif value not in known:
        yield complaint


def list_of(value: Any, known: list[str]) -> Iterator[str]:
    if not isinstance(value, list):
        yield "wrong type"
        return
    for each in value:
        yield from one_of(each, known)


def yes_or_no(value: Any) -> Iterator[str]:
    if not isinstance(value, bool):
        yield "wrong type"


def about_red_flags(value: Any) -> Iterator[str]:
    if not isinstance(value, dict):
        yield "wrong type"
        return
    for item in RED_FLAGS:
        if item in value:
            yield from one_of(value[item], ["no", "unsure", "yes"] + (["declined"] if item == "A4" else []))


def about_onset(value: Any, today: str) -> Iterator[str]:
    if not isinstance(value, dict) or ("bucket" in value) == ("date" in value):
        yield "wrong type"
    elif "bucket" in value:
        yield from one_of(value["bucket"], BUCKETS)
    elif not is_date(value["date"]):
        yield "invalid date"
    elif value["date"] > today:
        yield "future onset"


def about_interference(value: Any) -> Iterator[str]:
    if not isinstance(value, list) or len(value) != 3:
        yield "wrong type"
        return
    for item in value:
        if item is not None:
            yield from whole_number(item, 0, 10)


def about_answers(answers: Any, today: str) -> Iterator[str]:
    if not isinstance(answers, dict):
        yield "wrong type"
        return
    given = {name: value for name, value in answers.items() if value is not None}
    for name, value in given.items():
        if name in ANSWER_RANGES:
            yield from whole_number(value, *ANSWER_RANGES[name])
        elif name in CHOICES:
            yield from list_of(value, CHOICES[name])
        elif name in ("area_served", "limb_symptoms"):
            yield from yes_or_no(value)
        elif name == "red_flags":
            yield from about_red_flags(value)
        elif name == "onset":
            yield from about_onset(value, today)
        elif name == "interference":
            yield from about_interference(value)
    tried = given.get("tried")
    if isinstance(tried, list) and "nothing" in tried and len(tried) > 1:
        yield "nothing beside other ticks"


def about_fields(entry: Json) -> Iterator[str]:
    """What is wrong with the fields of an entry, each looked at alone."""
    yield from one_of(entry.get("kind"), list(GROUP_OF), "unknown kind")
    yield from one_of(entry.get("status"), STATUSES, "unknown status")
    for name, value in entry.items():
        if value is None:
            continue
        if name in ("start", "end") and not is_date(value):
            yield "invalid date"
        elif name in ("start_precision", "end_precision"):
            yield from one_of(value, PRECISIONS)
        elif name in ENTRY_RANGES:
            yield from whole_number(value, *ENTRY_RANGES[name])
        elif name in ("ongoing", "relief_still_present"):
            yield from yes_or_no(value)


def about_dates(entry: Json, today: str) -> Iterator[str]:
    """What is wrong with the dates of an entry whose fields are right, compared as they are written."""
    start, end = entry.get("start"), entry.get("end")
    if start and end and end < start:
        yield "end before start"
    if end and (entry.get("ongoing") or entry["status"] == "ongoing"):
        yield "ongoing with an end"
    if start and start > today and entry["status"] != "planned":
        yield "future start"


def about_entry(entry: Any, today: str) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield "wrong type"
        return
    wrong_fields = list(about_fields(entry))
    yield from wrong_fields or about_dates(entry, today)


def complaints(snapshot: Any) -> set[str]:
    """Every kind of thing that makes a snapshot bad; empty for a good one."""
    if not isinstance(snapshot, dict):
        return {"not an object"}
    today = snapshot.get("today")
    if not is_date(today):
        return {"missing or invalid today"}
    found = set(about_answers(snapshot.get("answers", {}), today))
    treatments = snapshot.get("treatments", [])
    if not isinstance(treatments, list):
        return found | {"wrong type"}
    return found.union(*(about_entry(entry, today) for entry in treatments))


def naive_is_valid(snapshot: Any) -> bool:
    return not complaints(snapshot)
