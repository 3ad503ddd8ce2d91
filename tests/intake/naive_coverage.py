"""The wake-up date again, by looking at every single day. Shares no code with intake/rules/care_history.py or
intake/rules/criteria/.

Written from the sentences of docs/coverage.md: sets of days instead of intervals, months found by stepping back.
"""

from calendar import monthrange
from datetime import date, timedelta
from functools import cache

from intake.rules.care_history import Care, CareRecord

ONE = timedelta(days=1)
THERAPY = {"pt_supervised", "pt_aquatic", "pt_mckenzie", "pt_core_stabilisation"}
HOME = {"hep_prescribed"}
EPIDURAL = {"esi_interlaminar", "esi_transforaminal", "esi_caudal", "esi_unknown"}
INJECTION = EPIDURAL | set("snrb facet_intraarticular mbb rfa si_joint_injection trigger_point inj_other".split())
MANUAL = set(
    "chiropractic osteopathic_manual massage acupuncture dry_needling traction_mechanical decompression_table "
    "inversion".split()
)
ON_PRESCRIPTION = set(
    "med_nsaid_rx med_cox2 med_oral_steroid med_muscle_relaxant med_neuropathic_gabapentinoid med_neuropathic_snri "
    "med_neuropathic_tca med_opioid_weak med_opioid_strong".split()
)
PAIN_MEDICINE = ON_PRESCRIPTION | {"med_acetaminophen", "med_nsaid_otc"}
MEDICINE = PAIN_MEDICINE | {"med_topical", "med_cannabinoid", "med_other"}
EXERCISE = THERAPY | HOME
ANY = EXERCISE | MEDICINE | INJECTION | MANUAL
BY_NATURE = EXERCISE | INJECTION | ON_PRESCRIPTION
EXCUSES = {"stopped_side_effects", "stopped_made_worse", "contraindicated"}
FOUR_KINDS = [EXERCISE, MEDICINE, INJECTION, MANUAL]


@cache
def earlier(day: date, months: int) -> date:
    """Back to the month that lies so many months before, then to the last day of it that is no later in its month."""
    found = day
    for _ in range(months):
        found = found.replace(day=1) - ONE
    while found.day > day.day:
        found -= ONE
    return found


def month_end(day: date) -> date:
    while (day + ONE).month == day.month:
        day += ONE
    return day


@cache
def days_of(care: Care, on: date) -> frozenset[date]:
    """Every day of a treatment that is certain, up to `on`."""
    entry = care.entry
    if entry.start is None:
        return frozenset()
    first = entry.start
    if entry.start_precision == "month":
        first = first.replace(day=monthrange(first.year, first.month)[1])
    if entry.start_precision == "year":
        first = date(first.year, 12, 31)
    if care.entry.kind in INJECTION:
        last = first + 13 * ONE
    elif entry.ongoing or entry.status == "ongoing":
        last = on
    elif entry.end is None:
        return frozenset()
    else:
        last = {
            "day": entry.end,
            "month": entry.end.replace(day=1),
            "year": entry.end.replace(month=1, day=1),
        }[entry.end_precision]
    return frozenset(first + n * ONE for n in range((min(last, on) - first).days + 1))


def directed(care: Care) -> bool:
    return care.entry.kind in BY_NATURE or care.directed is True


def days_in(treatments: list[Care], on: date, months: int | None) -> set[date]:
    oldest = earlier(on, months) if months else date.min
    return {day for care in treatments for day in days_of(care, on) if day > oldest}


def run_in(days: set[date]) -> int:
    """The longest run of days without a gap."""
    longest = 0
    for day in days:
        if day - ONE not in days:
            length = 1
            while day + length * ONE in days:
                length += 1
            longest = max(longest, length)
    return longest


def kinds_done(record: CareRecord, on: date, kinds: list[set[str]], each: int, months: int | None) -> int:
    done = 0
    for kind in kinds:
        those = [care for care in record.treatments if care.entry.kind in kind]
        excused = [care for care in those if care.entry.status in EXCUSES and care.documented]
        done += len(days_in(those, on, months)) >= each or any(lately(care, on, months) for care in excused)
    return done


