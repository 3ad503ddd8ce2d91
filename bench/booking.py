"""Free times and bookings beside 250,000 claims.

    python -m bench.booking [--claims 250000]

Finding free times is compared with the bare fetch of the same rows, a row a claim, in turns; a booking over Django's
test client with a view of one INSERT behind the same middleware, likewise. Then fifty at once, in two processes, want
each of twenty times.
"""

import statistics
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from multiprocessing import get_context
from typing import Any
from uuid import uuid4

from bench.database import migrated

PROVIDERS, CLIENTS, PROCESSES, TIMES, ROUNDS = 50, 50, 2, 20, 9
ONE_MS, FETCH_RATIO, MONTH_MS, WAIT_MS, POST_SHARE, MOST_QUERIES = 5.0, 1.5, 100.0, 250.0, 0.5, 3

_CLAIMS = """
WITH made AS (
    SELECT n, gen_random_uuid() AS id, gen_random_uuid() AS topic,
        (%(providers)s::uuid[])[1 + n %% %(many)s] AS provider,
        %(begin)s::timestamptz + (n / %(many)s) * interval '40 minutes' AS start
    FROM generate_series(0, %(count)s - 1) n
), topics AS (
    INSERT INTO crm_messagetopic (id, version, live) SELECT topic, 1, true FROM made
), appointments AS (
    INSERT INTO scheduling_appointment (id, lead_id, kind_id, location_id, provider_id, status, starts_at, ends_at,
        version, topic_id, calendar_uid, request_id, is_extra, extra_reason, booked_at, agreed_at, ended_by,
        ended_reason)
    SELECT id, %(lead)s, %(kind)s, %(center)s, provider, 'booked', start, start + interval '30 minutes',
        1, topic, id, gen_random_uuid(), false, '', now(), now(), '', '' FROM made
)
INSERT INTO scheduling_claim (id, resource_id, during, state, appointment_id, held_by, created_at)
SELECT gen_random_uuid(), provider, tstzrange(start, start + interval '30 minutes'), 'booked', id, '', now() FROM made
"""


def main() -> int:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=250_000)
    options = parser.parse_args()
    with migrated(with_pages=True):
        return _run(options.claims)


def _run(claims: int) -> int:
    from scheduling.actions.availability import SlotQuery

    place = _fill(claims)
    kind, center, today = place["kind"], place["center"], datetime.now(UTC).date()
    one = SlotQuery(kind, center, today, 30, provider=place["providers"][0].pk, for_staff=True)
    all_of_them = SlotQuery(kind, center, today, 90, for_staff=True)
    bad = []

    def line(what: str, value: float, wanted: float, unit: str, *, more: str = "", at_least: bool = False) -> None:
        missed = value < wanted if at_least else value > wanted
        bad.append(missed)
        sign = ">=" if at_least else "<="
        print(f"{what:<44}{value:>10.2f} {unit:<4} wanted {sign} {wanted:g}{'  MISSED' if missed else ''}  {more}")

    print(f"\n{claims:,} claims of {PROVIDERS} providers, medians of {ROUNDS} rounds in turns")
    now = datetime.now(UTC)
    ours, bare, queries = _beside_bare_fetch(one, place["providers"][:1], now)
    line("1 provider, 30 days", ours, ONE_MS, "ms", more=f"{queries} queries, bare fetch {bare:.2f} ms")
    ours, bare, queries = _beside_bare_fetch(all_of_them, place["providers"], now)
    line("50 providers, 90 days: of a bare fetch", ours / bare, FETCH_RATIO, "x", more=f"{ours:.0f} ms, {bare:.0f} ms")
    line("its queries", queries, MOST_QUERIES, "")
    line("a patient's month page", _month_page(place), MONTH_MS, "ms")
    winners, wait = _fifty_at_once(place)
    line("50 at once want each of 20 times: winners", abs(winners - TIMES), 0, "off")
    line("the longest wait", wait, WAIT_MS, "ms")
    share, booking, insert = _post_beside_insert(place)
    more = f"{booking:.1f} ms beside {insert:.1f} ms"
    line("a booking's rate beside one INSERT", share, POST_SHARE, "x", more=more, at_least=True)
    return int(any(bad))


