"""What insurers ask for before certain procedures, as data. Sources and their limits: docs/coverage.md.

Each profile repeats the figures of one policy as it was read on `as_of`. Policies change without notice: read the
current one before relying on a profile. `is_secondhand`: read in somebody's summary and not in the policy itself.
"""

from dataclasses import dataclass
from datetime import date

from crm.enums.treatment_kinds import kinds_in
from crm.enums.treatments import TreatmentGroup
from intake.rules.care_history import LookBack, Selection
from intake.rules.criteria import (
    AtMost,
    CareTime,
    Criterion,
    Documented,
    ForClinician,
    HbA1cBelow,
    LatestRating,
    Modalities,
    NervePattern,
    NicotineFree,
    NicotineTold,
    PainTime,
    RatingsOverTime,
    RecentImaging,
    ReliefOfEarlier,
    Successes,
    ToldInFull,
)
from intake.rules.insurers import COMMERCIAL, MEDICAID, MEDICARE


@dataclass(frozen=True)
class Profile:
    """`payer` and `plan`: whose list it is, and for which kind of plan (intake/rules/insurers.py). `waived_for`:
    findings for which no wait is asked."""

    key: str
    insurer: str
    about: str
    source: str
    as_of: date
    criteria: tuple[Criterion, ...]
    payer: str = ""
    plan: str = COMMERCIAL
    waived_for: tuple[str, ...] = ()
    is_secondhand: bool = True
    note: str = ""

    def __str__(self) -> str:
        return f"{self.insurer}: {self.about}"


AS_OF = date(2026, 11, 22)
YEAR, HALF_YEAR = LookBack(12), LookBack(6)


def _of(name: str, *groups: TreatmentGroup, kinds: str = "", without: str = "", **wants: bool) -> Selection:
    found = {kind.value for group in groups for kind in kinds_in(group)} | set(kinds.split())
    return Selection(name, frozenset(found - set(without.split())), **wants)


_ACTIVE, _MEDICATION = TreatmentGroup.ACTIVE, TreatmentGroup.MEDICATION
_INJECTION, _MANUAL = TreatmentGroup.INJECTION, TreatmentGroup.MANUAL

THERAPY_KINDS = "pt_supervised pt_aquatic pt_mckenzie pt_core_stabilisation"
ESI_KINDS = "esi_interlaminar esi_transforaminal esi_caudal esi_unknown"

THERAPY = _of("physical therapy", kinds=THERAPY_KINDS)
THERAPY_IN_PERSON = _of("physical therapy in person", kinds=THERAPY_KINDS, in_person=True)
HOME_PROGRAM = _of("prescribed home exercise", kinds="hep_prescribed")
EXERCISE = _of("active exercise", _ACTIVE, without="exercise_self")
MEDICINE = _of("medication", _MEDICATION)
# For the lists that name pain relievers, anti-inflammatories and steroids.
PAIN_MEDICINE = _of("pain medicine", _MEDICATION, without="med_cannabinoid med_other med_topical")
EPIDURAL = _of("epidural injection", kinds=ESI_KINDS)
EPIDURAL_OR_ROOT = _of("epidural or nerve root injection", kinds=f"{ESI_KINDS} snrb")
INJECTIONS = _of("injection", _INJECTION)
MANUAL = _of("hands-on therapy", _MANUAL)
BRANCH_BLOCK = _of("medial branch block", kinds="mbb")
ABLATION = _of("radio-frequency ablation", kinds="rfa")
ANY_CARE = _of("treatment", _ACTIVE, _MEDICATION, _INJECTION, _MANUAL, without="exercise_self")
DIRECTED_CARE = _of(
    "treatment directed by a clinician",
    _ACTIVE,
    _MEDICATION,
    _INJECTION,
    _MANUAL,
    without="exercise_self",
    directed=True,
)

EMERGENCIES = ("Cauda equina syndrome", "Severe or growing weakness")
SERIOUS = (*EMERGENCIES, "Tumor, infection or fracture", "Pressure on the spinal cord")
_MATCHING_IMAGES = ForClinician(code="imaging_matches", text="Imaging that matches the symptoms and the examination")
_EXAMINATION = ForClinician(code="examination", text="Findings of an examination in person")

GENERAL = Profile(
    "general",
    "Any insurer",
    "what most ask for",
    "Common denominator of the policies that we know",
    AS_OF,
    (
        CareTime(
            code="care_6_weeks",
            text="6 weeks of treatment directed by a clinician within 12 months",
            days=42,
            of=DIRECTED_CARE,
            within=YEAR,
        ),
        Modalities(
            code="two_kinds",
            text="At least 2 kinds of treatment within 12 months",
            count=2,
            of=(EXERCISE, MEDICINE, INJECTIONS, MANUAL),
            within=YEAR,
        ),
        Modalities(code="exercise", text="One of them active exercise", count=1, of=(EXERCISE,), within=YEAR),
        Documented(code="records", text="Records of that treatment", of=DIRECTED_CARE, within=YEAR),
        RecentImaging(code="imaging", text="MRI or CT within 12 months, with its report", months=12, with_report=True),
    ),
    waived_for=SERIOUS,
    is_secondhand=False,
)

