"""A time that was chosen and is lost, or late, before the last button: what the patient reads, and that it leads on."""

import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from crm.models import Lead, Location
from scheduling.actions import booking, changing, waitlist
from scheduling.enums import CancelReason, WaitState
from scheduling.models import Appointment, AppointmentType, Claim, Resource, WaitlistEntry
from tests.scheduling.browsing import HOME, address, book, browser_of, hold
from tests.scheduling.factories import close, make_kind, make_patient, make_resource, wish

pytestmark = pytest.mark.django_db


def fields(page: str, within: str) -> tuple[str, dict[str, str]]:
    """(address, what is sent) of the first form after these words, with the first of its buttons."""
    form = re.findall(r"<form.*?</form>", page[page.index(within) :], re.DOTALL)[0]
    action = re.search(r'<form[^>]* action="([^"]*)"', form)
    sent = re.findall(r'<(?:input|button)[^>]* name="([^"]+)"[^>]*? value="([^"]*)"', form)
    return unescape(action[1]) if action else "", {name: unescape(value) for name, value in reversed(sent)}


@pytest.fixture
def riley(center: Location) -> Resource:
    """Comes after the other one where anybody will do."""
    return make_resource(center, name="Dr. Riley", position=5)


# --- Lost at the last step -------------------------------------------------------------------------------------------


def test_what_is_offered_instead_of_a_lost_time_can_be_booked(
    browser: Client, kind: AppointmentType, provider: Resource, tuesday: datetime
) -> None:
    where = hold(browser, kind, tuesday)
    close(provider, tuesday.date())
    answer = browser.post(where, {"request_id": str(uuid4())})
    page = answer.content.decode()
    assert (answer.status_code, "no longer free" in page) == (409, True)
    for link in re.findall(r'href="([^"]*month=[^"]*)"', page):
        assert browser.get(unescape(link)).status_code == 200
        assert unescape(link).startswith(address(kind))
    action, sent = fields(page, "The nearest free times")
    once_more = browser.post(action, sent)
    booked = browser.post(once_more["Location"], {"request_id": str(uuid4())}, follow=True)
    assert "Your appointment is booked" in booked.content.decode()
    assert Appointment.objects.get().starts_at == datetime.fromisoformat(sent["start"])


def test_a_lost_offer_leaves_the_patient_on_the_list(
    monkeypatch: pytest.MonkeyPatch, center: Location, kind: AppointmentType, provider: Resource, tuesday: datetime
) -> None:
    monkeypatch.setattr(waitlist, "AWAKE", (0, 24))
    other = booking.book(wish(make_patient(center, email="o@example.org"), kind, tuesday), now=timezone.now())
    waiting = make_patient(center, email="w@example.org")
    waitlist.join(waiting, kind, booked=None, now=timezone.now())
    changing.cancel(other, version=1, reason=CancelReason.TIME, by=None, now=timezone.now())
    assert waitlist.offer(now=timezone.now()) == 1
    close(provider, tuesday.date())
    browser, entry = browser_of(waiting), WaitlistEntry.objects.get()
    page = browser.post(f"{HOME}offer/{entry.pk}/", {"take": "1"}).content.decode()
    action, sent = fields(page, "The nearest free times")
    assert "Is this right?" in browser.post(action, sent, follow=True).content.decode()
    entry.refresh_from_db()
    assert entry.state != WaitState.LEFT


# --- Whose provider --------------------------------------------------------------------------------------------------


def test_a_move_stays_with_the_provider(
    browser: Client, provider: Resource, riley: Resource, tuesday: datetime
) -> None:
    kind = make_kind(provider, riley)
    browser.post(address(kind), {"start": tuesday.isoformat(), "provider": riley.pk})
    made = book_held(browser, kind)
    assert made.provider == riley
    later = (tuesday + timedelta(days=1)).isoformat()
    page = browser.post(f"{HOME}{made.pk}/move/", {"start": later}, follow=True)
    assert "with Dr. Riley" in page.content.decode()
    browser.post(page.redirect_chain[-1][0], {"version": 1})
    made.refresh_from_db()
    assert (made.version, made.provider) == (2, riley)


