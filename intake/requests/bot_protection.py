"""Is this a person? Judged without anybody else's help, and never at the cost of a request.

A suspicion holds a request back until somebody has looked at it; only a flood is turned away. Warning signs are acted
on before any of this is asked.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from crm.http.client_address import client_address
from crm.values import telephone
from intake.models import RateCount

HONEYPOT, OPENED = "website", "opened"
SHORTEST, LONGEST = timedelta(seconds=4), timedelta(hours=24)
PER_CONTACT = 4  # a quarter of the hourly limit, five on a public site: nobody sends more about oneself
FLOOD = 10  # times the hourly limit of one address
# Times that limit, too: six topics and a page for each treatment, told and told again, by a clinic's waiting room.
PAGES_WITH_A_REQUEST, PAGES_FROM_AN_ADDRESS = 10, 50
KEPT = timedelta(days=2)

MANY = {"many_here"}
REFUSED = "refused"

REASONS = {
    "honeypot": "A field that people do not see was filled in",
    "too_fast": "Sent within seconds of opening the form",
    "no_token": "Sent without opening the form, or a day after",
    "many_here": "Many requests from one connection within the hour",
    "many_same": "Many requests with one e-mail or telephone within the hour",
    REFUSED: "Refused, or stored by nobody, with a warning sign for a clinician",
}

# The arrival counts whatever becomes of the request. Counters go up and the same payload is looked for in one trip.
# Counters need not survive a power cut, so this one commit does not wait for the disk; everything that a visitor was
# promised does.
_ARRIVED = "arrived AS (INSERT INTO intake_arrival (id, day) VALUES (%(id)s, %(day)s) ON CONFLICT (id) DO NOTHING),"
_SAME = """COALESCE(
    (SELECT reference FROM intake_submission WHERE form_id = %(id)s AND answers_digest = %(digest)s),
    (SELECT reference FROM intake_quarantinedrequest WHERE form_id = %(id)s AND digest = %(digest)s), '')"""
_COUNT = """
WITH {arrived} counted AS (
    INSERT INTO intake_ratecount (key, hour, count)
    SELECT key, %(hour)s, 1 FROM unnest(%(keys)s::text[]) AS key
    ON CONFLICT (key, hour) DO UPDATE SET count = intake_ratecount.count + 1
    RETURNING key, count
)
SELECT key, count, {same}, set_config('synchronous_commit', 'off', true)
FROM counted
"""


@dataclass(frozen=True)
class Verdict:
    """`reasons` are codes of REASONS; a flood is turned away, everything else with a reason is held.

    `same`: the reference under which this very payload of this form is kept already, or "".
    """

    reasons: tuple[str, ...] = ()
    is_flood: bool = False
    same: str = ""

    @property
    def is_many(self) -> bool:
        """Tell whether so much comes from one place that one more alert would help nobody."""
        return bool(MANY & set(self.reasons))


def in_words(reasons: list[str]) -> str:
    """Return reasons as staff read them."""
    return "; ".join(REASONS.get(code, code) for code in reasons)


def stamp(now: datetime) -> str:
    """Return the hidden proof of when a form was opened."""
    return signing.dumps(int(now.timestamp()), salt="intake.opened")


def arrive(
    request: HttpRequest,
    data: dict[str, Any],
    *,
    form_id: UUID,
    digest: str,
    day: date,
    now: datetime,
    urgent: bool = False,
) -> Verdict:
    """Count the arrival of a request for help; say what is suspicious about it, and whether it is kept already. One
    trip to the database. Urgent ones have counters of their own: nothing routine makes an alert silent."""
    statement = _COUNT.format(arrived=_ARRIVED, same=_SAME)
    values = {"id": form_id, "day": day, "digest": digest}
    return _judge(request, data, statement, values, now=now, kind="urgent " if urgent else "")


def look(request: HttpRequest, data: dict[str, Any], *, now: datetime) -> Verdict:
    """Count the arrival of what is no request for help; say what is suspicious about it."""
    return _judge(request, data, _COUNT.format(arrived="", same="''"), {}, now=now)


def pages_are_many(request: HttpRequest, origin: object, *, now: datetime, urgent: bool = False) -> bool:
    """Count a page of the second step from a browser that has not shown whose it is; whether it is one too many within
    the hour, with its request (`origin`) or from its connection. Pages with a warning sign have counters of their own.
    """
    kind, limit = "urgent page" if urgent else "page", settings.REQUESTS_AN_HOUR
    limits = {
        _key(f"{kind} with", str(origin)): limit * PAGES_WITH_A_REQUEST,
        _key(f"{kind} from", client_address(request)): limit * PAGES_FROM_AN_ADDRESS,
    }
    hour = now.replace(minute=0, second=0, microsecond=0)
    with connection.cursor() as cursor:
        cursor.execute(_COUNT.format(arrived="", same="''"), {"hour": hour, "keys": sorted(limits)})
        return any(count > limits[key] for key, count, *_ in cursor.fetchall())


def _judge(
    request: HttpRequest, data: dict[str, Any], statement: str, values: dict[str, Any], *, now: datetime, kind: str = ""
) -> Verdict:
    address = _key(f"{kind}address", client_address(request))
    ways = (data.get("email"), telephone.number_of(data.get("phone") or ""))
    contact = {_key(f"{kind}contact", value) for value in ways if value}
    hour = now.replace(minute=0, second=0, microsecond=0)
    counted = {"hour": hour, "keys": sorted({address, *contact})}
    with connection.cursor() as cursor:
        cursor.execute(statement, values | counted)
        rows = cursor.fetchall()
    counts = {key: count for key, count, *_ in rows}
    limit = settings.REQUESTS_AN_HOUR
    found = {
        "honeypot": bool(request.POST.get(HONEYPOT)),
        **_about_time(request.POST.get(OPENED, ""), now),
        "many_here": counts[address] > limit,
        "many_same": any(counts[key] > max(1, limit // PER_CONTACT) for key in contact),
    }
    reasons = tuple(code for code, holds in found.items() if holds)
    return Verdict(reasons, is_flood=counts[address] > limit * FLOOD, same=rows[0][2])


def _about_time(opened: str, now: datetime) -> dict[str, bool]:
    if not settings.HASTE_IS_SUSPICIOUS:
        return {}
    try:
        age = now.timestamp() - signing.loads(opened, salt="intake.opened")
    except signing.BadSignature:
        return {"no_token": True}
    return {"no_token": age > LONGEST.total_seconds(), "too_fast": age < SHORTEST.total_seconds()}


def forget_old_counts() -> int:
    """Delete the counters of past days; return how many."""
    return RateCount.objects.filter(hour__lt=timezone.now() - KEPT).delete()[0]


def _key(kind: str, value: str) -> str:
    text = f"{kind}:{value.lower()}"
    return salted_hmac("intake.guard", text, algorithm="sha256").hexdigest()
