"""The tables of the public face."""

from intake.models.assessment import Assessment, NextAsk, Override
from intake.models.coverage import Answer, Coverage, Network, PageOfProof, Plan, Verification
from intake.models.guard import Arrival, Quarantine, QuarantinedRequest, RateCount
from intake.models.question import Question, Topic
from intake.models.submission import COUNTS, PendingSubmission, Submission, Unproven, UnprovenRequest

__all__ = [
    "COUNTS",
    "Answer",
    "Arrival",
    "Assessment",
    "Coverage",
    "Network",
    "NextAsk",
    "Override",
    "PageOfProof",
    "PendingSubmission",
    "Plan",
    "Quarantine",
    "QuarantinedRequest",
    "Question",
    "RateCount",
    "Submission",
    "Topic",
    "Unproven",
    "UnprovenRequest",
    "Verification",
]
