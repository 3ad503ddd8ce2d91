"""The switches of all mail, how sending stands, and what a person decides about a mail that waits."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from crm import locations, periodic
from crm.enums.leads import MessageState, TaskKind
from crm.followups import step_runner
from crm.mail import status as mail_status
from crm.models import Activity, Lead, Message, Sending, Task, User
from crm.ops import metrics
from crm.outbox import delivery, send_rules
from tests.factories import make_lead, make_message
from tests.faults.far_end import FarEnd, far_end
from tests.recording import recorded_logs

pytestmark = pytest.mark.django_db
PAGE, SWITCH = "/admin/crm/sending/", "/admin/crm/sending/switch/"


@pytest.fixture
def far(settings: Settings) -> Iterator[FarEnd]:
    with far_end() as end:
        settings.MAIL_SERVER = end.server
        yield end


def ago(**span: float) -> datetime:
    return datetime.now(UTC) - timedelta(**span)


def page_of(client: Client) -> str:
    return " ".join(client.get(PAGE).content.decode().split())


def test_one_switch_holds_everything_and_loses_nothing(admin_client: Client, lead: Lead, far: FarEnd) -> None:
    message = make_message(lead)
    admin_client.post(SWITCH, {"what": "pause", "reason": "The provider asked us to"})
    assert (delivery.send_due(), step_runner.run_due(), far.accepted) == (0, 0, [])
    page = page_of(admin_client)
    assert "The provider asked us to" in page
    locations.forget()
    assert "All mail is held." in " ".join(admin_client.get("/admin/crm/lead/").content.decode().split())
    admin_client.post(SWITCH, {"what": "resume"})
    assert delivery.send_due() == 1
    message.refresh_from_db()
    assert message.state == MessageState.SENT


def test_the_second_server_takes_over_and_gives_back(
    admin_client: Client, lead: Lead, far: FarEnd, settings: Settings
) -> None:
    with far_end() as second:
        settings.SECOND_MAIL_SERVER = second.server
        admin_client.post(SWITCH, {"what": "second"})
        make_message(lead)
        delivery.send_due()
        admin_client.post(SWITCH, {"what": "first"})
        make_message(lead)
        delivery.send_due()
        assert (len(second.accepted), len(far.accepted)) == (1, 1)


def test_without_a_second_server_the_first_one_stays(lead: Lead, far: FarEnd) -> None:
    Sending.objects.create(through_second=True)
    make_message(lead)
    assert delivery.send_due() == 1


def test_a_coordinator_sees_and_turns_nothing(desk: Client) -> None:
    assert "Hold all mail" not in page_of(desk)
    assert desk.post(SWITCH, {"what": "pause"}).status_code == 403
    assert not mail_status.is_paused()


def test_every_page_says_when_mail_is_late_and_whom_it_concerns(desk: Client, lead: Lead) -> None:
    assert "Mail is late" not in desk.get("/admin/crm/lead/").content.decode()
    other = make_lead(email="b@example.org")
    for one in (lead, lead, other):
        make_message(one, due_at=ago(minutes=6))
    make_message(lead, due_at=ago(minutes=4))
    locations.forget()
    page = " ".join(desk.get("/admin/crm/lead/").content.decode().split())
    assert "Mail is late: 3 for 2 people." in page
    found = mail_status.standing()
    assert (found.due, found.late, found.late_people) == (4, 3, 2)
    assert 360 <= found.oldest_seconds < 380


def test_late_mail_to_staff_alone_counts_no_people(desk: Client, lead: Lead) -> None:
    Message.objects.filter(pk=make_message(lead, due_at=ago(minutes=6)).pk).update(lead=None)
    locations.forget()
    assert "Mail is late: 1 to our own team." in " ".join(desk.get("/admin/crm/lead/").text.split())


def test_the_log_says_when_mail_is_late(lead: Lead, settings: Settings) -> None:
    settings.SENDING = "paused"
    make_message(lead, due_at=ago(minutes=4))
    with recorded_logs() as lines:
        periodic.once()
    assert "mail_is_late" not in lines.getvalue()
    make_message(lead, due_at=ago(minutes=6))
    with recorded_logs() as lines:
        periodic.once()
    assert "mail_is_late" in lines.getvalue()


def test_what_waits_is_listed_with_its_choices(desk: Client, lead: Lead) -> None:
    make_message(lead, subject="Parked one", state=MessageState.UNKNOWN)
    make_message(lead, subject="Refused one", state=MessageState.FAILED, reason="Refused by the mail server (550)")
    make_message(lead, subject="Put off one", attempts=2, due_at=datetime.now(UTC) + timedelta(minutes=9))
    page = page_of(desk)
    assert all(subject in page for subject in ("Parked one", "Refused one", "Put off one"))
    assert page.count('value="arrived"') == 1
    assert page.count('value="again"') == page.count('value="drop"') == 2


@pytest.mark.parametrize(
    ("before", "what", "after"),
    [
        ("unknown", "arrived", "sent"),
        ("unknown", "again", "queued"),
        ("unknown", "drop", "cancelled"),
        ("failed", "again", "queued"),
        ("failed", "drop", "cancelled"),
        ("failed", "arrived", "failed"),  # we know that it did not
        ("sent", "again", "sent"),
        ("sent", "drop", "sent"),
        ("unknown", "nonsense", "unknown"),
    ],
)
def test_three_choices(desk: Client, lead: Lead, before: str, what: str, after: str) -> None:
    message = make_message(lead, state=before)
    Task.objects.create(
        lead=lead, kind=TaskKind.MAIL_PROBLEM, title="x", due_at=ago(hours=1), key=f"mail:{message.pk}:1"
    )
    desk.post(f"/admin/crm/message/{message.pk}/settle/", {"what": what})
    message.refresh_from_db()
    assert message.state == after
    settled = after in {"cancelled"} or (what == "arrived" and after == "sent")
    assert Task.objects.open().exists() != settled
    assert Activity.objects.exists() == (before != after)


@pytest.mark.parametrize("fields", [("handed_over_at", "finished_at"), ("handed_over_at",), ()], ids=len)
def test_what_arrived_arrived_when_it_was_handed_over(desk: Client, lead: Lead, fields: tuple[str, ...]) -> None:
    """Said two months later, it is neither today's mail nor in the way of what may follow."""
    went = ago(days=60)
    message = make_message(
        lead, state=MessageState.UNKNOWN, message_class="follow_up", due_at=went, **dict.fromkeys(fields, went)
    )

    desk.post(f"/admin/crm/message/{message.pk}/settle/", {"what": "arrived"})

    message.refresh_from_db()
    assert (message.state, message.finished_at) == (MessageState.SENT, went)
    assert send_rules.background([message], now=datetime.now(UTC), alone=False).sent == {lead.pk: [went]}


