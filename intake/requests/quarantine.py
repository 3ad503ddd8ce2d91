"""Requests that were held back: keeping, releasing and discarding them, and the balance of everything that arrived."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from crm import locations
from crm.enums.leads import TaskKind
from crm.errors import DomainError
from crm.leads import tasks
from crm.models import EmergencyCount, Lead, Location, User
from crm.models.lead import visible_q
from intake.assessment import signs
from intake.models import Arrival, Quarantine, QuarantinedRequest, Submission
from intake.requests import actions
from intake.requests.rows import Request, plain

# Haste, a crowded connection and a page that was open for too long happen to people. A filled trap or a flood with one
# address do not.
OUTWEIGHED = {"too_fast", "no_token", "many_here", "refused"}
ASKED = ("request", "call-me")


class QuarantineRefused(DomainError):
    """Somebody else has decided already, or a reason is missing."""


def hold(asked: Request, reasons: tuple[str, ...]) -> str:
    """Keep a request for a person to look at, and return the reference to show. Each payload of a form is kept once."""
    kept = QuarantinedRequest(
        form_id=asked.form_id,
        digest=asked.digest,
        repeats=asked.repeats,
        location=asked.location,
        page=asked.page,
        reference=asked.reference,
        data=plain(asked.data),
        language=asked.language,
        attribution=asked.attribution,
        reasons=list(reasons),
        at=asked.now,
    )
    QuarantinedRequest.objects.bulk_create([kept], ignore_conflicts=True)
    same = QuarantinedRequest.objects.filter(form_id=asked.form_id, digest=asked.digest)
    return str(same.values_list("reference", flat=True).get())


def can_prove_itself(reference: str) -> QuarantinedRequest | None:
    """Return the request, if it is still held and only for signs that a browser with a second to spare may outweigh."""
    held = QuarantinedRequest.objects.filter(reference=reference, state=Quarantine.HELD).first()
    return held if held and set(held.reasons) <= OUTWEIGHED else None


@transaction.atomic
def release(held: QuarantinedRequest, *, by: User | None, now: datetime) -> Lead:
    """Release a held request, since a person sent it: all that would have happened at once happens now. Without `by`
    the visitor's browser has proven it. Raises QuarantineRefused."""
    locked = _waiting(held)
    sent = actions.submit(
        Request(
            form_id=locked.form_id,
            repeats=locked.repeats,
            data=locked.data,
            location=locked.location,
            now=now,
            page=locked.page,
            language=locked.language,
            attribution=locked.attribution,
            reference=locked.reference,
        )
    )
    _decide(locked, Quarantine.RELEASED, by=by, now=now)
    return sent.lead


@transaction.atomic
def discard(held: QuarantinedRequest, *, by: User, note: str, now: datetime) -> None:
    """Discard a held request that no person sent: kept as it is, with the reason. Raises QuarantineRefused, also when
    it tells a warning sign and `by` decides no reviews."""
    if signs_of(held) and not by.has_perm(tasks.NEEDS[TaskKind.REVIEW]):
        raise QuarantineRefused("It tells a warning sign: only a clinician discards it.")
    if not note.strip():
        raise QuarantineRefused("Say why: the reason stays beside the request.")
    _decide(_waiting(held), Quarantine.DISCARDED, by=by, now=now, note=note.strip())


def signs_of(held: QuarantinedRequest) -> list[str]:
    """Return the warning signs that a held request tells."""
    return signs.of_answers(held.data, lead=Lead(location=held.location), now=held.at)


def _waiting(held: QuarantinedRequest) -> QuarantinedRequest:
    locked = (
        QuarantinedRequest.objects.select_for_update(no_key=True, of=("self",))
        .select_related("location")
        .get(pk=held.pk)
    )
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


def by_day(*, first: date, last: date, user: User) -> list[tuple[date, Balance]]:
    """Return what arrived on each of these days, both included, newest first, of the locations that somebody works for.
    Two queries, however many arrived."""
    became = Submission.objects.filter(form_id=OuterRef("pk"), page__in=ASKED)
    held = QuarantinedRequest.objects.filter(form_id=OuterRef("pk")).exclude(state=Quarantine.RELEASED)
    arrived = Arrival.objects.filter(day__range=(first, last), pk__in=_arrived_in_sight(user)).annotate(
        asked=Exists(became), began=Exists(became.filter(~Exists(_earlier()))), waits=Exists(held)
    )
    counts = arrived.values("day").annotate(
        received=Count("pk"),
        leads=Count("pk", filter=Q(began=True)),
        attached=Count("pk", filter=Q(asked=True, began=False)),
        quarantined=Count("pk", filter=Q(waits=True)),
    )
    found = {row["day"]: {name: row[name] for name in NOTHING} for row in counts.values("day", *NOTHING)}
    emergencies = _emergencies(first, last, user)
    days = [last - timedelta(days=back) for back in range((last - first).days + 1)]
    return [(day, Balance(**found.get(day, NOTHING), emergencies=emergencies.get(day, 0))) for day in days]


NOTHING = {"received": 0, "leads": 0, "attached": 0, "quarantined": 0}


def _earlier() -> QuerySet[Submission]:
    """Return the requests of the same lead before this one, for a subquery."""
    before = Q(at__lt=OuterRef("at")) | Q(at=OuterRef("at"), pk__lt=OuterRef("pk"))
    return Submission.objects.filter(before, lead=OuterRef("lead"), page__in=ASKED).exclude(form_id=OuterRef("form_id"))


def _arrived_in_sight(user: User) -> QuerySet[Arrival]:
    """Return what has become a request of a location that this person works for, or waits there. What became nothing
    arrived on the pages of the main location."""
    sent = Submission.objects.filter(form_id=OuterRef("pk"), page__in=ASKED)
    held = QuarantinedRequest.objects.filter(form_id=OuterRef("pk"))
    here = Exists(sent.filter(visible_q(user, location="lead__location"))) | Exists(held.filter(visible_q(user)))
    center = locations.main()
    main = Location.objects.filter(visible_q(user, location="pk"), pk__in=[center.pk] if center else [])
    return Arrival.objects.filter(here | (~Exists(sent) & ~Exists(held) & Exists(main)))


def _emergencies(first: date, last: date, user: User) -> dict[date, int]:
    counted = EmergencyCount.objects.filter(visible_q(user), day__range=(first, last))
    days = counted.values("day").annotate(sum=Sum("count"))
    return dict(days.values_list("day", "sum"))