def _fill(count: int) -> dict[str, Any]:
    """Make a center, fifty providers who work on weekdays, a patient, and claims from two years ago on."""
    from django.db import connection

    from crm.models import Location
    from tests.factories import make_location
    from tests.scheduling.factories import make_kind, make_patient, make_resource

    print("writing claims ...", flush=True)
    center = Location.objects.main() or make_location()
    providers = [make_resource(center, name=f"Dr. {n}", position=n) for n in range(PROVIDERS)]
    kind, lead = make_kind(*providers, key="bench"), make_patient(center)
    each = -(-count // PROVIDERS)
    begin = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - each * timedelta(minutes=40)
    values: dict[str, Any] = {
        "providers": [one.pk for one in providers],
        "many": PROVIDERS,
        "count": count,
        "lead": lead.pk,
        "kind": kind.pk,
        "center": center.pk,
        "begin": begin + timedelta(days=45),
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIMS, values)
        cursor.execute("VACUUM ANALYZE")
    return {"center": center, "kind": kind, "providers": providers}


def _median_ms(act: Callable[[], object]) -> float:
    took = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        act()
        took.append(time.perf_counter() - begun)
    return statistics.median(took) * 1000


_ROWS = """
SELECT resource_id, lower(during), upper(during) FROM scheduling_claim
WHERE resource_id = ANY (%s) AND state IN ('held', 'booked') AND lower(during) >= %s AND lower(during) < %s
"""


def _beside_bare_fetch(asked: Any, providers: list[Any], now: datetime) -> tuple[float, float, int]:
    """Return (ours, the bare fetch of the same claims as rows, how many statements ours takes), medians in
    milliseconds."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from scheduling.actions.availability import AROUND, LONGEST_CLAIM, find

    begin = datetime.combine(asked.first, clock(), tzinfo=asked.location.zone) - AROUND
    values: list[Any] = [
        [one.pk for one in providers],
        begin - LONGEST_CLAIM,
        begin + timedelta(days=asked.days) + 2 * AROUND,
    ]

    def act() -> object:
        return find(asked, now=now)

    def fetch() -> None:
        with connection.cursor() as cursor:
            cursor.execute(_ROWS, values)
            cursor.fetchall()

    act()
    with CaptureQueriesContext(connection) as captured:
        act()

    fetch()
    ours, bare = list[float](), list[float]()
    for _ in range(ROUNDS):
        for took, one in ((ours, act), (bare, fetch)):
            begun = time.perf_counter()
            one()
            took.append(time.perf_counter() - begun)
    return statistics.median(ours) * 1000, statistics.median(bare) * 1000, len(captured)


def _browser(place: dict[str, Any], email: str) -> Any:
    from django.test import Client

    from crm.models import PatientSession
    from crm.patient_portal import access as patient_access
    from crm.patient_portal import page_owner
    from tests.scheduling.factories import make_patient

    browser = Client()
    entry = patient_access.begin(make_patient(place["center"], email=email), now=datetime.now(UTC))
    PatientSession.objects.filter(pk=entry.session.pk).update(proven_at=datetime.now(UTC))
    browser.cookies["patient"] = entry.secret
    browser.defaults |= {f"HTTP_{page_owner.HEADER.upper().replace('-', '_')}": page_owner.token_of(entry.session)}
    return browser


def _month_page(place: dict[str, Any]) -> float:
    """Return the median milliseconds of the month page. All fifty providers are searched; one of their own choice would
    be less."""
    browser = _browser(place, "month@example.org")
    day = datetime.now(UTC) + timedelta(days=62)
    return _median_ms(lambda: browser.get(f"/my/appointments/book/bench/?month={day:%Y-%m}"))


def _later(place: dict[str, Any], weeks: int) -> datetime:
    """Return a Tuesday at nine on the center's clock, far from all claims."""
    zone = place["center"].zone
    today = datetime.now(UTC).astimezone(zone).replace(hour=9, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=7 * weeks + (1 - today.weekday()) % 7)).astimezone(UTC)