BCBS_SC = Profile(
    "bcbs_sc_discectomy",
    "Blue Cross Blue Shield of South Carolina",
    "lumbar discectomy",
    "CAM 161, Lumbar Spinal Procedures",
    AS_OF,
    (
        CareTime(
            code="care_6_weeks_in_a_row",
            text="6 weeks in a row of physician-directed care within the last 6 months",
            days=42,
            of=DIRECTED_CARE,
            within=HALF_YEAR,
            in_a_row=True,
        ),
        Modalities(
            code="two_of_four",
            text="2 of: pain medicine, physical therapy, prescribed home exercise, epidural or root injection",
            count=2,
            of=(PAIN_MEDICINE, THERAPY, HOME_PROGRAM, EPIDURAL_OR_ROOT),
            within=HALF_YEAR,
        ),
        Documented(code="records", text="All of it documented", of=DIRECTED_CARE, within=HALF_YEAR),
        NervePattern(code="radicular", text="Nerve symptoms that hinder daily activities"),
        _MATCHING_IMAGES,
    ),
    payer="bcbs_sc",
    waived_for=EMERGENCIES,
    is_secondhand=False,
    note="Percutaneous and radio-frequency disc decompression count as investigational.",
)

AETNA_DECOMPRESSION = Profile(
    "aetna_decompression",
    "Aetna",
    "laminectomy or discectomy",
    "CPB 0743 (summaries, and full text of 2014 and 2016)",
    AS_OF,
    (
        CareTime(
            code="care_6_weeks",
            text="6 weeks of conservative treatment within the past year",
            days=42,
            of=ANY_CARE,
            within=YEAR,
        ),
        Modalities(
            code="therapy_in_person",
            text="Active physical therapy in person",
            count=1,
            of=(THERAPY_IN_PERSON,),
            within=YEAR,
        ),
        Modalities(code="medication", text="Medication", count=1, of=(MEDICINE,), within=YEAR),
        ForClinician(code="compression", text="Moderate or worse stenosis, or a nerve that is truly compressed"),
    ),
    payer="aetna",
    waived_for=SERIOUS,
    note="Endoscopic and percutaneous discectomy count as investigational.",
)

AETNA_FUSION = Profile(
    "aetna_fusion",
    "Aetna",
    "fusion",
    "CPB 0743 (summaries, and full text of 2014 and 2016)",
    AS_OF,
    (
        CareTime(
            code="care_3_months",
            text="3 months of conservative treatment within the past year",
            days=91,
            of=ANY_CARE,
            within=YEAR,
        ),
        Modalities(
            code="therapy_in_person",
            text="Active physical therapy in person",
            count=1,
            of=(THERAPY_IN_PERSON,),
            within=YEAR,
        ),
        NicotineFree(code="nicotine", text="No nicotine for 6 weeks (a laboratory value is asked for)", days=42),
        HbA1cBelow(code="hba1c", text="With diabetes: HbA1c below 8 %", percent=8),
        ForClinician(code="instability", text="Instability; not disc degeneration or pain in the back alone"),
    ),
    payer="aetna",
    waived_for=SERIOUS,
    note="Three months are asked for some kinds of fusion, six weeks for others.",
)

EVICORE_DECOMPRESSION = Profile(
    "evicore_608",
    "eviCore",
    "lumbar decompression",
    "CMM-608 (summary)",
    AS_OF,
    (
        Modalities(
            code="two_therapies_6_weeks",
            text="2 kinds of conservative therapy, each for 6 weeks",
            count=2,
            days_each=42,
            of=(THERAPY, HOME_PROGRAM, PAIN_MEDICINE, EPIDURAL_OR_ROOT, MANUAL),
        ),
        RecentImaging(code="imaging", text="MRI or CT"),
        _MATCHING_IMAGES,
        _EXAMINATION,
    ),
    payer="cigna",
    waived_for=("Urgent indications, such as an unstable fracture that presses on a nerve",),
    note="Another decompression needs more than 12 weeks since the one before. Which therapies count was not read.",
)

_EVICORE_FUSION: tuple[Criterion, ...] = (
    RecentImaging(code="imaging", text="MRI or CT within 6 months", months=6),
    NicotineFree(code="nicotine", text="No nicotine (a laboratory value is asked for)", days=1),
    LatestRating(code="rating", text="Often asked for: pain of 7 or more of 10", at_least=7),
    ForClinician(code="mental_health", text="No mental-health disorder without care"),
    _MATCHING_IMAGES,
)
_EVICORE_WAIVED = ("Urgent instability", "Infection, tumor or fracture")

EVICORE_SLIP = Profile(
    "evicore_609_slip",
    "eviCore",
    "lumbar fusion for degenerative spondylolisthesis",
    "CMM-609 (summary)",
    AS_OF,
    (
        CareTime(code="care_3_months", text="3 months of structured treatment", days=91, of=ANY_CARE),
        *_EVICORE_FUSION,
    ),
    payer="cigna",
    waived_for=_EVICORE_WAIVED,
)

