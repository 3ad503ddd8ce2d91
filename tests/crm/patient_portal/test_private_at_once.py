"""Many presses of one button at the same moment, each in a transaction of its own: once is what comes of them."""

import threading
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.enums.treatments import MeasurementKind, Source
from crm.leads import measurements
from crm.models import Activity, ContactPerson, Lead, Measurement, Message, PatientLink, PatientSession
from crm.patient_portal import access as patient_access
from tests.factories import make_lead, make_link, make_user, prove

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = 20
TOGETHER = 5  # the pool of connections holds eight
ROBIN = {"name": "Robin Example", "relation": "son", "phone": "(212) 555-0143", "may_discuss": "on"}


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def lead(transactional_db: None) -> Lead:
    return make_lead()


def at_once[Result](press: Callable[[], Result]) -> Counter[Result]:
    """What came of many presses; each of a handful waits with its connection in hand until all are there."""
    ready = threading.Barrier(TOGETHER)

    def one(_: int) -> Result:
        try:
            connection.ensure_connection()
            ready.wait(timeout=30)
            return press()
        finally:
            connection.close()

    with ThreadPoolExecutor(TOGETHER) as together:
        return Counter(together.map(one, range(TIMES)))


def browser(secret: str) -> Client:
    made = Client()
    made.cookies["patient"] = secret
    return made


def waiting(lead: Lead, now: datetime) -> patient_access.NewSession:
    """A browser that has opened a link and proven nothing yet."""
    make_link(lead, now=now)
    return patient_access.begin(lead, now=now, link=PatientLink.objects.latest("created_at"))


def test_one_person_is_named_once(lead: Lead) -> None:
    secret = prove(lead).secret
    assert at_once(lambda: browser(secret).post("/my/people/", ROBIN).status_code) == {302: TIMES}
    assert ContactPerson.objects.count() == 1
    assert Activity.objects.filter(summary__startswith="Named Robin").count() == 1


def test_somebody_else_and_somebody_named_anew_are_others(lead: Lead) -> None:
    patient = browser(prove(lead).secret)
    patient.post("/my/people/", ROBIN)
    patient.post("/my/people/", ROBIN | {"relation": "neighbor"})
    ContactPerson.objects.filter(relation="son").update(ended_at=timezone.now())
    patient.post("/my/people/", ROBIN)
    assert ContactPerson.objects.count() == 3


def test_one_press_sends_one_code(lead: Lead, now: datetime) -> None:
    secret, asked = waiting(lead, now).secret, str(uuid.uuid4())
    pressed = at_once(lambda: browser(secret).post("/my/code/", {"send": "1", "asked": asked}).status_code)
    assert pressed == {200: TIMES}
    assert Message.objects.filter(name="code").count() == 1


def test_many_browsers_get_four_codes_an_hour_and_no_error(lead: Lead, now: datetime) -> None:
    secrets = [waiting(lead, now).secret for _ in range(3)]
    pressed = at_once(lambda: browser(secrets[0]).post("/my/code/", {"send": "1"}).status_code)
    assert pressed == {200: TIMES}
    at_once(lambda: browser(secrets[1]).post("/my/code/", {"send": "1"}).status_code)
    assert Message.objects.filter(name="code").count() == patient_access.CODES_AN_HOUR
    Message.objects.update(created_at=now - timedelta(hours=1, seconds=1))  # the same session, an hour later
    pressed = at_once(lambda: browser(secrets[0]).post("/my/code/", {"send": "1"}).status_code)
    assert pressed == {200: TIMES}
    assert Message.objects.filter(name="code").count() == 2 * patient_access.CODES_AN_HOUR
    assert PatientSession.objects.count() == len(secrets)


def test_one_press_mails_one_link(lead: Lead) -> None:
    desk = Client()
    desk.force_login(make_user("coordinator"))
    cookie, asked = desk.cookies["sessionid"].value, str(uuid.uuid4())

    def press() -> int:
        other = Client()
        other.cookies["sessionid"] = cookie
        return other.post(reverse("admin:crm_lead_send_link", args=[lead.pk]), {"asked": asked}).status_code

    assert at_once(press) == {302: TIMES}
    assert Message.objects.filter(name="link").count() == 1
    assert Activity.objects.filter(summary="Sent a link to the private page").count() == 1


def test_one_score_is_written_down_once(lead: Lead, now: datetime) -> None:
    kind = MeasurementKind.NRS_AVG
    found = at_once(
        lambda: (
            measurements.record(
                lead, kind=kind, value=Decimal(5), at=now, source=Source.COORDINATOR, by=None, now=now
            ).pk
        )
    )
    assert list(found.values()) == [TIMES]
    assert Measurement.objects.count() == 1
