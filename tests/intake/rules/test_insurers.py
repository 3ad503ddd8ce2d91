"""Which insurer is meant by what people write: whole words, kinds of plan, and what stays open."""

import pytest

from intake.rules import coverage, insurers

AETNA = ["aetna_decompression", "aetna_fusion"]
EVICORE = ["evicore_608", "evicore_609_slip", "evicore_609_disc"]
MEDICARE = ["medicare_esi", "medicare_facet"]
UHC, HCSC, SC = ["uhc_records"], ["hcsc_fusion"], ["bcbs_sc_discectomy"]

CLEAR = [
    ("Aetna", "", AETNA),
    ("AETNA Open Access PPO", "commercial", AETNA),
    ("aetna's", "", AETNA),
    ("Cigna", "", EVICORE),
    ("Cigna / eviCore", "", EVICORE),
    ("No Medicare, only Cigna", "", EVICORE),
    ("Cigna, not Aetna", "", EVICORE),
    ("Cigna instead of Aetna", "", EVICORE),
    ("not Medicare but Cigna", "commercial", EVICORE),
    ("No tengo Medicare, solo Cigna", "", EVICORE),
    ("Cigna (no longer Aetna)", "", EVICORE),
    ("I don't have Medicare or Aetna, I have UMR", "", UHC),
    ("United-Health", "", UHC),
    ("United/Health Care", "", UHC),
    ("U.H.C.", "", UHC),
    ("U H C", "", UHC),
    ("Unitedhealthcare Choice Plus", "", UHC),
    ("UMR", "", UHC),
    ("UnitedHealthcare Community Plan of Ohio", "medicaid", ["uhc_oh_imaging"]),
    ("Blue Cross/Blue Shield of Texas", "", HCSC),
    ("Blue-Cross Blue-Shield Texas", "", HCSC),
    ("Texas Blue Cross and Blue Shield", "", HCSC),
    ("BlueCross & BlueShield of Texas", "", HCSC),
    ("BCBSTX", "", HCSC),
    ("BC/BS TX", "", HCSC),
    ("BCBS of IL", "", HCSC),
    ("Blue Cross of Oklahoma", "", HCSC),
    ("BCBS-NM", "", HCSC),
    ("HCSC", "", HCSC),
    ("B.C.B.S. of South Carolina", "", SC),
    ("BCBSSC", "", SC),
    ("BlueChoice HealthPlan of South Carolina", "", SC),
    ("Medicare", "", MEDICARE),
    ("", "medicare", MEDICARE),
    ("Original Medicare (Part A and B)", "medicare", MEDICARE),
    ("Medicare", "unsure", MEDICARE),
]


@pytest.mark.parametrize(("name", "plan", "keys"), CLEAR)
def test_an_insurer_is_known_by_whole_words_and_by_its_plan(name: str, plan: str, keys: list[str]) -> None:
    assert [profile.key for profile in coverage.profiles_of(name, plan)] == keys
    assert not coverage.suggestion(insurers.recognize(name, plan)).question


NOBODY = [
    ("Sumrall Mutual", ""),
    ("Humrich Insurance", ""),
    ("Aetnan Life", ""),
    ("Ducigna", ""),
    ("Example Mutual", "commercial"),
    ("United American", ""),
    ("Blue Cross Blue Shield of Michigan", ""),
    ("BCBSNC", ""),
    ("Blue Shield of North Carolina", ""),
    ("Tricare West", "tricare_va"),
    ("", "commercial"),
    ("", "medicaid"),
    ("Aetna", "self_pay"),
    ("", ""),
    ("   ", "unsure"),
]


@pytest.mark.parametrize(("name", "plan"), NOBODY)
def test_what_is_no_insurer_of_ours_suggests_nothing(name: str, plan: str) -> None:
    found = coverage.suggestion(insurers.recognize(name, plan))
    assert (found.profiles, found.possible, found.question) == ((), (), "")
    assert coverage.suggested(name, plan).key == "general"


OPEN = [
    ("Medicare Advantage", "", []),
    ("Medicare Advantage (Aetna)", "", AETNA),
    ("Aetna Medicare PPO", "", AETNA),
    ("Aetna", "medicare_advantage", AETNA),
    ("Medicare", "medicare_advantage", []),
    ("Medicare", "commercial", []),
    ("Aetna", "medicare", AETNA),
    ("Humana", "medicare", []),
    ("Medicare and Humana", "", MEDICARE),
    ("AARP Medicare Complete, United Healthcare", "", UHC),
    ("Aetna Better Health", "", AETNA),
    ("Aetna", "medicaid", AETNA),
    ("Aetna", "workers_comp", AETNA),
    ("Aetna Dental", "", AETNA),
    ("UnitedHealthcare Community Plan", "", UHC),
    ("Aetna or Cigna", "", AETNA + EVICORE),
    ("Aetna, Cigna", "", AETNA + EVICORE),
    ("BCBS", "", []),
    ("Anthem Blue Cross", "", []),
    ("CareFirst BlueChoice", "", []),
    ("BCBS of Texas or South Carolina", "", SC + HCSC),
    ("not aetna", "", []),
    ("not sure, Aetna", "", AETNA),
    ("Maybe Aetna", "", AETNA),
    ("Aetna?", "", AETNA),
    ("Aetna expired", "", AETNA),
    ("none", "", []),
    ("no insurance", "", []),
    ("uninsured", "", []),
    ("Self-pay", "", []),
    ("I pay cash", "commercial", []),
    ("N/A", "", []),
    ("Sin seguro", "", []),
    ("Ninguno", "", []),
    ("Cigna HealthSpring", "", EVICORE),
    ("Humana Gold Plus", "", []),
    ("AARP (UHC)", "", UHC),
    ("Medicare + AARP", "", MEDICARE),
    ("Medicare, Medigap Plan G", "", MEDICARE),
    ("Railroad Medicare", "", MEDICARE),
    ("Medicare and Medicaid", "", MEDICARE),
]


@pytest.mark.parametrize(("name", "plan", "possible"), OPEN)
def test_what_may_mean_several_things_is_asked_and_never_guessed(name: str, plan: str, possible: list[str]) -> None:
    found = coverage.suggestion(insurers.recognize(name, plan))
    assert found.question
    assert (found.profiles, coverage.suggested(name, plan).key) == ((), "general")
    assert [profile.key for profile in found.possible] == possible


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("Aetna", ""), ("aetna PPO", "commercial"), True),
        (("U.H.C.", ""), ("United Healthcare", "unsure"), True),
        (("Medicare", ""), ("", "medicare"), True),
        (("Example  Mutual", ""), ("example-mutual", "commercial"), True),
        (("Example Mutual", ""), ("Sample Mutual", ""), False),
        (("Aetna", ""), ("Cigna", ""), False),
        (("Aetna", "commercial"), ("Aetna", "medicare_advantage"), False),
        (("Aetna", "commercial"), ("Aetna", "self_pay"), False),
        (("", "self_pay"), ("Aetna", "self_pay"), True),
    ],
)
def test_one_insurer_is_told_from_another(one: tuple[str, str], other: tuple[str, str], same: bool) -> None:
    assert (insurers.recognize(*one).identity == insurers.recognize(*other).identity) is same
