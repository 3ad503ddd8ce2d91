"""The kinds of criteria that insurers set, each with its figures as fields. The figures stand in intake/payers.py."""

from intake.criteria.base import Criterion, Finding, State, Timed, spoken_day
from intake.criteria.recorded import (
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
from intake.criteria.timed import CareTime, Modalities, NicotineFree, PainTime

__all__ = [
    "AtMost",
    "CareTime",
    "Criterion",
    "Documented",
    "Finding",
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
