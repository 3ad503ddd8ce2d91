"""Each insurer's criteria at their bounds. Figures are written out again here, from the policies' summaries."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from crm.enums.treatments import TreatmentGroup
from intake.rules import coverage, insurers
from intake.rules.care_history import CareRecord, LookBack, Rating
from intake.rules.criteria import CareTime, CriterionFinding, Modalities, State, Timed
from intake.rules.payers import PROFILE, PROFILES
from tests.factories import today
from tests.intake.care_cases import TODAY, ago, care, mri, nrs, record

MET, NOT_MET, UNKNOWN = State.MET, State.NOT_MET, State.UNKNOWN
NSAID, HEP, ESI = "med_nsaid_rx", "hep_prescribed", "esi_transforaminal"
FORMER = {"nicotine": "former"}
ROOT = Path(__file__).resolve().parents[3]
PAYER = "(CONTRIBUTING.md, “A payer”)"


def found(key: str, code: str, case: CareRecord) -> CriterionFinding:
    checklist = coverage.check(PROFILE[key], case)
    return next(finding for finding in checklist.findings if finding.code == code)


CASES = [
    # The common denominator: 6 weeks, directed, 2 kinds, exercise among them, within 12 months.
    ("general", "care_6_weeks", record(care(days=42)), MET),
    ("general", "care_6_weeks", record(care(days=41)), NOT_MET),
    ("general", "care_6_weeks", record(care(days=30), care(NSAID, days=30)), NOT_MET),  # side by side counts once
    ("general", "care_6_weeks", record(care(days=30, until=20), care(NSAID, days=30)), MET),
    ("general", "care_6_weeks", record(care("med_acetaminophen", days=42)), UNKNOWN),  # who directed it?
    ("general", "care_6_weeks", record(care("med_acetaminophen", days=42, directed=True)), MET),
    ("general", "care_6_weeks", record(care("med_acetaminophen", days=42, directed=False)), NOT_MET),
    ("general", "care_6_weeks", record(care("exercise_self", days=300, directed=True)), NOT_MET),
    ("general", "care_6_weeks", record(care(start=date(2026, 3, 1))), UNKNOWN),  # it ended, nobody knows when
    ("general", "care_6_weeks", record(ticked=frozenset({TreatmentGroup.ACTIVE})), UNKNOWN),
    ("general", "care_6_weeks", record(ticked=frozenset({TreatmentGroup.SELF_CARE})), NOT_MET),
    ("general", "care_6_weeks", record(care(days=42, until=323)), MET),  # its first day: 364 days ago, inside
    ("general", "care_6_weeks", record(care(days=42, until=324)), NOT_MET),  # 365 days ago is a year, and outside
    ("general", "two_kinds", record(care(days=1), care(NSAID, days=1)), MET),
    ("general", "two_kinds", record(care(days=99), care(HEP, days=99)), NOT_MET),  # both are exercise
    ("general", "two_kinds", record(care(days=1), care(NSAID, status="contraindicated", documented=True)), MET),
    ("general", "two_kinds", record(care(days=1), care(NSAID, status="contraindicated")), UNKNOWN),
    ("general", "exercise", record(care("chiropractic", days=99)), NOT_MET),
    ("general", "records", record(care(days=42, documented=True)), MET),
    ("general", "records", record(care(days=42, documented=True), care(NSAID, days=1)), NOT_MET),
    ("general", "records", record(), UNKNOWN),
    ("general", "imaging", record(studies=(mri(first=date(2025, 11, 23)),)), MET),
    ("general", "imaging", record(studies=(mri(first=date(2025, 11, 22)),)), NOT_MET),
    ("general", "imaging", record(studies=(mri(first=date(2025, 11, 1), last=date(2025, 11, 30)),)), UNKNOWN),
    ("general", "imaging", record(studies=(mri(first=ago(3), has_report=False),)), NOT_MET),
    ("general", "imaging", record(has_imaging=False), NOT_MET),
    ("general", "imaging", record(), UNKNOWN),
    # South Carolina: in a row, within 6 months, 2 of 4.
    ("bcbs_sc_discectomy", "care_6_weeks_in_a_row", record(care(days=42)), MET),
    ("bcbs_sc_discectomy", "care_6_weeks_in_a_row", record(care(days=41), care(NSAID, days=41, until=42)), NOT_MET),
    ("bcbs_sc_discectomy", "care_6_weeks_in_a_row", record(care(days=21), care(NSAID, days=21, until=21)), MET),
    ("bcbs_sc_discectomy", "care_6_weeks_in_a_row", record(care(start=date(2026, 5, 24), end=date(2026, 7, 4))), MET),
    (
        "bcbs_sc_discectomy",
        "care_6_weeks_in_a_row",
        record(care(start=date(2026, 5, 23), end=date(2026, 7, 3))),
        NOT_MET,
    ),
    ("bcbs_sc_discectomy", "two_of_four", record(care(days=1), care(HEP, days=1)), MET),
    ("bcbs_sc_discectomy", "two_of_four", record(care(days=1), care("chiropractic", days=99)), NOT_MET),
    ("bcbs_sc_discectomy", "two_of_four", record(care(days=1), care("snrb", start=ago(3))), MET),
    ("bcbs_sc_discectomy", "two_of_four", record(care(days=1), care("mbb", start=ago(3))), NOT_MET),
    ("bcbs_sc_discectomy", "radicular", record(pattern="radicular"), MET),
    ("bcbs_sc_discectomy", "radicular", record(pattern="axial"), UNKNOWN),
    ("bcbs_sc_discectomy", "imaging_matches", record(), UNKNOWN),
    # Aetna: within the year, therapy in person.
    ("aetna_decompression", "care_6_weeks", record(care(days=42)), MET),
    ("aetna_decompression", "care_6_weeks", record(care(days=41)), NOT_MET),
    ("aetna_decompression", "therapy_in_person", record(care(days=1, in_person=True)), MET),
    ("aetna_decompression", "therapy_in_person", record(care(days=1)), UNKNOWN),
    ("aetna_decompression", "therapy_in_person", record(care(days=1, in_person=False)), NOT_MET),
    ("aetna_decompression", "medication", record(care("med_topical", days=1)), MET),
    ("aetna_decompression", "medication", record(care(days=99)), NOT_MET),
    ("aetna_fusion", "care_3_months", record(care(days=91)), MET),
    ("aetna_fusion", "care_3_months", record(care(days=90)), NOT_MET),
    ("aetna_fusion", "nicotine", record(**FORMER, nicotine_until=ago(42)), MET),
    ("aetna_fusion", "nicotine", record(**FORMER, nicotine_until=ago(41)), NOT_MET),
    ("aetna_fusion", "nicotine", record(**FORMER), UNKNOWN),
    ("aetna_fusion", "nicotine", record(nicotine="current"), NOT_MET),
    ("aetna_fusion", "nicotine", record(nicotine="never"), MET),
    ("aetna_fusion", "hba1c", record(diabetes=True, hba1c=7.9), MET),
    ("aetna_fusion", "hba1c", record(diabetes=True, hba1c=8.0), NOT_MET),
    ("aetna_fusion", "hba1c", record(diabetes=True), UNKNOWN),
    ("aetna_fusion", "hba1c", record(diabetes=False), MET),
    ("aetna_fusion", "hba1c", record(), UNKNOWN),
    # eviCore: 2 therapies of 6 weeks each; fusion 3 and 12 months, images of 6 months, 7 of 10.
    ("evicore_608", "two_therapies_6_weeks", record(care(days=42), care(NSAID, days=42, until=500)), MET),
    ("evicore_608", "two_therapies_6_weeks", record(care(days=42), care(NSAID, days=41)), NOT_MET),
    ("evicore_608", "two_therapies_6_weeks", record(care(days=42), care(NSAID, start=ago(90))), UNKNOWN),
    ("evicore_608", "imaging", record(studies=(mri(first=date(2001, 1, 1), has_report=False),)), MET),
    ("evicore_609_slip", "care_3_months", record(care(days=91)), MET),
    ("evicore_609_slip", "care_3_months", record(care(days=90)), NOT_MET),
    ("evicore_609_slip", "imaging", record(studies=(mri(first=date(2026, 5, 23)),)), MET),
    ("evicore_609_slip", "imaging", record(studies=(mri(first=date(2026, 5, 22)),)), NOT_MET),
    ("evicore_609_slip", "rating", record(ratings=(nrs(7),)), MET),
    ("evicore_609_slip", "rating", record(ratings=(nrs(6),)), NOT_MET),
    ("evicore_609_slip", "rating", record(ratings=(nrs(9, days_ago=9), nrs(6))), NOT_MET),  # the latest counts
    ("evicore_609_slip", "rating", record(), UNKNOWN),
    ("evicore_609_slip", "nicotine", record(**FORMER, nicotine_until=ago(1)), MET),
    ("evicore_609_slip", "nicotine", record(**FORMER, nicotine_until=ago(0)), NOT_MET),
    ("evicore_609_disc", "care_12_months", record(care(days=365)), MET),
    ("evicore_609_disc", "care_12_months", record(care(days=364)), NOT_MET),
    ("evicore_609_disc", "two_kinds", record(care(days=1, until=900), care(NSAID, days=1)), MET),
    ("evicore_609_disc", "two_kinds", record(care(days=365)), NOT_MET),
    # HCSC: 6 weeks of therapy itself, pain above 4.
    ("hcsc_fusion", "therapy_6_weeks", record(care("pt_aquatic", days=42)), MET),
    ("hcsc_fusion", "therapy_6_weeks", record(care(days=41), care(HEP, days=99)), NOT_MET),
    ("hcsc_fusion", "therapy_6_weeks", record(care(days=20, status="stopped_made_worse")), UNKNOWN),
    ("hcsc_fusion", "medication", record(care("med_acetaminophen", days=1)), MET),
    ("hcsc_fusion", "medication", record(care("med_cannabinoid", days=99)), NOT_MET),
    ("hcsc_fusion", "rating", record(ratings=(nrs(4.5),)), MET),
    ("hcsc_fusion", "rating", record(ratings=(nrs(4),)), NOT_MET),
    ("hcsc_fusion", "rating", record(ratings=(nrs(8), nrs(2))), NOT_MET),  # corrected on the same day
    # UnitedHealthcare: told in full, two measurements.
    ("uhc_records", "treatments", record(care(days=9, reason_for_end=True)), MET),
    ("uhc_records", "treatments", record(care(days=9)), NOT_MET),
    ("uhc_records", "treatments", record(care(days=9, until=None)), MET),
    ("uhc_records", "treatments", record(care(end=ago(3), reason_for_end=True)), NOT_MET),
    ("uhc_records", "treatments", record(), UNKNOWN),
    ("uhc_records", "ratings", record(ratings=(nrs(7), nrs(6, days_ago=30))), MET),
    ("uhc_records", "ratings", record(ratings=(nrs(7), nrs(6))), NOT_MET),  # on one day
    ("uhc_records", "ratings", record(ratings=(nrs(7), Rating("rmdq", ago(30), 12))), NOT_MET),  # two scales
    ("uhc_records", "nicotine", record(nicotine="current"), MET),  # it only has to be known
    ("uhc_records", "nicotine", record(**FORMER), UNKNOWN),
    ("uhc_records", "imaging", record(studies=(mri(first=ago(3000)),)), MET),
    ("uhc_oh_imaging", "care_6_weeks", record(care(days=42)), MET),
    ("uhc_oh_imaging", "care_6_weeks", record(care(days=41)), NOT_MET),
    # Medicare: 4 weeks, 50 %, 4 in 12 months; 3 months, 80 %, 6 months.
    ("medicare_esi", "pain_4_weeks", record(onset_latest=ago(28), onset_is_exact=True), MET),
    ("medicare_esi", "pain_4_weeks", record(onset_latest=ago(27), onset_is_exact=True), NOT_MET),
    ("medicare_esi", "pain_4_weeks", record(onset_latest=ago(27)), UNKNOWN),
    ("medicare_esi", "pain_4_weeks", record(), UNKNOWN),
    ("medicare_esi", "care_failed", record(care("exercise_self", days=1)), MET),
    ("medicare_esi", "care_failed", record(care(ESI, start=ago(30))), NOT_MET),
    ("medicare_esi", "relief", record(), MET),
    ("medicare_esi", "relief", record(care(ESI, start=ago(90), relief_percent=50)), MET),
    ("medicare_esi", "relief", record(care(ESI, start=ago(90), relief_percent=49)), NOT_MET),
    ("medicare_esi", "relief", record(care(ESI, start=ago(90))), UNKNOWN),
    (
        "medicare_esi",
        "relief",
        record(care(ESI, start=ago(90), relief_percent=20), care(ESI, start=ago(30), relief_percent=60)),
        MET,
    ),
    ("medicare_esi", "number", record(*(care(ESI, start=ago(n)) for n in (1, 90, 180))), MET),
    ("medicare_esi", "number", record(*(care(ESI, start=ago(n)) for n in (1, 90, 180, 364))), NOT_MET),
    ("medicare_esi", "number", record(*(care(ESI, start=ago(n)) for n in (1, 90, 180, 365))), MET),
    ("medicare_esi", "number", record(*(care(ESI, start=ago(n)) for n in (1, 90, 180)), care(ESI)), UNKNOWN),
    ("medicare_facet", "pain_3_months", record(onset_latest=ago(91), onset_is_exact=True), MET),
    ("medicare_facet", "pain_3_months", record(onset_latest=ago(90), onset_is_exact=True), NOT_MET),
    ("medicare_facet", "two_blocks", record(*(care("mbb", start=ago(n), relief_percent=80) for n in (9, 30))), MET),
    (
        "medicare_facet",
        "two_blocks",
        record(care("mbb", start=ago(9), relief_percent=80), care("mbb", start=ago(30), relief_percent=79)),
        NOT_MET,
    ),
    ("medicare_facet", "two_blocks", record(care("mbb", start=ago(9), relief_percent=80), care("mbb")), UNKNOWN),
    (
        "medicare_facet",
        "relief",
        record(care("rfa", start=ago(200), relief_percent=50, relief_duration_days=182)),
        MET,
    ),
    (
        "medicare_facet",
        "relief",
        record(care("rfa", start=ago(200), relief_percent=50, relief_duration_days=181)),
        NOT_MET,
    ),
]


@pytest.mark.parametrize(("key", "code", "case", "state"), CASES)
def test_a_criterion_at_its_bounds(key: str, code: str, case: CareRecord, state: State) -> None:
    finding = found(key, code, case)
    assert finding.state == state, finding
    assert bool(finding.missing) == (state != MET)


def test_every_criterion_that_a_record_can_settle_is_looked_at_above() -> None:
    """Those that stay unknown are the physician's."""
    judged = {(key, code) for key, code, _case, _state in CASES}
    settled = {(p.key, c.code) for p in PROFILES for c in p.criteria if type(c).__name__ != "ForClinician"}
    also = {("hcsc_fusion", "imaging_matches"), ("evicore_609_disc", "imaging"), ("evicore_609_disc", "nicotine")}
    alike = {
        ("bcbs_sc_discectomy", "records"),  # the same kind, with the same figures, as one above
        ("evicore_609_disc", "rating"),
        ("aetna_fusion", "therapy_in_person"),
        ("medicare_esi", "baseline"),
    }
    assert settled - judged - also - alike == set(), (
        "Judge these (profile, criterion) at their bounds: a record in CASES on each side (CONTRIBUTING.md, “A payer”)"
    )