def lately(care: Care, on: date, months: int | None) -> bool:
    """Whether an excused treatment touches the window; one that never began always does."""
    entry = care.entry
    if entry.start is None or months is None:
        return True
    begin = entry.start
    if entry.start_precision != "day":
        begin = begin.replace(day=1) if entry.start_precision == "month" else begin.replace(month=1, day=1)
    end = on
    if entry.kind in INJECTION:
        begun_by = entry.start
        if entry.start_precision == "month":
            begun_by = month_end(begun_by)
        if entry.start_precision == "year":
            begun_by = date(begun_by.year, 12, 31)
        end = begun_by + 13 * ONE
    elif entry.end:
        end = entry.end
        if entry.end_precision == "month":
            end = month_end(end)
        if entry.end_precision == "year":
            end = date(end.year, 12, 31)
    oldest = earlier(on, months) + ONE
    return bool(max(begin, oldest) <= min(end, on))


def care_days(record: CareRecord, on: date, kinds: set[str], months: int | None, directed_only: bool) -> set[date]:
    those = [care for care in record.treatments if care.entry.kind in kinds]
    return days_in([care for care in those if not directed_only or directed(care)], on, months)


def in_person_therapy(record: CareRecord, on: date) -> bool:
    those = [care for care in record.treatments if care.entry.kind in THERAPY and care.in_person is True]
    excused = [care for care in those if care.entry.status in EXCUSES and care.documented]
    return bool(days_in(those, on, 12)) or any(lately(care, on, 12) for care in excused)


def pain_days(record: CareRecord, on: date) -> int:
    return (on - record.onset_latest).days if record.onset_latest else -1


def no_nicotine(record: CareRecord, on: date, days: int) -> bool:
    if record.nicotine == "former" and record.nicotine_until:
        return (on - record.nicotine_until).days >= days
    return record.nicotine == "never"


def lengths(  # noqa: C901, PLR0911 - one branch a policy, as they are written
    key: str, record: CareRecord, on: date
) -> list[bool]:
    """For each length of time that a profile asks for: is it reached on that day?"""

    def span(kinds: set[str], months: int | None, *, must_be_directed: bool = False) -> int:
        return len(care_days(record, on, kinds, months, must_be_directed))

    def kinds(those: list[set[str]], *, each: int = 1, months: int | None = None) -> int:
        return kinds_done(record, on, those, each, months)

    if key == "general":
        return [
            span(ANY, 12, must_be_directed=True) >= 42,
            kinds(FOUR_KINDS, months=12) >= 2,
            kinds([EXERCISE], months=12) >= 1,
        ]
    if key == "bcbs_sc_discectomy":
        run = run_in(care_days(record, on, ANY, 6, True))
        return [run >= 42, kinds([PAIN_MEDICINE, THERAPY, HOME, EPIDURAL | {"snrb"}], months=6) >= 2]
    if key == "aetna_decompression":
        return [span(ANY, 12) >= 42, in_person_therapy(record, on), kinds([MEDICINE], months=12) >= 1]
    if key == "aetna_fusion":
        return [span(ANY, 12) >= 91, in_person_therapy(record, on), no_nicotine(record, on, 42)]
    if key == "evicore_608":
        return [kinds([THERAPY, HOME, PAIN_MEDICINE, EPIDURAL | {"snrb"}, MANUAL], each=42) >= 2]
    if key == "evicore_609_slip":
        return [span(ANY, None) >= 91, no_nicotine(record, on, 1)]
    if key == "evicore_609_disc":
        return [span(ANY, None) >= 365, kinds(FOUR_KINDS) >= 2, no_nicotine(record, on, 1)]
    if key == "hcsc_fusion":
        return [span(THERAPY, None) >= 42, kinds([PAIN_MEDICINE]) >= 1]
    if key == "uhc_oh_imaging":
        return [span(ANY, None, must_be_directed=True) >= 42]
    if key == "medicare_esi":
        conservative = THERAPY | HOME | {"exercise_self"} | MEDICINE | MANUAL
        return [pain_days(record, on) >= 28, kinds([conservative]) >= 1]
    if key == "medicare_facet":
        return [pain_days(record, on) >= 91]
    return []


def naive_wake_up(key: str, record: CareRecord) -> date | None:
    """The first day on which all lengths that are missing today, and are ever reached within 400 days, are reached."""
    horizon = [record.today + n * ONE for n in range(401)]
    by_day = [lengths(key, record, day) for day in horizon]
    ever = [any(day) for day in zip(*by_day, strict=True)]
    looked_at = [number for number, reachable in enumerate(ever) if reachable and not by_day[0][number]]
    for day, holds in zip(horizon, by_day, strict=True):
        if looked_at and all(holds[number] for number in looked_at):
            return day
    return None
