"""References of requests: each request has one of its own, whoever it turned out to be from."""

from uuid import UUID

from django.db.models import QuerySet

from intake.models import Submission


def leads_of(reference: str) -> QuerySet[Submission, UUID]:
    """Return the lead of the request that was given this reference, as a subquery of ids."""
    return Submission.objects.filter(reference=reference).values_list("lead", flat=True)
