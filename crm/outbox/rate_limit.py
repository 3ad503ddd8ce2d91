"""Limit how many mails a minute go to one domain (DOMAIN_PER_MINUTE): large providers turn away who hurries.

Each domain has a moment from which its next mail may go; every mail moves it on by its share of a minute, and may be
early by as much as a sweep takes (the generic cell rate algorithm, ITU-T I.371). The row is locked with the claim, so
that all workers together keep it.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings

from crm.enums.leads import MessageClass
from crm.models import DomainPace, Message

MINUTE = timedelta(minutes=1)
EARLY = timedelta(seconds=15)  # the sweep's period: what came due since the last one goes together


def hold_back(messages: Iterable[Message], *, now: datetime) -> dict[Message, datetime]:
    """Return {message: when to try again} for the messages that would be too many at once for their domain.

    What the person asked for goes at once, and counts. Side effects: the domains' rows, locked and moved on.
    """
    if not settings.DOMAIN_PER_MINUTE:
        return {}
    by_domain: dict[str, list[Message]] = defaultdict(list)
    for message in messages:
        by_domain[message.to_email.rpartition("@")[2].lower()].append(message)
    held: dict[Message, datetime] = {}
    for domain in sorted(by_domain):  # always in the same order, so that two claims cannot wait for each other
        held |= _of_domain(domain, by_domain[domain], now=now)
    return held


def _of_domain(domain: str, messages: list[Message], *, now: datetime) -> dict[Message, datetime]:
    DomainPace.objects.bulk_create([DomainPace(domain=domain, next_at=now)], ignore_conflicts=True)
    row = DomainPace.objects.select_for_update(no_key=True).get(pk=domain)
    share = MINUTE / settings.DOMAIN_PER_MINUTE
    row.next_at = max(row.next_at, now)
    held: dict[Message, datetime] = {}
    for message in messages:
        may_wait = message.message_class != MessageClass.ANSWER
        if may_wait and row.next_at > now + EARLY:
            held[message] = row.next_at - EARLY + share * len(held)
        else:
            row.next_at += share
    row.save(update_fields=["next_at"])
    return held