def test_codes_are_one_of_a_kind_and_profiles_say_where_they_come_from() -> None:
    for profile in PROFILES:
        codes = [criterion.code for criterion in profile.criteria]
        assert len(codes) == len(set(codes)), profile.key
        assert profile.criteria, f"{profile.key} asks for nothing: list its criteria {PAYER}"
        assert profile.source, f"Say in which policy the figures of {profile.key} stand {PAYER}"
        assert date(2026, 11, 22) <= profile.as_of <= today(), f"Say when the policy of {profile.key} was read {PAYER}"


def test_every_payer_is_known_by_name_and_stands_in_the_document() -> None:
    unnamed = {profile.payer for profile in PROFILES} - {*insurers._PAYERS, *insurers._BLUE_OF.values(), ""}
    assert unnamed == set(), f"Say in _PAYERS of intake/rules/insurers.py how people write these payers {PAYER}"
    rows = re.findall(r"(?m)^\| `(\w+)`", (ROOT / "docs/coverage.md").read_text())
    assert sorted(rows) == sorted(PROFILE), f"docs/coverage.md has a line for each profile {PAYER}"


def test_what_goes_on_is_reached_on_a_day() -> None:
    case = record(care(days=20, until=None))
    finding = found("general", "care_6_weeks", case)
    assert (finding.state, finding.reached_on) == (NOT_MET, TODAY + timedelta(days=22))
    assert coverage.wake_up_on(PROFILE["general"], case) == TODAY + timedelta(days=22)


