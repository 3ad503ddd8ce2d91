"""The demo data: enough to look at, clearly invented, and the same kind of rows as real ones."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from crm.desk import my_day, queries
from crm.enums.leads import ActivityKind, MessageState, Stage
from crm.models import Activity, Consultation, Lead, Message, PrivateMessage, Task, Treatment, User
from intake.demo import fill
from intake.models import Submission

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("demo")]  # told once, by one process


@pytest.fixture(scope="module")
def story(django_db_setup: None, django_db_blocker: Any) -> Iterator[datetime]:
    """Told once: the tests below only look."""
    now = datetime.now(UTC)
    with django_db_blocker.unblock(), transaction.atomic():
        fill.make(now=now)
        yield now
        transaction.set_rollback(True)


def test_demo_has_forty_leads_over_all_stages(story: datetime) -> None:
    assert Lead.objects.count() == Submission.objects.count() == fill.LEADS == 40
    assert set(Lead.objects.values_list("stage", flat=True)) == set(Stage.values)


def test_demo_people_are_fictitious(story: datetime) -> None:
    for lead in Lead.objects.all():
        assert lead.last_name in fill.LAST_NAMES
        assert lead.email == "" or lead.email.endswith("@example.org")
        assert re.fullmatch(r"\+12125550\d{3}", lead.phone)


def test_demo_histories_end_before_now_and_keep_their_order(story: datetime) -> None:
    assert not Activity.objects.filter(at__gt=story).exists()
    for lead in Lead.objects.exclude(stage=Stage.NEW):
        kinds = list(Activity.objects.filter(lead=lead).order_by("at").values_list("kind", flat=True))
        assert kinds[0] == ActivityKind.REQUEST
        assert ActivityKind.CALL in kinds


def test_demo_staff_work_in_office_hours(story: datetime) -> None:
    early = story - timedelta(days=1)
    hours = {
        at.astimezone(ZoneInfo("America/New_York")).hour
        for at in Activity.objects.filter(by__isnull=False, at__lt=early).values_list("at", flat=True)
    }
    assert hours <= set(range(9, 18))


def test_demo_sends_nothing(story: datetime) -> None:
    """Follow-ups of the story have gone or were held back, with the reason; a day of now may still be to come."""
    states = set(Message.objects.values_list("state", flat=True))
    assert MessageState.SENT in states
    assert not states & {MessageState.SENDING, MessageState.IN_DATA, MessageState.FAILED}
    assert not Message.objects.due().exists()
    assert not Message.objects.filter(state=MessageState.SUPPRESSED, reason="").exists()


def test_demo_leaves_work_to_do(story: datetime) -> None:
    assert Treatment.objects.exists()
    waiting = Task.objects.open()
    assert waiting.filter(lead__stage=Stage.NEW).count() >= 3


def test_every_page_of_the_desk_has_something_to_show(story: datetime) -> None:
    clinician = User.objects.get(email="clinician@example.org")
    found = queries.review_queue(clinician)
    assert (bool(found.tasks), bool(found.holds), bool(found.seconds)) == (True, True, True)
    coordinator = User.objects.get(email="coordinator@example.org")
    after_the_weekend = story + timedelta(days=4)  # what a free day brings is due on the next working day
    day = my_day.of(coordinator, everybody=True, now=after_the_weekend)
    assert [section.key for section in day.sections if not section.rows] == []
    assert PrivateMessage.objects.filter(by=None).count() == 2
    assert Consultation.objects.count() == 2
