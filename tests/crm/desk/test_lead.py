"""The page of one lead over HTTP: every form, what it refuses, who may use it, and what a look leaves behind."""

import uuid
from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from crm import roles
from crm.accounts import groups
from crm.desk import queries
from crm.enums.leads import AccessAction, ActivityKind, MessageState, TaskKind
from crm.enums.treatments import DatePrecision
from crm.leads import treatments
from crm.models import AccessEvent, Activity, Lead, Location, Task, Treatment, User
from intake.models import Submission
from intake.requests import actions
from intake.requests.forms import StepOne
from intake.requests.rows import Request
from tests.factories import NOON, make_lead, make_message, make_treatment, make_user, step_one

pytestmark = pytest.mark.django_db

# What each address below /admin/crm/lead/<id>/ needs, and what to post there.
ROUTES: list[tuple[str, str, dict[str, str] | None]] = [
    ("change/", "crm.view_lead", None),
    ("details/", "crm.change_lead", {"first_name": "Avery"}),
    ("move/", "crm.change_lead", {"move-to": "contacting", "move-expected_stage": "new"}),
    ("call/", "crm.add_activity", {"call-outcome": "reached"}),
    ("note/", "crm.add_activity", {"note-text": "Hello"}),
    ("treatments/add/", "crm.add_treatment", {"kind": "heat"}),
    ("treatments/{treatment}/", "crm.change_treatment", {"kind": "heat"}),
    ("tasks/{task}/done/", "crm.change_task", {}),
    ("messages/{message}/send-again/", "crm.change_lead", {}),
]


def at(lead: Lead, rest: str = "change/", **ids: Any) -> str:
    return f"/admin/crm/lead/{lead.pk}/{rest.format(**ids)}"


def treatment_form(**changes: str) -> dict[str, str]:
    """Supervised physical therapy as the coordinator types it in."""
    return {
        "kind": "pt_supervised",
        "status": "completed",
        "start": "03/2026",
        "end": "06/2026",
        "sessions": "12",
        "relief_percent": "20",
        "directed_by_clinician": "true",
        "source": "coordinator",
        "documentation": "none",
    } | changes


# --- The page --------------------------------------------------------------------------------------------------------


def test_page_tells_the_whole_story(desk: Client, center: Location) -> None:
    form = StepOne(step_one(), center_name="Riverbend Center")
    assert form.is_valid()
    lead = actions.submit(Request(uuid.uuid4(), form.cleaned_data, center, NOON)).lead
    make_treatment(lead, relief_percent=20)

    page = desk.get(at(lead, "change/?panels=all")).content.decode()

    for words in (
        "Maria Sample",
        lead.reference,
        "(212) 555-0142",
        "Request: Asked for help",
        "E-mail: We received your request",
        "Queued",
        "First call",
        "Physical therapy, supervised",
        "12 sessions",
        "20 %",
        "Into the leg, below the knee",
        "7 of 10",
    ):
        assert words in page


def test_page_shows_the_newest_first_and_causes_below_their_effects(desk: Client, lead: Lead) -> None:
    desk.post(at(lead, "call/"), {"call-outcome": "reached", "call-note": "Spoke to her"})
    desk.post(at(lead, "note/"), {"note-text": "Will send the disc"})

    page = desk.get(at(lead)).content.decode()

    order = [page.index(words) for words in ("Will send the disc", "Stage: New → Contacting", "Call: Reached")]
    assert order == sorted(order)


def test_page_records_one_look(desk: Client, lead: Lead, coordinator: User) -> None:
    desk.get(at(lead))

    event = AccessEvent.objects.get(object_type="lead")
    assert (event.user_id, event.action, event.object_ids) == (coordinator.pk, AccessAction.VIEW, [lead.pk])


def test_page_of_nobody_is_not_found(desk: Client, lead: Lead) -> None:
    address = at(lead).replace(str(lead.pk), "00000000-0000-4000-8000-000000000000")

    assert desk.get(address).status_code == 404


