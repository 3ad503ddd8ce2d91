"""The kinds of criteria that insurers set, each with its figures as fields. The figures stand in
intake/rules/payers.py."""

from intake.rules.criteria.base import Criterion, CriterionFinding, State, Timed, spoken_day
from intake.rules.criteria.recorded import (
    AtMost,
    Documented,
    ForClinician,
    HbA1cBelow,
    LatestRating,
    NervePattern,
    NicotineTold,
    RatingsOverTime,
    RecentImaging,
    ReliefOfEarlier,
    Successes,
    ToldInFull,
)
from intake.rules.criteria.timed import CareTime, Modalities, NicotineFree, PainTime

__all__ = [
    "AtMost",
    "CareTime",
    "Criterion",
    "CriterionFinding",
    "Documented",
    "ForClinician",
    "HbA1cBelow",
    "LatestRating",
    "Modalities",
    "NervePattern",
    "NicotineFree",
    "NicotineTold",
    "PainTime",
    "RatingsOverTime",
    "RecentImaging",
    "ReliefOfEarlier",
    "State",
    "Successes",
    "Timed",
    "ToldInFull",
    "spoken_day",
]