def test_an_outsider_decides_nothing(client: Client, outsider: User, lead: Lead) -> None:
    client.force_login(outsider)
    message = make_message(lead, state=MessageState.UNKNOWN)
    assert client.post(f"/admin/crm/message/{message.pk}/settle/", {"what": "drop"}).status_code == 403
    assert client.get(PAGE).status_code == 403


def test_metrics_are_gauges_and_name_nobody(client: Client, lead: Lead) -> None:
    make_message(lead, due_at=ago(minutes=6))
    make_message(lead, state=MessageState.UNKNOWN)
    make_message(lead, state=MessageState.SENT, finished_at=ago(minutes=5))
    text = client.get("/metrics").content.decode()
    told = dict(line.split() for line in text.splitlines() if not line.startswith("#"))
    assert (told["nucleus_messages_due"], told["nucleus_messages_late"], told["nucleus_messages_parked"]) == (*"111",)
    assert told["nucleus_messages_sent_last_hour"] == "1"
    assert float(told["nucleus_oldest_due_seconds"]) > 300
    assert not [word for word in (lead.email, lead.first_name, lead.reference) if word in text]
    assert text.count("# TYPE") == len(told)


@pytest.mark.parametrize(
    ("public", "token", "given", "status"),
    [
        (False, "", "", 200),
        (False, "secret", "", 404),
        (False, "secret", "Bearer secret", 200),
        (True, "", "", 404),
        (True, "", "Bearer ", 404),
        (True, "secret", "Bearer wrong", 404),
        (True, "secret", "Bearer secret", 200),
    ],
)
def test_who_may_ask_for_metrics(
    client: Client, settings: Settings, public: bool, token: str, given: str, status: int
) -> None:
    settings.IS_PUBLIC, settings.METRICS_TOKEN = public, token
    assert client.get("/metrics", headers={"Authorization": given} if given else {}).status_code == status


def test_the_text_is_what_prometheus_reads() -> None:
    lines = metrics.as_text(mail_status.OutboxStatus(due=3, oldest_seconds=1.5, is_paused=True)).splitlines()
    assert "nucleus_messages_due 3" in lines
    assert "nucleus_oldest_due_seconds 1.5" in lines
    assert "nucleus_sending_paused 1" in lines


def test_standing_takes_the_same_queries_at_any_size(
    lead: Lead, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for count in (1, 30):
        for _ in range(count):
            make_message(lead, due_at=ago(minutes=6))
        with django_assert_num_queries(7):
            mail_status.standing()


def test_a_message_dropped_twice_is_dropped_once(desk: Client, lead: Lead) -> None:
    message = make_message(lead, state=MessageState.UNKNOWN)
    for _ in range(2):
        desk.post(f"/admin/crm/message/{message.pk}/settle/", {"what": "drop"})
    assert Activity.objects.count() == 1
    assert Message.objects.get().state == MessageState.CANCELLED
