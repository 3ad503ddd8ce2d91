"""The tables of the public face."""

from intake.models.assessment import Assessment, Override
from intake.models.question import Question, Topic
from intake.models.submission import Submission

__all__ = ["Assessment", "Override", "Question", "Submission", "Topic"]