def test_nobody_else_is_booked_in_their_place(
    browser: Client, provider: Resource, riley: Resource, tuesday: datetime
) -> None:
    kind = make_kind(provider, riley)
    answer = browser.post(address(kind), {"start": tuesday.isoformat(), "provider": riley.pk}, follow=True)
    where = answer.redirect_chain[-1][0]
    assert "30 minutes, with Dr. Riley" in answer.content.decode()
    close(riley, tuesday.date())
    page = browser.post(where, {"request_id": str(uuid4())}).content.decode()
    action, sent = fields(page, "The nearest free times")
    assert (Appointment.objects.count(), sent["provider"]) == (0, str(riley.pk))
    assert "with Dr. Riley" in browser.post(action, sent, follow=True).content.decode()


def book_held(browser: Client, kind: AppointmentType) -> Appointment:
    claim = Claim.objects.get(kind=kind)
    browser.post(f"{HOME}held/{claim.hold}/", {"request_id": str(uuid4())})
    return Appointment.objects.get(kind=kind)


# --- Late ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_forgotten", [False, True])
def test_a_hold_that_is_over_books_what_is_still_free(
    browser: Client, kind: AppointmentType, tuesday: datetime, *, is_forgotten: bool
) -> None:
    where = hold(browser, kind, tuesday)
    _action, sent = fields(browser.get(where).content.decode(), "Is this right?")
    Claim.objects.update(hold_expires_at=timezone.now() - timedelta(minutes=1))
    if is_forgotten:
        Claim.objects.all().delete()
    page = browser.post(where, sent, follow=True).content.decode()
    assert "Your appointment is booked" in page
    assert Appointment.objects.get().starts_at == tuesday


def test_a_hold_that_is_over_loses_to_whoever_was_faster(
    browser: Client, center: Location, kind: AppointmentType, tuesday: datetime
) -> None:
    where = hold(browser, kind, tuesday)
    _action, sent = fields(browser.get(where).content.decode(), "Is this right?")
    Claim.objects.update(hold_expires_at=timezone.now() - timedelta(minutes=1))
    booking.book(wish(make_patient(center, email="q@example.org"), kind, tuesday), now=timezone.now())
    answer = browser.post(where, sent)
    assert (answer.status_code, "The nearest free times" in answer.content.decode()) == (409, True)


def test_a_move_whose_hold_is_over_moves_to_what_is_still_free(
    browser: Client, kind: AppointmentType, tuesday: datetime
) -> None:
    made, later = book(browser, kind, tuesday), tuesday + timedelta(days=1)
    where = str(browser.post(f"{HOME}{made.pk}/move/", {"start": later.isoformat()})["Location"])
    _action, sent = fields(browser.get(where).content.decode(), "Is this right?")
    Claim.objects.filter(state="held").update(hold_expires_at=timezone.now() - timedelta(minutes=1))
    browser.post(where, sent)
    made.refresh_from_db()
    assert (made.starts_at, made.version) == (later, 2)


def test_a_page_of_a_hold_that_is_over_leads_back_to_its_kind(
    browser: Client, kind: AppointmentType, tuesday: datetime
) -> None:
    where = hold(browser, kind, tuesday)
    Claim.objects.update(hold_expires_at=timezone.now() - timedelta(minutes=1))
    answer = browser.get(where, follow=True)
    assert answer.redirect_chain[-1][0] == address(kind)
    assert "not kept for you any more" in answer.content.decode()


