"""The tables of the public face."""

from intake.models.assessment import Assessment, Override
from intake.models.guard import Arrival, Quarantine, QuarantinedRequest, RateCount
from intake.models.question import Question, Topic
from intake.models.submission import Submission

__all__ = [
    "Arrival",
    "Assessment",
    "Override",
    "Quarantine",
    "QuarantinedRequest",
    "Question",
    "RateCount",
    "Submission",
    "Topic",
]
