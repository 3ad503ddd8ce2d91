"""Warning signs: who is told and when, on two paths, until somebody answers; and who lifts the hold."""

import hashlib
import hmac
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from crm import locations, periodic
from crm.enums.leads import ActivityKind
from crm.errors import SafetyRefused
from crm.models import AlertPost, EmergencyCount, Lead, Location, Message, OnCallShift, SafetyAlert, User
from crm.safety import alert_webhook, alerts
from tests.factories import NOON, PASSWORD, make_lead, make_location, make_user
from tests.page_forms import as_sent

MINUTE = timedelta(minutes=1)
BEFORE = datetime.now(UTC) - MINUTE  # PostgreSQL judges by its own clock what is due


@pytest.fixture
def lead(center: Location) -> Lead:
    return make_lead(location=center, last_name="Specimen", safety_hold=True)


def on_call(email: str, lead: Lead, *, begins: float = -1, hours: float = 8) -> User:
    user = make_user(email=email)
    starts = NOON + timedelta(hours=begins)
    OnCallShift.objects.create(
        location=lead.location, user=user, starts_at=starts, ends_at=starts + timedelta(hours=hours)
    )
    return user


def told(level: int) -> set[str]:
    return set(Message.objects.filter(name="alert", key__contains=f":{level}:").values_list("to_email", flat=True))


def test_whoever_is_on_call_is_told_at_once(lead: Lead) -> None:
    on_call("now@example.org", lead)
    on_call("later@example.org", lead, begins=4)
    on_call("yesterday@example.org", lead, begins=-30)
    alerts.raise_alert(lead, key="a", now=NOON)
    assert told(0) == {"now@example.org"}
    assert AlertPost.objects.get().level == 0


def test_the_address_of_the_house_is_told_too(lead: Lead) -> None:
    Location.objects.update(alert_email="desk@example.org")
    on_call("now@example.org", lead)
    alerts.raise_alert(Lead.objects.get(), key="a", now=NOON)
    assert told(0) == {"now@example.org", "desk@example.org"}


def test_an_empty_rota_calls_everybody_who_may_lift_a_hold(lead: Lead) -> None:
    make_user("clinician", email="dana@example.org")
    make_user("coordinator", email="casey@example.org")
    make_user("clinician", email="gone@example.org", is_active=False)
    alerts.raise_alert(lead, key="a", now=NOON)
    assert told(0) == {"dana@example.org"}


