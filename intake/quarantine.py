"""Requests that were held back: keeping, releasing and discarding them, and the balance of everything that arrived."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Min

from crm.errors import DomainError
from crm.models import EmergencyCount, Lead, User
from intake import actions
from intake.models import Arrival, Quarantine, QuarantinedRequest, Submission

# Haste and a crowded connection happen to people. A filled trap or a flood with one address do not.
OUTWEIGHED = {"too_fast", "no_token", "many_here"}
ASKED = ("request", "call-me")


class QuarantineRefused(DomainError):
    """Somebody else has decided already, or a reason is missing."""


def hold(request: actions.Request, reasons: tuple[str, ...]) -> str:
    """Keeps a request for a person to look at, and returns the reference to show. Sent twice it is kept once."""
    kept = QuarantinedRequest(
        id=request.submission_id,
        location=request.location,
        page=request.page,
        data=actions.plain(request.data),
        reasons=list(reasons),
        at=request.now,
    )
    QuarantinedRequest.objects.bulk_create([kept], ignore_conflicts=True)
    return QuarantinedRequest.objects.values_list("reference", flat=True).get(pk=request.submission_id)


def can_prove_itself(submission_id: UUID) -> QuarantinedRequest | None:
    """The request, if it is still held and only for signs that a browser with a second to spare may outweigh."""
    held = QuarantinedRequest.objects.filter(pk=submission_id, state=Quarantine.HELD).first()
    return held if held and set(held.reasons) <= OUTWEIGHED else None


@transaction.atomic
def release(held: QuarantinedRequest, *, by: User | None, now: datetime) -> Lead:
    """It was a person: everything that would have happened at once happens now. Without `by` the visitor's browser has
    proven it. Raises QuarantineRefused."""
    locked = _waiting(held)
    lead = actions.submit(
        actions.Request(
            submission_id=locked.pk,
            data=locked.data,
            location=locked.location,
            now=now,
            page=locked.page,
            reference=locked.reference,
        )
    )
    _decide(locked, Quarantine.RELEASED, by=by, now=now)
    return lead


@transaction.atomic
def discard(held: QuarantinedRequest, *, by: User, note: str, now: datetime) -> None:
    """It was none: kept as it is, with the reason. Raises QuarantineRefused."""
    if not note.strip():
        raise QuarantineRefused("Say why: the reason stays beside the request.")
    _decide(_waiting(held), Quarantine.DISCARDED, by=by, now=now, note=note.strip())


def _waiting(held: QuarantinedRequest) -> QuarantinedRequest:
    locked = QuarantinedRequest.objects.select_for_update(of=("self",)).select_related("location").get(pk=held.pk)
    if locked.state != Quarantine.HELD:
        raise QuarantineRefused("Somebody has decided about this already.")
    return locked


def _decide(held: QuarantinedRequest, state: Quarantine, *, by: User | None, now: datetime, note: str = "") -> None:
    held.state, held.decided_by, held.decided_at, held.note = state, by, now, note
    held.save(update_fields=["state", "decided_by", "decided_at", "note"])


@dataclass(frozen=True)
class Balance:
    """What arrived, and what became of it, over some days. `missing` other than 0 wants somebody to look."""

    received: int
    leads: int
    attached: int
    quarantined: int
    emergencies: int

    @property
    def missing(self) -> int:
        return self.received - self.leads - self.attached - self.quarantined - self.emergencies


def balance(*, first: date, last: date) -> Balance:
    """Counts arrivals of these days, both included, against leads, submissions, held requests and emergencies."""
    arrivals = Arrival.objects.filter(day__gte=first, day__lte=last)
    asked = Submission.objects.filter(page__in=ASKED, pk__in=arrivals.values("pk"))
    began = Submission.objects.filter(page__in=ASKED).values("lead").annotate(first=Min("at")).values("lead", "first")
    firsts = {(row["lead"], row["first"]) for row in began.filter(lead__in=asked.values("lead"))}
    leads = sum((row["lead"], row["at"]) in firsts for row in asked.values("lead", "at"))
    emergencies = EmergencyCount.objects.filter(day__gte=first, day__lte=last)
    held = QuarantinedRequest.objects.filter(pk__in=arrivals.values("pk")).exclude(state=Quarantine.RELEASED)
    return Balance(
        received=arrivals.count(),
        leads=leads,
        attached=asked.aggregate(n=Count("pk"))["n"] - leads,
        quarantined=held.count(),
        emergencies=sum(emergencies.values_list("count", flat=True)),
    )


def by_day(*, today: date, days: int) -> list[tuple[date, Balance]]:
    """The balance of each of the last days, newest first."""
    return [(day, balance(first=day, last=day)) for day in (today - timedelta(days=back) for back in range(days))]
