"""A center under siege: forty patients on two web processes of which one is killed again and again, and what their own
notes say of the tables afterwards."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db import connection
from django.utils import timezone

from crm.models import Lead, Location, PatientSession
from crm.patient_portal import access as patient_access
from crm.patient_portal import page_owner
from scheduling.enums import TAKING, ClaimState, ResourceKind
from scheduling.models import Appointment, AppointmentType, Claim
from tests.factories import make_location
from tests.faults import rehearsal
from tests.faults.crowd_of_patients import Patient, Told
from tests.faults.far_end import far_end
from tests.scheduling.factories import make_kind, make_patient, make_resource

DAYS, STARTS_A_DAY = 4, 12


@dataclass(frozen=True)
class Siege:
    """`pause_seconds` between two kills of a web process."""

    patients: int
    rounds: int
    most_seconds: float
    pause_seconds: float = 2.0


@dataclass(frozen=True)
class Result:
    """Counts of what was told, and every promise that was broken, in words."""

    requests: int
    kills: int
    told: Counter[str]
    broken: list[str]


def stand(siege: Siege) -> Result:
    """Expects Django to be set up, and no appointments."""
    center = make_location(hours={}, holidays=[])
    kinds, starts = _calendar(center), _starts(center)
    leads = [make_patient(center, email=f"p{n}@example.org") for n in range(siege.patients)]
    before = _deadlocks()
    with far_end() as far, ExitStack() as sites:
        rehearsal.collect_static(far)
        web = [sites.enter_context(rehearsal.site(far, redis_url="redis://127.0.0.1:1")) for _ in range(2)]
        ports = [site.port for site in web]
        crowd = [
            Patient(ports, *_secret_and_page(lead), [kind.key for kind in kinds], starts, seed=number)
            for number, lead in enumerate(leads)
        ]
        kills = _siege(crowd, web, siege)
    told = [one for patient in crowd for one in patient.told]
    broken = [*_server_errors(crowd), *_overlaps(), *_against_their_notes(told), *_claims_of_each()]
    if _deadlocks() > before:
        broken.append(f"{_deadlocks() - before} deadlocks")
    counts = Counter(f"{one.act} {one.answer}" for one in told)
    broken += [f"no {act} was ever accepted" for act in ("book", "move", "cancel") if not counts[f"{act} accepted"]]
    return Result(sum(patient.requests for patient in crowd), kills, counts, broken)


def _calendar(center: Location) -> list[AppointmentType]:
    """Two providers, two rooms; one type takes both, and the types overlap without being the same length."""
    providers = [make_resource(center, name=f"Dr. {n}") for n in range(2)]
    rooms = [make_resource(center, kind=ResourceKind.ROOM, name=f"Room {n}") for n in range(2)]
    always: dict[str, Any] = {"cancel_until": 0, "reschedule_until": 0}
    return [
        make_kind(
            *providers, *rooms, key="siege-visit", needs_room=True, duration=45, step=15, buffer_after=15, **always
        ),
        make_kind(*providers, key="siege-call", duration=30, step=15, **always),
    ]


def _starts(center: Location) -> list[datetime]:
    """Few of them, so that many want the same: from nine on, every quarter of an hour, on the next Tuesdays."""
    today = timezone.now().astimezone(center.zone).replace(hour=9, minute=0, second=0, microsecond=0)
    tuesday = today + timedelta(days=7 + (1 - today.weekday()) % 7)
    return [
        (tuesday + timedelta(days=day, minutes=15 * n)).astimezone(UTC)
        for day in range(DAYS)
        for n in range(STARTS_A_DAY)
    ]


def _secret_and_page(lead: Lead) -> tuple[str, str]:
    """What opens the private page, and what its forms carry."""
    entry = patient_access.begin(lead, now=timezone.now())
    PatientSession.objects.filter(pk=entry.session.pk).update(proven_at=timezone.now())
    return entry.secret, page_owner.token_of(entry.session)


def _siege(crowd: list[Patient], web: list[rehearsal.Site], siege: Siege) -> int:
    until = time.monotonic() + siege.most_seconds
    threads = [
        threading.Thread(target=patient.live, kwargs={"rounds": siege.rounds, "until": until}) for patient in crowd
    ]
    for thread in threads:
        thread.start()
    chance, kills = random.Random(7), 0  # noqa: S311 - a rehearsal, not a secret
    while any(thread.is_alive() for thread in threads) and time.monotonic() < until:
        time.sleep(siege.pause_seconds)
        if all(site.is_answering() for site in web):  # one at a time: the other one goes on
            chance.choice(web).kill()
            kills += 1
    for thread in threads:
        thread.join(timeout=120)
    return kills


# --- What must be true afterwards ------------------------------------------------------------------------------------


def _server_errors(crowd: Iterable[Patient]) -> list[str]:
    return [error for patient in crowd for error in patient.server_errors][:5]


def _overlaps() -> list[str]:
    """Counted by ourselves, without the constraint's help."""
    taken = sorted(
        (str(claim.resource_id), claim.during.lower, claim.during.upper)
        for claim in Claim.objects.filter(state__in=TAKING)
    )
    pairs = pairwise(taken)
    return [f"two claims on {one[0]} overlap" for one, other in pairs if one[0] == other[0] and other[1] < one[2]]


def _against_their_notes(told: list[Told]) -> list[str]:
    """Each accepted act is in the final state unless a later one changed it; no refused one is; of an unknown one
    either may be."""
    rows = {str(made.request_id): made for made in Appointment.objects.all()}
    by_request: dict[str, list[Told]] = {}
    for one in told:
        by_request.setdefault(one.request_id, []).append(one)
    found = []
    for request_id, acts in by_request.items():
        possible = _possible(acts)
        made = rows.get(request_id)
        state = _state(made)
        if state not in possible:
            found.append(f"{request_id}: told {[f'{act.act} {act.answer}' for act in acts]}, but it is {state}")
    unknown = set(rows) - set(by_request)
    return [*found, *(f"{one}: nobody asked for it" for one in unknown)]


def _state(made: Appointment | None) -> object:
    if made is None:
        return None
    return "cancelled" if made.status == "cancelled" else made.starts_at


def _possible(acts: list[Told]) -> set[object]:
    states: set[object] = {None}
    for act in acts:
        after: object = "cancelled" if act.act == "cancel" else act.start
        if act.answer == "accepted":
            states = {after}
        elif act.answer == "unknown":
            states |= {after}
    return states


def _claims_of_each() -> list[str]:
    """A standing appointment holds exactly its time on exactly its resources; any other holds none."""
    held: dict[object, dict[object, tuple[datetime, datetime]]] = {}
    for claim in Claim.objects.filter(state=ClaimState.BOOKED):
        held.setdefault(claim.appointment_id, {})[claim.resource_id] = (claim.during.lower, claim.during.upper)
    wrong = []
    for made in Appointment.objects.select_related("kind"):
        wanted = dict.fromkeys({made.provider_id, made.room_id} - {None}, made.span) if made.stands else {}
        if held.get(made.pk, {}) != wanted:
            wrong.append(f"{made.request_id}: its claims are not its own time")
    return wrong


def _deadlocks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])