def test_an_alert_is_raised_once(lead: Lead) -> None:
    on_call("now@example.org", lead)
    for _ in range(2):
        alerts.raise_alert(lead, key="a", now=NOON)
    assert (SafetyAlert.objects.count(), Message.objects.count(), AlertPost.objects.count()) == (1, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_an_alert_is_raised_once_by_many_at_once() -> None:
    lead = make_lead(location=make_location())
    on_call("now@example.org", lead)

    def raise_it() -> None:
        alerts.raise_alert(lead, key="a", now=NOON)
        connection.close()

    threads = [threading.Thread(target=raise_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (SafetyAlert.objects.count(), Message.objects.count(), AlertPost.objects.count()) == (1, 1, 1)


@pytest.mark.parametrize(
    ("minutes", "levels"),
    [(14.9, {0}), (15, {0, 1}), (29.9, {0, 1}), (30, {0, 1, 2}), (500, {0, 1, 2})],
)
def test_it_is_escalated_after_fifteen_and_thirty_minutes(lead: Lead, minutes: float, levels: set[int]) -> None:
    on_call("now@example.org", lead)
    on_call("tonight@example.org", lead, begins=9)
    make_user("clinician", email="dana@example.org")
    alerts.raise_alert(lead, key="a", now=NOON)
    for _ in range(3):
        alerts.escalate(now=NOON + minutes * MINUTE)
    assert {post.level for post in AlertPost.objects.all()} == levels
    expected = [{"now@example.org"}, {"now@example.org", "tonight@example.org"}, {"dana@example.org"}]
    assert [told(level) for level in range(3)] == [expected[n] if n in levels else set() for n in range(3)]


def test_an_answer_ends_the_calling(lead: Lead) -> None:
    user = make_user()
    alerts.raise_alert(lead, key="a", now=NOON)
    assert alerts.acknowledge(lead, by=user, now=NOON + MINUTE) == 1
    assert alerts.acknowledge(lead, by=user, now=NOON + MINUTE) == 0
    assert alerts.escalate(now=NOON + 60 * MINUTE) == 0
    assert lead.activities.get().summary == "Alert acknowledged"


def state_of(alert: SafetyAlert) -> tuple[int, int, datetime | None]:
    alert.refresh_from_db()
    return alert.round, alert.level, alert.next_level_at


@pytest.mark.parametrize("minutes", [5, 20, 200])
def test_another_sign_begins_the_calling_anew(lead: Lead, minutes: int) -> None:
    on_call("now@example.org", lead)
    first = alerts.raise_alert(lead, key="a", now=NOON)
    later = NOON + minutes * MINUTE
    for _ in range(2):
        alerts.escalate(now=later)
    told_so_far = Message.objects.filter(to_email="now@example.org").count()
    again = [alerts.raise_alert(lead, key="b", now=later) for _ in range(2)]
    assert (again, state_of(first)) == ([first, first], (1, 0, later + 15 * MINUTE))
    assert Message.objects.filter(to_email="now@example.org").count() == told_so_far + 1
    assert [(one.key, one.at) for one in first.causes.order_by("at")] == [("a", NOON), ("b", later)]
    alerts.escalate(now=later + 15 * MINUTE)
    assert state_of(first) == (1, 1, later + 30 * MINUTE)
    assert AlertPost.objects.filter(round=1).count() == 2


def test_another_sign_after_an_answer_is_another_alert(lead: Lead) -> None:
    on_call("now@example.org", lead)
    first = alerts.raise_alert(lead, key="a", now=NOON)
    alerts.acknowledge(lead, by=make_user(), now=NOON + MINUTE)
    assert alerts.raise_alert(lead, key="a", now=NOON + 2 * MINUTE) == first
    assert Message.objects.filter(name="alert").count() == 1
    assert alerts.raise_alert(lead, key="b", now=NOON + 3 * MINUTE) != first
    assert Message.objects.filter(name="alert").count() == 2


def test_one_more_of_a_crowd_is_listed_and_calls_nobody_again(lead: Lead) -> None:
    on_call("now@example.org", lead)
    alert = alerts.raise_alert(lead, key="a", now=NOON)
    alerts.raise_alert(lead, key="b", now=NOON + MINUTE, is_loud=False)
    assert (state_of(alert), alert.causes.count()) == ((0, 0, NOON + 15 * MINUTE), 2)
    assert Message.objects.count() == 1


def test_whoever_was_not_told_for_the_crowd_is_told_when_it_is_over(lead: Lead) -> None:
    on_call("now@example.org", lead)
    for is_loud in (False, True, True):
        alerts.raise_alert(lead, key="a", now=NOON, is_loud=is_loud)
    assert (Message.objects.count(), SafetyAlert.objects.get().round) == (1, 0)


def test_an_alert_costs_the_same_whoever_has_one_already(
    lead: Lead, django_assert_num_queries: Callable[..., Any]
) -> None:
    on_call("now@example.org", lead)
    with django_assert_num_queries(12):
        alerts.raise_alert(lead, key="a", now=NOON)
    with django_assert_num_queries(12):
        alerts.raise_alert(lead, key="b", now=NOON)


def test_the_desk_lists_what_an_alert_is_about(lead: Lead) -> None:
    alerts.raise_alert(lead, key="a", now=NOON)
    desk, page = desk_of("coordinator"), reverse("admin:crm_lead_change", args=[lead.pk])
    assert "Reported" not in desk.get(page).content.decode()
    alerts.raise_alert(lead, key="b", now=NOON + 3 * MINUTE)
    assert "Reported 2 times" in desk.get(page).content.decode()
    assert "reported 2 times" in desk.get("/admin/").content.decode()


def test_the_alert_names_nobody_and_passes_the_hold(lead: Lead) -> None:
    on_call("now@example.org", lead)
    alerts.raise_alert(lead, key="a", now=NOON)
    mail = Message.objects.get()
    assert mail.lead is None
    text = mail.subject + mail.text + mail.html
    assert not any(word in text for word in (lead.first_name, lead.last_name, lead.email, lead.reference))
    assert f"/admin/crm/lead/{lead.pk}/change/" in text


def test_a_hold_is_lifted_with_a_note_after_an_answer(lead: Lead) -> None:
    user = make_user()
    alerts.raise_alert(lead, key="a", now=NOON)
    with pytest.raises(SafetyRefused, match="I take care of it"):
        alerts.clear_hold(lead, by=user, note="Seen.", now=NOON)
    alerts.acknowledge(lead, by=user, now=NOON)
    with pytest.raises(SafetyRefused, match="Say what you found"):
        alerts.clear_hold(lead, by=user, note="  ", now=NOON)
    alerts.clear_hold(lead, by=user, note="Examined in the emergency department.", now=NOON)
    lead.refresh_from_db()
    assert lead.safety_hold is False
    lifted = lead.activities.get(kind=ActivityKind.SAFETY_HOLD, summary="Hold lifted")
    assert (lifted.note, lifted.by) == ("Examined in the emergency department.", user)
    with pytest.raises(SafetyRefused, match="no hold"):
        alerts.clear_hold(lead, by=user, note="Again.", now=NOON)


def test_people_without_contact_are_counted_by_the_centers_day(center: Location) -> None:
    late = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)  # still the 23rd in New York
    for now in (NOON, late, late + timedelta(hours=5)):
        alerts.count_without_contact(center, now=now)
    counted = {row.day: row.count for row in EmergencyCount.objects.all()}
    assert counted == {date(2026, 11, 23): 2, date(2026, 11, 24): 1}


# --- The webhook ------------------------------------------------------------------------------------------------------


def _count(sent: list[str]) -> int:
    sent.append("mails")
    return 0


@dataclass
class Receiver:
    """Somebody else's server: what it got, and how it answers."""

    url: str = ""
    got: list[tuple[bytes, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append((body, self.headers["X-Nucleus-Signature"]))
            self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
            self.send_header("Location", receiver.url)
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        receiver.url = f"http://127.0.0.1:{server.server_port}/alert"
        settings.ALERT_WEBHOOK_URL, settings.ALERT_WEBHOOK_SECRET = receiver.url, "s" * 40
        yield receiver
        server.shutdown()


def test_the_call_is_signed_and_tells_nothing(lead: Lead, receiver: Receiver) -> None:
    alert = alerts.raise_alert(lead, key="a", now=BEFORE)
    assert alert_webhook.post_due() == 1
    [(body, signed)] = receiver.got
    at, given = (part.partition("=")[2] for part in signed.split(","))
    assert given == hmac.new(b"s" * 40, at.encode() + b"." + body, hashlib.sha256).hexdigest()
    told = json.loads(body)
    assert {name: told[name] for name in ("alert", "level", "center")} == {
        "alert": str(alert.pk),
        "level": 0,
        "center": "Riverbend",
    }
    assert alert_webhook.post_due() == 0


@pytest.mark.parametrize("status", [500, 404, 302])
def test_a_refused_call_is_tried_again(lead: Lead, receiver: Receiver, status: int) -> None:
    receiver.answers = [status]
    alerts.raise_alert(lead, key="a", now=BEFORE)
    assert alert_webhook.post_due() == 0
    post = AlertPost.objects.get()
    assert (post.reason, post.done_at, post.attempts) == (f"HTTP {status}", None, 1)
    AlertPost.objects.update(due_at=BEFORE)
    assert alert_webhook.post_due() == 1
    assert len(receiver.got) == 2


def test_a_dead_receiver_silences_no_mail(lead: Lead, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ALERT_WEBHOOK_URL, settings.ALERT_WEBHOOK_SECRET = "http://127.0.0.1:1/", "s" * 40
    alerts.raise_alert(lead, key="a", now=BEFORE)
    sent: list[str] = []
    monkeypatch.setattr("crm.outbox.delivery.send_due", partial(_count, sent))
    assert periodic.once() == 0
    assert sent == ["mails"]
    assert AlertPost.objects.get().reason in {"URLError", "ConnectionRefusedError"}


def test_trouble_with_the_database_of_alerts_silences_no_mail(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    sent: list[str] = []
    monkeypatch.setattr("crm.outbox.delivery.send_due", partial(_count, sent))

    def broken(**_: Any) -> int:
        raise RuntimeError

    monkeypatch.setattr(alerts, "escalate", broken)
    periodic.once()
    assert sent == ["mails"]


def test_a_worker_that_died_while_calling_loses_nothing(lead: Lead, receiver: Receiver) -> None:
    alerts.raise_alert(lead, key="a", now=BEFORE)
    AlertPost.objects.update(lease_until=datetime.now(UTC) + MINUTE, attempts=1)  # claimed, and then killed
    assert alert_webhook.post_due() == 0
    AlertPost.objects.update(lease_until=datetime.now(UTC) - MINUTE)
    assert alert_webhook.post_due() == 1


@pytest.mark.django_db(transaction=True)
def test_life_without_redis_escalates_too() -> None:
    alerts.raise_alert(make_lead(location=make_location()), key="a", now=BEFORE - timedelta(days=1))
    call_command("send_due")
    assert SafetyAlert.objects.get().level == 1


# --- The desk ---------------------------------------------------------------------------------------------------------


def desk_of(role: str) -> Client:
    make_user(role, email=f"{role}@example.org", password=PASSWORD)
    browser = Client()
    browser.login(username=f"{role}@example.org", password=PASSWORD)
    return browser


def test_every_page_of_the_desk_says_that_somebody_waits(lead: Lead) -> None:
    desk = desk_of("coordinator")
    words = "1 warning sign without an answer."
    assert words not in desk.get("/admin/crm/task/").content.decode()
    alerts.raise_alert(lead, key="a", now=NOON)

    locations.forget()
    assert words in desk.get("/admin/crm/task/").content.decode()


def test_a_coordinator_answers_and_a_clinician_lifts(lead: Lead) -> None:
    alerts.raise_alert(lead, key="a", now=NOON)
    coordinator, clinician = desk_of("coordinator"), desk_of("clinician")
    page, lift = (reverse(f"admin:crm_lead_{name}", args=[lead.pk]) for name in ("change", "clear_hold"))
    shown = coordinator.get(page).content.decode()
    assert "I take care of it" in shown
    coordinator.post(reverse("admin:crm_lead_acknowledge", args=[lead.pk]), {"reports": causes_in(shown)})
    assert "Clinicians and administrators can lift it" in coordinator.get(page).content.decode()
    assert coordinator.post(lift, {"note": "x"}).status_code == 403
    assert clinician.post(lift, {"seen": "0", "note": ""}).status_code == 422
    assert clinician.post(lift, {"seen": "0", "note": "Examined."}).status_code == 302
    lead.refresh_from_db()
    assert lead.safety_hold is False


def causes_in(page: str) -> list[str]:
    """The reports that a page of the desk shows."""
    return re.findall(r'name="reports" value="([^"]+)"', page)


def test_an_old_page_answers_for_nothing_that_was_reported_since(lead: Lead) -> None:
    alerts.raise_alert(lead, key="a", now=NOON)
    desk = desk_of("coordinator")
    page, answer = (reverse(f"admin:crm_lead_{name}", args=[lead.pk]) for name in ("change", "acknowledge"))
    shown = causes_in(desk.get(page).content.decode())
    alerts.raise_alert(lead, key="b", now=NOON)  # of the same moment

    refused = desk.post(answer, {"reports": shown})

    assert refused.status_code == 409
    assert "It was reported again since your page was made." in refused.content.decode()
    assert SafetyAlert.objects.open().filter(lead=lead, next_level_at__isnull=False).count() == 1
    again = causes_in(refused.content.decode())
    assert len(again) == 2
    assert desk.post(answer, {"reports": again}).status_code == 302
    assert not SafetyAlert.objects.open().exists()


def test_a_page_of_an_earlier_alert_answers_no_later_one(lead: Lead) -> None:
    alerts.raise_alert(lead, key="a", now=NOON)
    desk = desk_of("coordinator")
    page, answer = (reverse(f"admin:crm_lead_{name}", args=[lead.pk]) for name in ("change", "acknowledge"))
    shown = causes_in(desk.get(page).content.decode())
    alerts.acknowledge(lead, by=make_user(), now=NOON)
    alerts.raise_alert(lead, key="b", now=NOON + MINUTE)

    assert desk.post(answer, {"reports": shown}).status_code == 409
    assert SafetyAlert.objects.open().filter(lead=lead).count() == 1


@pytest.mark.parametrize("sent", [{}, {"reports": "nonsense"}, {"reports": "00000000-0000-4000-8000-000000000000"}])
def test_a_page_that_does_not_say_what_it_showed_answers_for_nothing(lead: Lead, sent: dict[str, str]) -> None:
    alerts.raise_alert(lead, key="a", now=NOON)

    answer = desk_of("coordinator").post(reverse("admin:crm_lead_acknowledge", args=[lead.pk]), sent)

    assert answer.status_code == 409
    assert SafetyAlert.objects.open().filter(lead=lead).count() == 1


def test_nobody_on_call_is_told_to_staff(lead: Lead) -> None:
    Location.objects.update(nobody_on_call=True)

    locations.forget()
    assert "Nobody is on call" in desk_of("coordinator").get("/admin/crm/task/").content.decode()


@pytest.mark.parametrize("address", ["/admin/crm/lead/{lead}/change/", "/admin/?whose=all"])
def test_what_was_reported_after_the_page_was_made_is_still_called_for(
    client: Client, lead: Lead, address: str
) -> None:
    client.force_login(make_user("coordinator", email="casey@example.org"))
    alerts.raise_alert(lead, key="a", now=NOON)
    path = reverse("admin:crm_lead_acknowledge", args=[lead.pk])
    older = as_sent(client.get(address.format(lead=lead.pk)).content.decode(), having="reports")
    alerts.raise_alert(lead, key="b", now=NOON + MINUTE)

    assert "It was reported again since your page was made." in client.post(path, older, follow=True).content.decode()
    assert SafetyAlert.objects.open().count() == 1

    client.post(path, as_sent(client.get(address.format(lead=lead.pk)).content.decode(), having="reports"))
    assert not SafetyAlert.objects.open().exists()