EVICORE_DISC = Profile(
    "evicore_609_disc",
    "eviCore",
    "lumbar fusion for one painful disc",
    "CMM-609 (summary)",
    AS_OF,
    (
        CareTime(code="care_12_months", text="12 months of structured treatment", days=365, of=ANY_CARE),
        Modalities(
            code="two_kinds", text="At least 2 kinds of treatment", count=2, of=(EXERCISE, MEDICINE, INJECTIONS, MANUAL)
        ),
        *_EVICORE_FUSION,
    ),
    payer="cigna",
    waived_for=_EVICORE_WAIVED,
    note="Not for a herniated disc alone, and not for several worn discs.",
)

HCSC_FUSION = Profile(
    "hcsc_fusion",
    "Blue Cross Blue Shield of Illinois, Texas, Montana, New Mexico or Oklahoma (HCSC)",
    "lumbar fusion",
    "SUR712.036 (summary)",
    AS_OF,
    (
        CareTime(code="therapy_6_weeks", text="6 weeks of active physical therapy", days=42, of=THERAPY),
        Modalities(code="medication", text="A trial of pain medicine, or why not", count=1, of=(PAIN_MEDICINE,)),
        LatestRating(code="rating", text="Pain above 4 of 10", above=4),
        _MATCHING_IMAGES,
        ForClinician(code="function", text="Function that is impaired"),
    ),
    payer="hcsc",
    waived_for=("Rapid loss of strength", "Cauda equina syndrome"),
    note="Not for a herniated disc alone, non-specific back pain, worn discs or facet syndrome.",
)

UHC_RECORDS = Profile(
    "uhc_records",
    "UnitedHealthcare",
    "records for spine surgery",
    "Records that the policy lists (summary)",
    AS_OF,
    (
        ToldInFull(code="treatments", text="Earlier treatments with dates, duration and reason for stopping"),
        RatingsOverTime(code="ratings", text="2 measurements on one scale, to show what changed", count=2),
        RecentImaging(code="imaging", text="Dated images with the radiologist's report", with_report=True),
        NicotineTold(code="nicotine", text="Smoking, and since when without"),
    ),
    payer="uhc",
)

UHC_IMAGING = Profile(
    "uhc_oh_imaging",
    "UnitedHealthcare Community Plan of Ohio",
    "imaging of the spine",
    "CSRAD014OH (summary)",
    AS_OF,
    (
        CareTime(code="care_6_weeks", text="6 weeks of treatment directed by a clinician", days=42, of=DIRECTED_CARE),
        ForClinician(code="evaluation", text="A recent evaluation in person after that"),
    ),
    payer="uhc_oh",
    plan=MEDICAID,
    waived_for=("Warning signs",),
)

MEDICARE_ESI = Profile(
    "medicare_esi",
    "Medicare",
    "epidural steroid injection",
    "LCD L33906 (summary)",
    AS_OF,
    (
        PainTime(code="pain_4_weeks", text="Pain for 4 weeks", days=28),
        Modalities(
            code="care_failed",
            text="Conservative treatment before",
            count=1,
            of=(_of("conservative treatment", _ACTIVE, _MEDICATION, _MANUAL),),
        ),
        LatestRating(code="baseline", text="A baseline on a pain scale"),
        ReliefOfEarlier(code="relief", text="Another one: 50 % of relief from the one before", of=EPIDURAL, percent=50),
        AtMost(code="number", text="No more than 4 sessions in 12 months", of=EPIDURAL, count=4, within=YEAR),
    ),
    payer="medicare",
    plan=MEDICARE,
    note="Counted without regard to the region; the policy counts each region for itself. Not with herpes zoster.",
)

MEDICARE_FACET = Profile(
    "medicare_facet",
    "Medicare",
    "ablation of facet joint nerves",
    "LCD L38765 family; figures from general knowledge, not from the text",
    AS_OF,
    (
        PainTime(code="pain_3_months", text="Pain in the back itself for 3 months", days=91),
        Successes(
            code="two_blocks", text="2 medial branch blocks with 80 % relief each", of=BRANCH_BLOCK, count=2, percent=80
        ),
        ReliefOfEarlier(
            code="relief", text="Another one: 50 % of relief for 6 months", of=ABLATION, percent=50, days=182
        ),
    ),
    payer="medicare",
    plan=MEDICARE,
)

PROFILES = (
    GENERAL,
    BCBS_SC,
    AETNA_DECOMPRESSION,
    AETNA_FUSION,
    EVICORE_DECOMPRESSION,
    EVICORE_SLIP,
    EVICORE_DISC,
    HCSC_FUSION,
    UHC_RECORDS,
    UHC_IMAGING,
    MEDICARE_ESI,
    MEDICARE_FACET,
)
PROFILE = {profile.key: profile for profile in PROFILES}