def test_what_has_ended_is_never_reached_by_waiting() -> None:
    case = record(care(days=20, until=3))
    assert found("general", "care_6_weeks", case).reached_on is None
    assert coverage.wake_up_on(PROFILE["general"], case) is None


@pytest.mark.parametrize("case", [record(), record(care(days=20, until=3)), record(care(days=20, until=None))])
@pytest.mark.parametrize("key", sorted(PROFILE))
def test_what_waiting_does_not_bring_is_not_searched_for(
    case: CareRecord, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Day by day it would be 400 looks for each criterion, whenever the rules are asked."""
    looks: list[date] = []
    for kind in (CareTime, Modalities):
        count = _counting(kind.days_short, looks)
        monkeypatch.setattr(kind, "days_short", count)
    coverage.check(PROFILE[key], case)
    assert len(looks) < 60


def _counting(look: Callable[..., int], looks: list[date]) -> Callable[..., int]:
    def counted(criterion: Timed, case: CareRecord, on: date) -> int:
        looks.append(on)
        return look(criterion, case, on)

    return counted


def test_nothing_is_left_to_wait_for_when_all_is_reached() -> None:
    case = record(care(days=50, until=None), care(NSAID, days=50, until=None))
    assert coverage.wake_up_on(PROFILE["general"], case) is None


def test_old_care_that_leaves_the_window_makes_the_wait_longer() -> None:
    """10 days of now and 40 of a year ago: each new day of care costs an old one until those are gone."""
    case = record(care(days=10, until=None), care(NSAID, days=40, until=340))
    assert coverage.wake_up_on(PROFILE["aetna_decompression"], case) == TODAY + timedelta(days=32)


def test_a_length_of_time_falls_by_one_a_day_at_most() -> None:
    """What the skipping search relies on."""
    treatments = [
        care(days=20, until=None),
        care(NSAID, days=30, until=15),
        care(ESI, start=ago(3)),
        care("chiropractic", start=date(2026, 10, 1), start_precision="month", status="ongoing"),
        care(HEP, status="contraindicated", documented=True),
    ]
    case = record(*treatments, onset_latest=ago(3), nicotine="former", nicotine_until=ago(3))
    for profile in PROFILES:
        for criterion in (one for one in profile.criteria if isinstance(one, Timed)):
            short = [criterion.days_short(case, TODAY + timedelta(days=n)) for n in range(500)]
            assert all(later >= before - 1 for before, later in pairwise(short)), criterion


def test_a_warning_sign_may_waive_the_wait() -> None:
    assert coverage.check(PROFILE["general"], record(warning_signs=("A5",))).may_be_waived
    assert not coverage.check(PROFILE["general"], record()).may_be_waived
    assert not coverage.check(PROFILE["uhc_records"], record(warning_signs=("A5",))).may_be_waived


@pytest.mark.parametrize(
    ("said", "keys"),
    [
        ("Aetna Open Access", ["aetna_decompression", "aetna_fusion"]),
        ("B.C.B.S. of South Carolina", ["bcbs_sc_discectomy"]),
        ("BCBS of  South Carolina", ["bcbs_sc_discectomy"]),
        ("UnitedHealthcare Community Plan of Ohio", ["uhc_oh_imaging"]),
        ("UnitedHealthcare", ["uhc_records"]),
        ("", []),
        ("Example Mutual", []),
    ],
)
def test_the_insurer_is_found_by_what_people_write(said: str, keys: list[str]) -> None:
    assert [profile.key for profile in coverage.profiles_of(said)] == keys
    assert coverage.suggested(said).key == (keys or ["general"])[0]


def test_no_word_forecasts_an_approval() -> None:
    words = {text for profile in PROFILES for criterion in profile.criteria for text in (criterion.text, profile.note)}
    said = " ".join(words).lower()
    assert not [word for word in ("approv", "likely", "denied", "will be covered", "guarantee") if word in said]


@pytest.mark.parametrize(
    ("day", "months", "first"),
    [
        (date(2026, 11, 23), 12, date(2025, 11, 24)),
        (date(2026, 8, 31), 6, date(2026, 3, 1)),  # no 31st of February: its last day
        (date(2028, 2, 29), 12, date(2027, 3, 1)),
        (date(2026, 1, 15), 3, date(2025, 10, 16)),
    ],
)
def test_a_window_of_months_ends_today_and_begins_on_the_day_after(day: date, months: int, first: date) -> None:
    """12 months are 365 days and not 366."""
    assert (LookBack(months).ending(day).first, LookBack(months).ending(day).last) == (first, day)
