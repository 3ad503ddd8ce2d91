"""So many mails a minute to one domain, and no more, however many workers there are."""

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from pytest_django import Settings

from crm.enums.leads import MessageClass, MessageState
from crm.models import DomainPace, Lead, Message
from crm.outbox import delivery
from tests.factories import make_lead, make_message
from tests.faults.far_end import FarEnd, far_end

FOUR_A_SWEEP = 12  # a minute; a sweep comes every 15 seconds, and one more may go at once


@pytest.fixture
def far(settings: Settings) -> Iterator[FarEnd]:
    settings.DOMAIN_PER_MINUTE = FOUR_A_SWEEP
    with far_end() as end:
        settings.MAIL_SERVER = end.server
        yield end


def make_crowd(count: int, domain: str, *, message_class: str = MessageClass.REMINDER) -> list[Message]:
    leads = [make_lead(email=f"p{number}@{domain}") for number in range(count)]
    return [make_message(lead, message_class=message_class) for lead in leads]


def sent(domain: str) -> int:
    return Message.objects.filter(state=MessageState.SENT, to_email__iendswith=f"@{domain}").count()


def pass_time(seconds: float) -> None:
    """Everything written so far is that much longer ago."""
    back = timedelta(seconds=seconds)
    for row in DomainPace.objects.all():
        DomainPace.objects.filter(pk=row.pk).update(next_at=row.next_at - back)
    for message in Message.objects.filter(state=MessageState.QUEUED):
        Message.objects.filter(pk=message.pk).update(due_at=message.due_at - back)


@pytest.mark.django_db
def test_each_domain_has_its_own_pace(center: object, far: FarEnd) -> None:
    make_crowd(10, "one.example.org")
    make_crowd(2, "Two.example.org")

    delivery.send_due()

    assert (sent("one.example.org"), sent("two.example.org")) == (4, 2)
    waiting = Message.objects.filter(state=MessageState.QUEUED)
    assert {message.reason for message in waiting} == {"Waits: so many mails a minute to a domain"}
    assert all(message.lease_token is None and message.attempts == 0 for message in waiting)


@pytest.mark.django_db
def test_all_of_them_go_in_the_end_and_never_too_many_a_minute(center: object, far: FarEnd) -> None:
    make_crowd(30, "one.example.org")
    by_sweep = []
    for _ in range(12):
        before = sent("one.example.org")
        delivery.send_due()
        by_sweep.append(sent("one.example.org") - before)
        pass_time(15)

    assert sum(by_sweep) == 30
    in_a_minute = [sum(by_sweep[start : start + 4]) for start in range(len(by_sweep) - 3)]
    assert max(in_a_minute) <= FOUR_A_SWEEP * 75 / 60
    assert min(in_a_minute[:4]) >= FOUR_A_SWEEP - 1


@pytest.mark.django_db
def test_what_somebody_waits_for_goes_at_once_and_counts(center: object, far: FarEnd) -> None:
    asked = make_crowd(9, "one.example.org", message_class=MessageClass.ANSWER)
    make_crowd(3, "one.example.org")

    delivery.send_due()

    assert Counter(message.state for message in Message.objects.filter(pk__in=[one.pk for one in asked])) == {"sent": 9}
    assert sent("one.example.org") == 9


@pytest.mark.django_db
def test_without_a_limit_nothing_is_counted(lead: Lead, far: FarEnd, settings: Settings) -> None:
    settings.DOMAIN_PER_MINUTE = 0
    make_crowd(6, "one.example.org")
    assert (delivery.send_due(), DomainPace.objects.count()) == (6, 0)


@pytest.mark.django_db(transaction=True)
def test_workers_share_one_pace(transactional_db: None, far: FarEnd) -> None:
    from tests.factories import make_location

    make_location()
    make_crowd(4 * delivery.BATCH, "one.example.org")
    at = datetime.now(UTC)

    def work() -> None:
        try:
            delivery.send_due()
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    seconds = (datetime.now(UTC) - at).total_seconds()
    assert 4 <= sent("one.example.org") <= 4 + seconds * FOUR_A_SWEEP / 60 + 1