def test_page_escapes_what_strangers_typed(desk: Client, center: object) -> None:
    lead = make_lead(first_name="<script>alert(1)</script>", last_name="{{7*7}}")

    page = desk.get(at(lead)).content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{7*7}}" in page


def test_page_warns_of_a_safety_hold(desk: Client, center: object) -> None:
    assert "Safety hold." in desk.get(at(make_lead(safety_hold=True))).content.decode()


# --- Who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rest", "permission", "data"), ROUTES)
def test_route_is_closed_without_its_permission(
    client: Client, lead: Lead, rest: str, permission: str, data: dict[str, str] | None
) -> None:
    others = set(roles.PERMISSIONS["coordinator"]) - {permission}
    user = make_user()
    client.force_login(user)
    group = Group.objects.create(name="All but one")
    group.permissions.set(groups.permissions_named(sorted(others)))
    user.groups.add(group)
    ids = {"treatment": make_treatment(lead).pk, "message": make_message(lead).pk, "task": _task(lead).pk}

    response = client.get(at(lead, rest, **ids)) if data is None else client.post(at(lead, rest, **ids), data)

    assert response.status_code == 403
    assert not Activity.objects.exists()


@pytest.mark.parametrize(("rest", "permission", "data"), ROUTES)
def test_route_asks_strangers_to_sign_in(
    client: Client, lead: Lead, rest: str, permission: str, data: dict[str, str] | None
) -> None:
    ids = {"treatment": make_treatment(lead).pk, "message": make_message(lead).pk, "task": _task(lead).pk}

    assert client.post(at(lead, rest, **ids), data or {})["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("rest", ["move/", "call/", "note/", "tasks/{task}/done/", "messages/{message}/send-again/"])
def test_looking_at_a_form_address_changes_nothing(desk: Client, lead: Lead, rest: str) -> None:
    message, task = make_message(lead, state=MessageState.FAILED), _task(lead)

    response = desk.get(at(lead, rest, message=message.pk, task=task.pk))

    assert (response.status_code, response["Location"]) == (302, at(lead))
    message.refresh_from_db()
    assert message.state == MessageState.FAILED
    assert Task.objects.open().count() == 1
    assert not Activity.objects.exists()


def _task(lead: Lead) -> Task:
    return Task.objects.create(lead=lead, kind=TaskKind.CALL, title="First call", due_at=NOON)


# --- Treatments ------------------------------------------------------------------------------------------------------


def test_treatment_is_added_as_told(desk: Client, lead: Lead, coordinator: User) -> None:
    response = desk.post(at(lead, "treatments/add/"), treatment_form())

    assert (response.status_code, response["Location"]) == (302, at(lead))
    added = Treatment.objects.get()
    assert (added.start_date, added.start_precision) == (date(2026, 3, 1), DatePrecision.MONTH)
    assert (added.end_date, added.sessions, added.relief_percent) == (date(2026, 6, 1), 12, 20)
    assert (added.directed_by_clinician, added.created_by) == (True, coordinator)
    assert added.period == "Mar 2026 to Jun 2026"


def test_treatment_form_stays_open_for_another(desk: Client, lead: Lead) -> None:
    response = desk.post(at(lead, "treatments/add/"), treatment_form(another="1"))

    assert response["Location"] == at(lead, "treatments/add/")


def test_injection_keeps_how_long_relief_lasted(desk: Client, lead: Lead) -> None:
    told = {"kind": "esi_unknown", "body_region": "lumbar", "relief_percent": "50", "relief_duration_days": "3 weeks"}

    desk.post(at(lead, "treatments/add/"), treatment_form(**told, sessions="", start="2026-05-04", end=""))

    added = Treatment.objects.get()
    assert (added.relief_percent, added.relief_duration_days, added.period) == (50, 21, "May 4, 2026")


@pytest.mark.parametrize(
    ("field", "changes", "words"),
    [
        ("kind", {"kind": ""}, "This field is required."),
        ("kind", {"kind": "magic"}, "Select a valid choice"),
        ("end", {"end": "01/2026"}, "The end lies before the start."),
        ("end", {"status": "ongoing"}, "An ongoing treatment has no end: clear one of the two."),
        ("start", {"start": "2031", "end": ""}, "The start lies in the future: only a plan can."),
        ("start", {"start": "last spring"}, "Write the year, month and year, or the day"),
        ("start", {"start": "02/30/2026"}, "There is no such date"),
        ("relief_percent", {"relief_percent": "120"}, "Relief is between 0 and 100 percent."),
        ("relief_duration_days", {"relief_duration_days": "ages"}, "Write a number of days, weeks or months"),
    ],
)
def test_treatment_that_is_refused_says_where_and_keeps_everything(
    desk: Client, lead: Lead, field: str, changes: dict[str, str], words: str
) -> None:
    response = desk.post(at(lead, "treatments/add/"), treatment_form(provider_name="Pat Sample", **changes))

    assert response.status_code == 422
    page = response.content.decode()
    assert f'<a href="#treatment_{field}">' in page
    assert words in page
    assert 'value="Pat Sample"' in page
    assert not Treatment.objects.exists()


def test_treatment_is_corrected_with_its_history(desk: Client, lead: Lead) -> None:
    treatment = make_treatment(lead, start_date=date(2026, 3, 1), end_date=date(2026, 6, 1), relief_percent=20)
    address = at(lead, "treatments/{treatment}/", treatment=treatment.pk)
    assert 'value="03/2026"' in desk.get(address).content.decode()

    response = desk.post(address, treatment_form(relief_percent="30", directed_by_clinician="unknown"))

    assert response.status_code == 302
    page = desk.get(at(lead)).content.decode()
    assert "<del>20</del> → <ins>30</ins>" in page
    treatment.refresh_from_db()
    assert treatment.relief_percent == 30


def test_the_timeline_says_what_was_corrected_in_words(lead: Lead, coordinator: User) -> None:
    now, day = timezone.now(), DatePrecision.DAY
    row = make_treatment(lead, start_date=date(2026, 3, 1), status="ongoing", ongoing=True, directed_by_clinician=None)
    told: dict[str, Any] = {"ongoing": False, "status": "completed", "directed_by_clinician": True}
    told |= {"start_date": date(2026, 3, 14), "start_precision": day}
    treatments.correct(row, by=coordinator, now=now, **told)
    entries = [list(entry.changes) for entry in queries.lead_page(lead.pk, coordinator).entries]
    longest = max(entries, key=len)
    assert sorted(longest) == [
        ("Directed by clinician", "—", "Yes"),
        ("Ongoing", "Yes", "No"),
        ("Start date", "Mar 1, 2026", "Mar 14, 2026"),
        ("Start precision", "to the month", "to the day"),
        ("Status", "Ongoing", "Completed"),
    ]


def test_only_a_mail_that_left_is_shown_as_sent(desk: Client, lead: Lead) -> None:
    make_message(lead, state=MessageState.QUEUED, subject="Tomorrow")
    assert "as sent" not in desk.get(at(lead, "change/?show=mail")).content.decode()
    make_message(lead, state=MessageState.SENT, finished_at=timezone.now(), subject="Yesterday")
    assert desk.get(at(lead, "change/?show=mail")).content.decode().count("as sent") == 1


def test_what_began_just_now_lasts_no_zero_minutes(desk: Client, lead: Lead) -> None:
    now = timezone.now()
    Lead.objects.filter(pk=lead.pk).update(stage_since=now)
    Task.objects.create(lead=lead, kind=TaskKind.OTHER, title="Ask at once", due_at=now)
    page = desk.get(at(lead)).content.decode()
    assert "overdue for less than a minute" in page
    assert "in this stage for less than a minute" in page


def test_patients_answers_stand_beside_the_treatment_form(desk: Client, lead: Lead) -> None:
    told = {"tried_treatments": ["pt", "medication"]}
    Submission.objects.create(
        pk=uuid.uuid4(), lead=lead, answers=told, answers_digest="0" * 64, questionnaire_version="1"
    )

    page = desk.get(at(lead, "treatments/add/?panels=all")).content.decode()

    assert "In the patient&#x27;s own words" in page or "In the patient's own words" in page
    assert "Physical therapy" in page.partition("<aside")[2]


# --- Contact details -------------------------------------------------------------------------------------------------


def details_form(**changes: str) -> dict[str, str]:
    return {
        "first_name": "Avery",
        "last_name": "Example",
        "email": "avery@example.org",
        "phone": "(212) 555-0142",
        "state": "NY",
        "timezone": "America/New_York",
    } | changes


def test_details_are_corrected_and_kept_on_the_timeline(desk: Client, lead: Lead) -> None:
    response = desk.post(at(lead, "details/"), details_form(phone="212.555.0177", first_name=" Averil\u202e "))

    assert response.status_code == 302
    lead.refresh_from_db()
    assert (lead.first_name, lead.phone) == ("Averil", "+12125550177")
    changes = Activity.objects.get(kind=ActivityKind.DETAILS).details["changes"]
    assert changes == {"first_name": ["Avery", "Averil"], "phone": ["+12125550142", "+12125550177"]}


def test_a_number_is_shown_on_the_timeline_as_people_write_it(desk: Client, lead: Lead) -> None:
    desk.post(at(lead, "details/"), details_form(phone="212-555-0177 x45"))
    page = desk.get(at(lead)).content.decode()
    assert "<del>(212) 555-0142</del> → <ins>(212) 555-0177 ext. 45</ins>" in page


@pytest.mark.parametrize(("wish", "is_offered"), [("", False), ("phone", False), ("text", True)])
def test_text_messages_are_offered_only_to_whom_they_were_promised(desk: Client, wish: str, is_offered: bool) -> None:
    somebody = make_lead(preferred_contact=wish)
    assert ("Text message" in desk.get(at(somebody, "details/")).content.decode()) == is_offered


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"email": "", "phone": ""}, "Keep an e-mail address or a phone number"),
        ({"phone": "", "preferred_contact": "phone"}, "Add the phone number, or choose another way"),
        ({"preferred_contact": "text"}, "Select a valid choice"),
        ({"email": "", "preferred_contact": "email"}, "Add the e-mail address, or choose another way"),
        ({"email": "avery@localhost"}, "Enter a full e-mail address"),
        ({"phone": "12"}, "Enter a phone number with its area code"),
        ({"first_name": ""}, "This field is required."),
    ],
)
def test_details_that_are_refused_change_nothing(desk: Client, lead: Lead, changes: dict[str, str], words: str) -> None:
    response = desk.post(at(lead, "details/"), details_form(last_name="Kept") | changes)

    assert response.status_code == 422
    assert words in response.content.decode()
    assert 'value="Kept"' in response.content.decode()
    lead.refresh_from_db()
    assert lead.last_name == "Example"


def test_details_cannot_touch_the_stage(desk: Client, lead: Lead) -> None:
    desk.post(at(lead, "details/"), details_form(stage="patient", safety_hold="on", outcome="URGENT"))

    lead.refresh_from_db()
    assert (lead.stage, lead.safety_hold, lead.outcome) == ("new", False, "")


def test_tags_are_kept_once_and_found_on_the_board(desk: Client, lead: Lead) -> None:
    assert desk.post(at(lead, "details/"), details_form(tags="vip, call late ,vip,")).status_code == 302
    lead.refresh_from_db()
    assert lead.tags == ["vip", "call late"]
    assert lead.full_name in desk.get("/admin/board/?tag=call+late").content.decode()
    assert lead.full_name not in desk.get("/admin/board/?tag=vips").content.decode()
