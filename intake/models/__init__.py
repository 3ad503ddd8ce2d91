"""The tables of the public face."""

from intake.models.assessment import Assessment, Override
from intake.models.coverage import Answer, Coverage, Network, PageOfProof, Plan, Verification
from intake.models.guard import Arrival, Quarantine, QuarantinedRequest, RateCount
from intake.models.question import Question, Topic
from intake.models.submission import Submission

__all__ = [
    "Answer",
    "Arrival",
    "Assessment",
    "Coverage",
    "Network",
    "Override",
    "PageOfProof",
    "Plan",
    "Quarantine",
    "QuarantinedRequest",
    "Question",
    "RateCount",
    "Submission",
    "Topic",
    "Verification",
]