def test_ones_own_hold_is_in_nobodys_way(browser: Client, provider: Resource, tuesday: datetime) -> None:
    """Held eleven, went back, and chose half past ten, which is partly the time that is theirs."""
    kind = make_kind(provider, duration=60, step=30)
    made = book(browser, kind, tuesday)
    browser.post(f"{HOME}{made.pk}/move/", {"start": (tuesday + timedelta(hours=1)).isoformat()})
    near = (tuesday + timedelta(minutes=30)).isoformat()
    where = str(browser.post(f"{HOME}{made.pk}/move/", {"start": near})["Location"])
    _action, sent = fields(browser.get(where).content.decode(), "Is this right?")
    for _ in range(2):
        page = browser.post(where, sent, follow=True).content.decode()
        assert "meantime" not in page
    made.refresh_from_db()
    assert (made.starts_at, made.version) == (tuesday + timedelta(minutes=30), 2)


@pytest.mark.parametrize("start", ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:00+00:00", "x"])
def test_an_odd_moment_breaks_nothing(browser: Client, kind: AppointmentType, tuesday: datetime, start: str) -> None:
    made = book(browser, kind, tuesday)
    asked = browser.get(f"{HOME}{made.pk}/move/nearby/", {"start": start})
    assert (asked.status_code, browser.post(f"{HOME}{made.pk}/move/", {"start": start}).status_code) == (302, 422)


def test_what_is_shown_once_more_and_lost_says_so(
    browser: Client, center: Location, provider: Resource, tuesday: datetime
) -> None:
    kind = make_kind(provider, duration=60, step=30)
    made = book(browser, kind, tuesday)
    booking.book(
        wish(make_patient(center, email="n@example.org"), kind, tuesday + timedelta(hours=1)), now=timezone.now()
    )
    asked = browser.get(f"{HOME}{made.pk}/move/nearby/", {"start": (tuesday + timedelta(minutes=30)).isoformat()})
    assert (asked.status_code, "no longer free" in asked.content.decode()) == (409, True)


# --- Which month -----------------------------------------------------------------------------------------------------


def test_the_first_month_shown_has_times(browser: Client, center: Location) -> None:
    """Notice of seventy days: this month and the next one are empty."""
    kind = make_kind(make_resource(center), min_notice=70 * 24 * 60)
    page = browser.get(address(kind)).content.decode()
    first = timezone.now() + timedelta(days=70)
    assert "No free times" not in page
    assert re.findall(r"month=(\d{4}-\d\d)&(?:amp;)?day=", page)[0] in {f"{first:%Y-%m}", f"{later(first):%Y-%m}"}


def later(moment: datetime) -> datetime:
    """A moment of the next month: the seventieth day may be a Saturday at its end."""
    return moment.replace(day=28) + timedelta(days=7)


def test_no_month_is_offered_that_cannot_be_booked_yet(browser: Client, provider: Resource) -> None:
    kind = make_kind(provider, window_days=20)
    last = timezone.now() + timedelta(days=20)
    page = browser.get(f"{address(kind)}?month={last:%Y-%m}").content.decode()
    assert 'rel="next"' not in page
    assert 'rel="next"' in browser.get(address(make_kind(provider, window_days=90))).content.decode()


def test_whoever_has_one_is_led_to_it(browser: Client, kind: AppointmentType, tuesday: datetime) -> None:
    made = book(browser, kind, tuesday)
    answer = browser.get(address(kind), follow=True)
    assert answer.redirect_chain[-1][0] == f"{HOME}{made.pk}/"
    assert "You have an appointment of this kind already" in answer.content.decode()


# --- Closed ----------------------------------------------------------------------------------------------------------


def test_a_time_that_cannot_be_kept_says_so_wherever_it_stands(
    browser: Client, patient: Lead, kind: AppointmentType, tuesday: datetime
) -> None:
    made = book(browser, kind, tuesday)
    Appointment.objects.update(rebook_since=timezone.now())
    pages: list[Any] = [browser.get(where).content.decode() for where in ("/my/", HOME, f"{HOME}{made.pk}/")]
    assert ["We cannot keep this time" in page for page in pages] == [True] * 3
    assert "Add to my calendar" not in pages[2]
