"""Signing out whoever does nothing; the bell; the daily mail."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from crm.leads import call_window, notifications
from crm.models import Lead, Location, Message, Notice, User
from crm.outbox import digests
from tests.factories import make_lead
from tests.page_forms import as_sent

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 23, 15, tzinfo=UTC)
BY_ITSELF = {"HX-Request": "true", "X-Asks-By-Itself": "1"}


def is_in(client: Client, **headers: object) -> bool:
    return client.get("/admin/bell/", **headers).status_code == 200  # type: ignore[arg-type]


def test_half_an_hour_without_a_press_ends_it(client: Client, coordinator: User) -> None:
    with time_machine.travel(AT, tick=False) as clock:
        client.force_login(coordinator)
        for _ in range(4):
            clock.shift(timedelta(minutes=29))
            assert is_in(client)
        clock.shift(timedelta(minutes=31))
        answer = client.get("/admin/crm/lead/?q=maria")
        assert answer.headers["Location"] == "/admin/login/?next=%2Fadmin%2Fcrm%2Flead%2F%3Fq%3Dmaria&idle=1"
        assert "nothing was pressed" in client.get(answer.headers["Location"]).content.decode()


def test_pages_that_ask_by_themselves_keep_nobody_awake(client: Client, coordinator: User) -> None:
    with time_machine.travel(AT, tick=False) as clock:
        client.force_login(coordinator)
        for _ in range(3):
            clock.shift(timedelta(minutes=10))
            assert is_in(client, headers=BY_ITSELF)
        clock.shift(timedelta(minutes=1))
        answer = client.get("/admin/bell/", headers=BY_ITSELF)
        assert answer.headers["HX-Redirect"].startswith("/admin/login/")
        assert not is_in(client)


def test_a_sign_in_ends_after_twelve_hours_whatever_is_pressed(client: Client, coordinator: User) -> None:
    with time_machine.travel(AT, tick=False) as clock:
        client.force_login(coordinator)
        for _ in range(12 * 4):
            clock.shift(timedelta(minutes=15))
            assert is_in(client)
        clock.shift(timedelta(seconds=1))
        answer = client.get("/admin/crm/lead/?q=maria")
        assert answer.headers["Location"] == "/admin/login/?next=%2Fadmin%2Fcrm%2Flead%2F%3Fq%3Dmaria&long=1"
        assert "a working day" in client.get(answer.headers["Location"]).content.decode()
        client.force_login(coordinator)
        assert is_in(client)


# --- The bell --------------------------------------------------------------------------------------------------------


def new(desk: Client) -> str:
    part = desk.get("/admin/bell/", headers=BY_ITSELF).content.decode()
    return part.partition('<span class="count">')[2].partition("<")[0]


def test_the_owner_hears_of_an_answer_once(desk: Client, coordinator: User, center: Location) -> None:
    from crm.enums.leads import Event
    from crm.leads import events

    lead = make_lead(location=center, owner=coordinator)
    for _ in range(2):
        events.announce(lead, Event.REPLIED, now=AT, key="same")
    assert [notice.user for notice in Notice.objects.all()] == [coordinator]
    assert new(desk) == "1"
    page = desk.get("/admin/bell/").content.decode()
    assert (lead.full_name in page, "Wrote to you" in page) == (True, True)
    desk.post("/admin/bell/", as_sent(page, having="shown"))
    assert new(desk) == ""


def test_a_notice_that_came_after_the_list_was_made_stays_new(desk: Client, coordinator: User, lead: Lead) -> None:
    notifications.tell([coordinator], title="Wrote to you", lead=lead, key="1", now=AT)
    page = desk.get("/admin/bell/").content.decode()
    notifications.tell([coordinator], title="Wrote to you", lead=lead, key="2", now=AT + timedelta(seconds=1))
    desk.post("/admin/bell/", as_sent(page, having="shown"))
    assert notifications.unseen_count(coordinator) == 1


def test_a_notice_that_was_long_on_its_way_stays_new(desk: Client, coordinator: User, lead: Lead) -> None:
    """It was begun before those that the list had, and kept after the list was made."""
    notifications.tell([coordinator], title="Wrote to you", lead=lead, key="1", now=AT)
    page = desk.get("/admin/bell/").content.decode()
    notifications.tell([coordinator], title="Wrote to you", lead=lead, key="2", now=AT - timedelta(minutes=2))
    desk.post("/admin/bell/", as_sent(page, having="shown"))
    assert [notice.key for notice in Notice.objects.filter(seen_at=None)] == ["2"]


def test_what_the_list_had_no_room_for_stays_new_and_comes_first(desk: Client, coordinator: User, lead: Lead) -> None:
    for number in range(notifications.MOST_SHOWN + 1):
        late = AT + timedelta(seconds=number)
        notifications.tell([coordinator], title="Wrote to you", lead=lead, key=str(number), now=late)
    desk.post("/admin/bell/", as_sent(desk.get("/admin/bell/").content.decode(), having="shown"))
    assert notifications.unseen_count(coordinator) == 1
    assert notifications.latest(coordinator)[0].key == "0"


@pytest.mark.parametrize("shown", ["", "x", "newest"])
def test_a_form_that_names_no_notice_has_seen_none(desk: Client, coordinator: User, lead: Lead, shown: str) -> None:
    notifications.tell([coordinator], title="Wrote to you", lead=lead, key="1", now=AT)
    desk.post("/admin/bell/", {"shown": shown})
    assert notifications.unseen_count(coordinator) == 1


def test_an_empty_bell_says_what_it_is_for(desk: Client) -> None:
    assert "Nothing yet." in desk.get("/admin/bell/").content.decode()


def test_the_daily_mail_counts_and_names_nobody(center: Location, coordinator: User, lead: Lead) -> None:
    User.objects.filter(pk=coordinator.pk).update(digest_at=10)  # the center's clock: AT is 10:00 there
    for number in range(3):
        notifications.tell([coordinator], title="Wrote to you", lead=lead, key=str(number), now=AT)

    assert [digests.send_due(now=AT), digests.send_due(now=AT + timedelta(minutes=20))] == [1, 0]

    mail = Message.objects.get()
    assert (mail.to_email, mail.subject) == (coordinator.email, "3 new notices")
    assert not any(word in mail.text + mail.html for word in (lead.full_name, lead.reference, "Wrote"))


@pytest.mark.parametrize("hours", [-1, 1, 12])
def test_at_no_other_hour(center: Location, coordinator: User, lead: Lead, hours: int) -> None:
    User.objects.filter(pk=coordinator.pk).update(digest_at=10)
    notifications.tell([coordinator], title="x", lead=lead, key="1", now=AT)
    assert digests.send_due(now=AT + timedelta(hours=hours)) == 0


def test_nothing_new_is_no_mail(center: Location, coordinator: User, lead: Lead) -> None:
    User.objects.filter(pk=coordinator.pk).update(digest_at=10)
    notifications.tell([coordinator], title="x", lead=lead, key="1", now=AT)
    notifications.mark_seen(coordinator, shown=[str(notifications.latest(coordinator)[0].pk)], now=AT)
    assert digests.send_due(now=AT) == 0


# --- May one call now ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "at", "says"),
    [
        ("America/New_York", "2026-11-23T14:00", ""),  # Monday 09:00
        ("America/New_York", "2026-11-23T13:59", "call from Mon 9:00 AM their time"),
        ("America/New_York", "2026-11-23T22:59", ""),
        ("America/New_York", "2026-11-23T23:00", "call from Tue 9:00 AM their time"),
        ("America/Los_Angeles", "2026-11-23T14:00", "call from Mon 9:00 AM their time"),
        ("America/New_York", "2026-11-22T16:00", "call from Mon 9:00 AM their time"),  # Sunday
        ("Pacific/Kiritimati", "2026-11-23T19:00", ""),  # Tuesday 09:00 beyond the date line
    ],
)
def test_the_hour_is_theirs(center: Location, zone: str, at: str, says: str) -> None:
    lead = make_lead(location=center, timezone=zone)
    found = call_window.advice(lead, is_wrong=False, now=datetime.fromisoformat(f"{at}:00+00:00"))
    assert (found.allowed, found.why) == (not says, says)


def test_who_asked_not_to_be_called_is_not(desk: Client, lead: Lead, coordinator: User) -> None:
    from crm.enums.leads import CallOutcome
    from crm.leads import actions as leads

    leads.log_call(lead, by=coordinator, outcome=CallOutcome.ASKED_NOT_TO_CALL)
    assert "asked not to be called" in desk.get(f"/admin/crm/lead/{lead.pk}/change/").content.decode()