def _fifty_at_once(place: dict[str, Any]) -> tuple[int, float]:
    """Return (how many times were booked exactly once, the longest of all answers in milliseconds)."""
    from tests.scheduling.factories import make_kind, make_patient

    provider = place["providers"][0]
    kind = make_kind(provider, key="contested")
    leads = [make_patient(place["center"], email=f"c{n}@example.org").pk for n in range(CLIENTS)]
    shares = [leads[n::PROCESSES] for n in range(PROCESSES)]
    won, longest = 0, 0.0
    with ProcessPoolExecutor(PROCESSES, get_context("spawn"), initializer=_wake_up) as pool:
        list(pool.map(_compete, shares, [kind.pk] * PROCESSES, [None] * PROCESSES))  # imports and connections
        for turn in range(TIMES):
            start = _later(place, 12) + turn * timedelta(minutes=30) if turn < 14 else _later(place, 13 + turn)
            answers = [
                one for part in pool.map(_compete, shares, [kind.pk] * PROCESSES, [start] * PROCESSES) for one in part
            ]
            won += sum(booked for booked, _took in answers) == 1
            longest = max(longest, *(took for _booked, took in answers))
            kind.appointments.update(status="fulfilled")  # or nobody may book a second one
    return won, longest * 1000


def _wake_up() -> None:
    import django

    django.setup()


def _compete(leads: list[Any], kind_id: Any, start: datetime | None) -> list[tuple[bool, float]]:
    """Let a share of those who want the same time compete, each in a thread: (whether it became theirs, seconds until
    the answer). Without a time they only look."""
    from django.db import connection

    from crm.models import Lead
    from scheduling.actions import booking
    from scheduling.actions.errors import BookingRefused
    from scheduling.models import AppointmentType
    from tests.scheduling.factories import wish

    kind = AppointmentType.objects.get(pk=kind_id)
    people = list(Lead.objects.select_related("location").filter(pk__in=leads))

    def one(lead: Lead) -> tuple[bool, float]:
        begun = time.perf_counter()
        try:
            at = start or datetime.now(UTC) + timedelta(days=3, seconds=1)  # on no grid
            booking.book(wish(lead, kind, at, request_id=uuid4()), now=datetime.now(UTC))
        except BookingRefused:
            return False, time.perf_counter() - begun
        finally:
            connection.close()
        return True, time.perf_counter() - begun

    with ThreadPoolExecutor(len(people)) as threads:
        return list(threads.map(one, people))


def _post_beside_insert(place: dict[str, Any]) -> tuple[float, float, float]:
    """Return (share of the rate, milliseconds of a booking, milliseconds of one INSERT), measured in turns behind one
    middleware."""
    from django.http import HttpRequest, HttpResponse
    from django.urls import path

    from crm import urls
    from crm.models import Snippet
    from tests.scheduling.factories import make_kind

    def bare(_request: HttpRequest) -> HttpResponse:
        Snippet.objects.create(title=uuid4().hex, text_en="x")
        return HttpResponse(status=302)

    urls.urlpatterns.insert(0, path("bench-bare/", bare))
    ours, least = list[float](), list[float]()
    kind = make_kind(place["providers"][1], key="posted")
    for number in range(40):
        browser = _browser(place, f"post{number}@example.org")
        start = _later(place, 40 + number)
        answer = browser.post(f"/my/appointments/book/{kind.key}/", {"start": start.isoformat()})
        for took, address, sent in (
            (ours, answer["Location"], {"request_id": str(uuid4())}),
            (least, "/bench-bare/", {"title": "x"}),
        ):
            begun = time.perf_counter()
            answered = browser.post(address, sent)
            took.append(time.perf_counter() - begun)
            assert answered.status_code == 302  # noqa: S101 - a bench that measures a refusal lies
    booking, insert = statistics.median(ours) * 1000, statistics.median(least) * 1000
    return insert / booking, booking, insert


if __name__ == "__main__":
    sys.exit(main())
