"""Nobody is promised a call without a number: whom we are to call gives one first, and every page and mail says so."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from crm.enums.leads import Outcome
from crm.leads import actions as leads
from crm.models import Lead, Location, Message, Task, User
from scheduling.actions import attendance, booking, changing, mails, waitlist
from scheduling.enums import CancelReason, Mode
from scheduling.models import Appointment, AppointmentType, WaitlistEntry
from tests.scheduling.browsing import HOME, address, browser_of
from tests.scheduling.factories import as_staff, make_patient, wish

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
ASKED = "At which number do we reach you?"


@pytest.fixture
def numberless(center: Location) -> Lead:
    """Has an e-mail address and no number."""
    return make_patient(center, phone="", email="no-number@example.org")


@pytest.fixture
def made(numberless: Lead, kind: AppointmentType, tuesday: datetime, coordinator: User) -> Appointment:
    """Booked by the desk."""
    return booking.book(wish(numberless, kind, tuesday, **as_staff(coordinator)), now=timezone.now())


def number_of(lead: Lead) -> str:
    return str(Lead.objects.get(pk=lead.pk).phone)


def test_whom_we_are_to_call_gives_a_number_before_a_time_is_chosen(
    numberless: Lead, kind: AppointmentType, tuesday: datetime
) -> None:
    browser = browser_of(numberless)
    page = browser.get(address(kind, tuesday)).content.decode()
    assert (ASKED in page, "kept for you for five minutes" in page) == (True, False)
    answer = browser.post(address(kind), {"phone": "(212) 555-0142"})
    assert (answer.status_code, number_of(numberless)) == (302, "+12125550142")
    Lead.objects.update(outcome=Outcome.CONSULT_LIKELY)  # the rules know nothing of them
    page = browser.get(address(kind, tuesday)).content.decode()
    assert (ASKED in page, "kept for you for five minutes" in page) == (False, True)


@pytest.mark.parametrize("sent", [{}, {"phone": ""}, {"phone": "call me"}, {"start": "2026-12-01T15:00:00+00:00"}])
def test_what_is_no_number_is_asked_for_again(numberless: Lead, kind: AppointmentType, sent: dict[str, str]) -> None:
    answer = browser_of(numberless).post(address(kind), sent)
    assert (answer.status_code, ASKED in answer.content.decode(), number_of(numberless)) == (422, True, "")


def test_a_number_that_came_meanwhile_stays(numberless: Lead, kind: AppointmentType) -> None:
    browser = browser_of(numberless)
    Lead.objects.update(phone="+12125550100")
    assert browser.post(address(kind), {"phone": "(212) 555-0142"}).status_code == 302
    assert number_of(numberless) == "+12125550100"


def test_who_comes_to_us_is_not_asked_for_a_number(numberless: Lead, kind: AppointmentType) -> None:
    AppointmentType.objects.update(mode=Mode.ON_SITE)
    assert ASKED not in browser_of(numberless).get(address(kind)).content.decode()


def test_who_waits_for_a_call_gives_a_number_first(numberless: Lead, kind: AppointmentType) -> None:
    answer = browser_of(numberless).post(f"{HOME}book/{kind.key}/wait/", {}, follow=True)
    assert (ASKED in answer.content.decode(), WaitlistEntry.objects.count()) == (True, 0)


def test_who_has_no_number_any_more_is_offered_no_call(
    patient: Lead, kind: AppointmentType, tuesday: datetime, center: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waitlist, "AWAKE", (0, 24))
    now = timezone.now()
    taken = booking.book(wish(make_patient(center, email="e@example.org"), kind, tuesday), now=now)
    waitlist.join(patient, kind, booked=None, now=now)
    Lead.objects.filter(pk=patient.pk).update(phone="")
    changing.cancel(taken, version=1, reason=CancelReason.TIME, by=None, now=now)
    assert waitlist.offer(now=now) == 0


@pytest.mark.parametrize(
    ("language", "said", "promised"),
    [("en", "have no number of yours", "at the number you gave us"), ("es", "no tenemos su número", "que nos dio")],
)
def test_mails_about_a_call_say_that_there_is_no_number(
    made: Appointment, coordinator: User, language: str, said: str, promised: str
) -> None:
    Lead.objects.update(language=language)
    Message.objects.all().delete()  # as if they had left
    start, now = made.starts_at + DAY, timezone.now()
    changing.reschedule(made, start=start, version=1, held_by="", by=coordinator, now=now)
    moved = Appointment.objects.select_related("lead", "kind", "location").get()
    found = [*Message.objects.all(), mails.plan(moved, now=now)[0]]
    for mail in found:
        if mail.name == "appointment_reminder":
            mails.write(mail)
        for text in (mail.text, mail.html):
            plain = " ".join(text.split())
            assert (said in plain, promised in plain) == (True, False), mail.name
    assert {mail.name for mail in found} == {"appointment_booked", "appointment_moved", "appointment_reminder"}


def test_the_page_of_a_call_without_a_number_leads_to_where_one_is_given(made: Appointment) -> None:
    browser = browser_of(made.lead)
    page = browser.get(f"{HOME}{made.pk}/").content.decode()
    assert ("We have no number of yours." in page, "/my/wishes/" in page) == (True, True)
    Lead.objects.update(phone="+12125550142")
    assert "We have no number of yours." not in browser.get(f"{HOME}{made.pk}/").content.decode()


def test_the_desk_reads_before_it_books_that_there_is_no_number(
    desk: Client, numberless: Lead, patient: Lead, kind: AppointmentType
) -> None:
    said = [
        "No telephone number on record" in desk.get(f"/admin/crm/lead/{one.pk}/appointments/book/").content.decode()
        for one in (numberless, patient)
    ]
    assert said == [True, False]


def test_who_says_that_they_will_come_still_has_no_number(made: Appointment) -> None:
    attendance.confirm(made, version=1, now=timezone.now())
    assert Task.objects.open().filter(title__startswith="No telephone number").count() == 1


def test_nobody_asks_for_a_number_that_came_after_the_visit(made: Appointment, coordinator: User) -> None:
    Appointment.objects.update(starts_at=timezone.now() - DAY, ends_at=timezone.now() - DAY + timedelta(minutes=30))
    leads.correct_details(made.lead, by=coordinator, changes={"phone": "+12125550142"})
    assert not Task.objects.open().filter(title__startswith="No telephone number").exists()


def test_a_call_without_a_number_can_be_moved(made: Appointment, tuesday: datetime) -> None:
    browser = browser_of(made.lead)
    answer = browser.post(f"{HOME}{made.pk}/move/", {"start": (tuesday + DAY).isoformat()})
    browser.post(str(answer["Location"]), {"version": 1})
    made.refresh_from_db()
    assert (made.starts_at, made.version) == (tuesday + DAY, 2)
