"""The other lists of the desk: tasks, messages, locations, people and the access log."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from crm.enums.leads import AccessAction, MessageState, TaskKind
from crm.models import AccessEvent, Lead, Location, Task, User
from tests.factories import make_lead, make_message, make_user

pytestmark = pytest.mark.django_db

ROOMS = ["task", "message", "location", "user", "accessevent"]


@pytest.fixture
def office(client: Client, center: Location) -> Client:
    """A browser in which the administrator is signed in: by role, without being a superuser."""
    client.force_login(make_user("administrator", name="Alex Administrator", email="alex@example.org"))
    return client


@pytest.mark.parametrize("room", ROOMS)
def test_administrator_opens_every_room(office: Client, lead: Lead, room: str) -> None:
    make_message(lead)

    assert office.get(f"/admin/crm/{room}/").status_code == 200


@pytest.mark.parametrize(
    ("room", "status"), [("task", 200), ("message", 200), ("location", 200), ("user", 403), ("accessevent", 403)]
)
def test_coordinator_opens_what_the_work_needs(desk: Client, lead: Lead, room: str, status: int) -> None:
    assert desk.get(f"/admin/crm/{room}/").status_code == status


@pytest.mark.parametrize("room", [*ROOMS, "lead"])
def test_outsider_opens_nothing(client: Client, outsider: User, lead: Lead, room: str) -> None:
    client.force_login(outsider)

    assert client.get(f"/admin/crm/{room}/").status_code == 403


@pytest.mark.parametrize("room", ["task", "message", "lead"])
@pytest.mark.parametrize("what", ["add/", "{pk}/delete/"])
def test_nothing_is_added_or_deleted_by_hand(desk: Client, lead: Lead, room: str, what: str) -> None:
    rows = {"lead": lead, "message": make_message(lead), "task": _task(lead)}

    assert desk.post(f"/admin/crm/{room}/{what.format(pk=rows[room].pk)}").status_code in {403, 404}
    assert Lead.objects.count() == 1


def _task(lead: Lead, **fields: object) -> Task:
    return Task.objects.create(lead=lead, kind=TaskKind.CALL, title="First call", due_at=datetime.now(UTC), **fields)


# --- Tasks and messages ----------------------------------------------------------------------------------------------


def test_tasks_show_the_open_ones_unless_asked(desk: Client, lead: Lead, coordinator: User) -> None:
    _task(lead)
    Task.objects.create(
        lead=lead, title="Old errand", due_at=datetime.now(UTC), done_at=datetime.now(UTC), done_by=coordinator
    )

    seen = {state: desk.get("/admin/crm/task/", {"state": state}).content.decode() for state in ("", "done", "all")}

    assert ["First call" in seen[state] for state in ("", "done", "all")] == [True, False, True]
    assert ["Old errand" in seen[state] for state in ("", "done", "all")] == [False, True, True]


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("room", ["task", "message"])
def test_lists_take_as_many_queries_for_three_rows_as_for_one(
    desk: Client, center: Location, django_assert_num_queries: DjangoAssertNumQueries, room: str, rows: int
) -> None:
    for number in range(rows):
        lead = make_lead(location=center, email=f"{number}@example.org")
        _task(lead)
        make_message(lead)

    with django_assert_num_queries(7):
        desk.get(f"/admin/crm/{room}/")


def test_message_page_shows_text_and_state_and_records_the_look(desk: Client, lead: Lead) -> None:
    message = make_message(lead, text="Hello <b>Avery</b>", state=MessageState.FAILED, reason="Refused (550)")

    page = desk.get(f"/admin/crm/message/{message.pk}/change/").content.decode()

    assert "Hello &lt;b&gt;Avery&lt;/b&gt;" in page
    assert "Refused (550)" in page
    event = AccessEvent.objects.get(action=AccessAction.VIEW, object_type="message")
    assert event.object_ids == [message.pk]


def test_message_is_not_edited_by_hand(desk: Client, lead: Lead) -> None:
    message = make_message(lead)

    assert desk.post(f"/admin/crm/message/{message.pk}/change/", {"state": "sent"}).status_code == 403
    message.refresh_from_db()
    assert message.state == MessageState.QUEUED


# --- Locations -------------------------------------------------------------------------------------------------------


def location_form(**changes: str) -> dict[str, str]:
    return {
        "name": "Lakeside Center",
        "short_name": "Lakeside",
        "phone": "+13125550100",
        "phone_display": "(312) 555-0100",
        "street": "2 Example Plaza",
        "city": "Chicago",
        "state": "IL",
        "postal_code": "60601",
        "timezone": "America/Chicago",
        "hours": "Mon 09:00-17:00\nfriday 9:00 to 12:30",
        "holidays": "2026-12-25\n2027-01-01",
        "served_states": "IL,IN",
        "sender_name": "Lakeside Center",
        "sender_email": "hello@lakeside.example.org",
        "is_active": "on",
        "position": "0",
    } | changes


def test_second_location_shows_at_once(office: Client, client: Client) -> None:
    assert office.post("/admin/crm/location/add/", location_form(position="0")).status_code == 302
    Location.objects.filter(short_name="Riverbend").update(position=5)

    assert "(312) 555-0100" in client.get("/").content.decode()
    added = Location.objects.get(short_name="Lakeside")
    assert added.hours == {"mon": ["09:00", "17:00"], "fri": ["09:00", "12:30"]}
    assert (added.holidays, added.served_states) == (["2026-12-25", "2027-01-01"], ["IL", "IN"])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hours": "Mon 9 to 5"}, "write a line a day, such as Mon 08:00-18:00"),
        ({"hours": "Mon 18:00-08:00"}, "Opening has to come before closing."),
        ({"hours": "Mon 08:00-24:30"}, "Write opening hours as"),
        ({"holidays": "Christmas"}, "“Christmas” is no day. Write one a line, such as 2026-12-25 or 12/25/2026."),
        ({"holidays": "2026-12"}, "“2026-12” is no day."),
    ],
)
def test_location_that_is_refused_says_how_to_write_it(office: Client, changes: dict[str, str], words: str) -> None:
    response = office.post("/admin/crm/location/add/", location_form(**changes))

    assert words in response.content.decode()
    assert 'value="Lakeside Center"' in response.content.decode()
    assert Location.objects.count() == 1


def test_holidays_are_days_as_people_write_them(office: Client) -> None:
    days = "12/25/2026\n12/26/2026\n2027-01-01, 2027-07-05\n2026-12-25"
    office.post("/admin/crm/location/add/", location_form(holidays=days))
    added = Location.objects.get(short_name="Lakeside")
    assert added.holidays == ["2026-12-25", "2026-12-26", "2027-01-01", "2027-07-05"]


def test_coordinator_reads_locations_and_changes_none(desk: Client, center: Location) -> None:
    address = f"/admin/crm/location/{center.pk}/change/"

    assert desk.get(address).status_code == 200
    assert desk.post(address, location_form()).status_code == 403


# --- People ----------------------------------------------------------------------------------------------------------


def test_administrator_adds_a_coordinator_who_can_sign_in(office: Client, client: Client) -> None:
    group = Group.objects.get(name="coordinator")
    words = "a-long-enough-phrase"
    form = {"name": "Nia New", "email": "nia@example.org", "password1": words, "password2": words, "is_staff": "on"}

    assert office.post("/admin/crm/user/add/", form | {"groups": str(group.pk)}).status_code == 302

    added = User.objects.get(email="nia@example.org")
    assert list(added.groups.all()) == [group]
    client.logout()
    assert client.login(username="NIA@example.org", password=words)


def test_nobody_takes_over_a_superuser(office: Client) -> None:
    owner = make_user(name="Olga Owner", email="olga@example.org", is_superuser=True)

    assert office.post(f"/admin/crm/user/{owner.pk}/change/", {"name": "Mine"}).status_code == 403
    assert office.get(f"/admin/crm/user/{owner.pk}/password/").status_code == 403


def test_groups_are_not_edited_by_hand(office: Client) -> None:
    assert office.get("/admin/auth/group/").status_code == 404


# --- The access log --------------------------------------------------------------------------------------------------


def test_access_log_answers_who_saw_this_record(client: Client, office: Client, lead: Lead) -> None:
    viewer = make_user("coordinator", name="Vera Viewer")
    browser = Client()
    browser.force_login(viewer)
    browser.get(f"/admin/crm/lead/{lead.pk}/change/")
    browser.get("/admin/crm/task/")

    page = office.get("/admin/crm/accessevent/", {"q": str(lead.pk)}).content.decode()

    assert page.count("Vera Viewer") == 1
    assert "Vera Viewer" not in office.get("/admin/crm/accessevent/", {"q": "nonsense"}).content.decode()
