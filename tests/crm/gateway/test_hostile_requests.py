"""Query strings and forms that nobody means: refused or passed over, never an error of ours and never a long wait."""

import uuid
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from crm.admin.base import DeskAdmin
from crm.models import Lead, Location, OnCallShift, Sending
from tests.factories import make_message, make_user, step_one

ANSWERED = {200, 302, 400, 403, 404, 405, 409, 422}
LONG = "9" * 20
# What Django's lists would pass on to the database: other columns, other tables, patterns, extreme values.
QUERIES = [
    "created_at__year=0",
    f"created_at__year={LONG}",
    "email__regex=(",
    "email__iregex=(((((.*)*)*)*)*",
    "stage__exact=%00",
    "stage__regex=(",
    "date_of_birth=1970-01-01",
    "date_of_birth__contains=1",
    "recheck_on=2026-12-01",
    "recheck_on__isnull=0",
    "outcome__startswith=U",
    "tasks__title__contains=Pain",
    "treatments__kind=esi_unknown",
    "owner__password__startswith=a",
    "lead__date_of_birth__contains=1",
    "user__password__startswith=a",
    "id__in=1,2",
    "pk=%00",
    "id=x",
    "q=%00",
    "q=%ED%A0%80",
    f"q={LONG}",
    f"p={LONG}",
    "p=x",
    "p=-1",
    f"o={LONG}.-{LONG}",
    "o=x.y",
    "all=%00",
    "e=1",
    "_facets=True&q=%25",
    "_to_field=password",
    "_to_field=%00&_popup=1",
    "is_active__exact=x",
    "location__id__exact=x",
    "location__id__exact=%00",
    f"position__exact={LONG}",
    "%00=1",
]
FEW = [QUERIES[n] for n in (0, 2, 4, 5, 15, 20, 22, 23, 26, 31)]  # each draws a page, and there are many lists
LISTS = [f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry]


@pytest.fixture
def office(client: Client, center: Location, lead: Lead) -> Client:
    """A browser whose user may do everything."""
    make_message(lead)
    client.force_login(make_user("administrator", "clinician", is_superuser=True, email="root@example.org"))
    return client


@pytest.mark.parametrize("name", LISTS)
def test_no_list_answers_a_hostile_question_with_an_error(office: Client, name: str) -> None:
    address = reverse(f"admin:{name}_changelist")
    asked = QUERIES if name in {"crm_lead", "crm_user"} else FEW
    answers = {query: office.get(f"{address}?{query}").status_code for query in asked}
    assert {query: status for query, status in answers.items() if status not in ANSWERED} == {}


PLACES = "new-request/ board/ reviews/ bell/ figures/ search/ autocomplete/ appointments/calendar/".split()
NOISE = ["q=%00", "s=a&page=x", f"s=a&page={LONG}", "stage=%00", "stage=new&after=%00", "after=x~y", "show=%00"]


@pytest.mark.parametrize("place", ["", *PLACES])
def test_nor_does_any_page(office: Client, place: str) -> None:
    answers = {noise: office.get(f"/admin/{place}?{noise}").status_code for noise in NOISE}
    assert {noise: status for noise, status in answers.items() if status not in ANSWERED} == {}


@pytest.mark.parametrize("place", ["/", "/candidate/", "/my/", "/admin/board/", "/admin/crm/lead/"])
@pytest.mark.parametrize("sign", ["%00", "\0"])
def test_a_query_with_a_null_character_is_refused_before_any_view_sees_it(
    office: Client, place: str, sign: str
) -> None:
    assert office.get(place, QUERY_STRING=f"nobody-asks-for-this=a{sign}b").status_code == 400


RELATIONS = [
    (model._meta.app_label, str(model._meta.model_name), field.name)
    for model in admin.site._registry
    for field in model._meta.get_fields(include_hidden=True)
    if field.is_relation
]
NO_FIELDS = [
    *(("crm", "lead", name) for name in ("", "pk", "email", "location__leads", "x", "\0", "__class__", LONG)),
    *(("crm", model, "leads") for model in ("", "x", "\0", "crm.location", "setasidemail", LONG)),
    *((app, "location", "leads") for app in ("", "x", "\0", "scheduling", LONG)),
]


@pytest.mark.parametrize("role", ["root", "coordinator"])
def test_what_completes_a_field_answers_no_other(office: Client, role: str) -> None:
    """Django's view takes any field of any model, also the far end of a relation, and fails over those."""
    if role != "root":
        office.force_login(make_user(role, email=f"{role}@example.org"))
    wrong = {}
    for app, model, field in [*RELATIONS, *NO_FIELDS]:
        asked = {"app_label": app, "model_name": model, "field_name": field, "term": "a", "page": "1"}
        status = office.get("/admin/autocomplete/", asked).status_code
        if status not in {400, 403, 404}:
            wrong[app, model, field] = status
    assert wrong == {}


@pytest.mark.parametrize("left_out", ["app_label", "model_name", "field_name"])
def test_nor_anything_when_a_part_is_missing(office: Client, left_out: str) -> None:
    asked = {"app_label": "crm", "model_name": "oncallshift", "field_name": "user"}
    del asked[left_out]
    assert office.get("/admin/autocomplete/", asked).status_code in {400, 403, 404}


def test_a_field_that_a_form_completes_is_answered(office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(admin.site._registry[OnCallShift]), "autocomplete_fields", ["user"])
    asked = {"app_label": "crm", "model_name": "oncallshift", "field_name": "user"}

    found = office.get("/admin/autocomplete/", asked | {"term": "root"})
    odd = [office.get("/admin/autocomplete/", asked | more).status_code for more in ({"term": "\0"}, {"page": "x"})]

    assert [len(found.json()["results"]), *odd] == [1, 400, 404]


@pytest.mark.parametrize("address", ["/", "/candidate/", "/learn/", "/my/", "/ask/", "/u/x/", "/healthz", "/es/"])
def test_nor_any_public_page(client: Client, center: Location, address: str) -> None:
    for query in ("x=%00", "utm_source=%00", "%00=%00", "next=%ED%A0%80"):
        assert client.get(f"{address}?{query}").status_code in ANSWERED


# --- Only what a list offers -----------------------------------------------------------------------------------------


def test_every_list_stands_on_the_base_that_refuses() -> None:
    assert [model for model, page in admin.site._registry.items() if not isinstance(page, DeskAdmin)] == []


@pytest.mark.parametrize(
    "query", ["date_of_birth__contains=1", "recheck_on=2026-12-01", "email__regex=(", "created_at__year=2026", "id=1"]
)
def test_a_list_is_asked_by_its_own_filters_alone(office: Client, query: str) -> None:
    assert office.get(f"/admin/crm/lead/?{query}").status_code == 400


@pytest.mark.parametrize("query", ["recheck_on=2026-12-01", "outcome__exact=URGENT", "wake_up_on__isnull=0"])
def test_the_front_desk_learns_nothing_by_filters(client: Client, lead: Lead, query: str) -> None:
    client.force_login(make_user("front_desk", email="fran@example.org"))
    assert client.get(f"/admin/crm/lead/?{query}").status_code == 400


def test_a_value_that_cannot_be_is_said_and_everything_shown(office: Client, lead: Lead) -> None:
    answer = office.get("/admin/crm/lead/?safety_hold__exact=x", follow=True)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "This filter was not understood: everything is shown." in page
    assert lead.full_name in page


def test_its_own_filters_still_work(office: Client, center: Location, lead: Lead) -> None:
    for query, found in (
        ("stage__exact=new", True),
        ("stage__exact=lost", False),
        ("whose=none", True),
        (f"location__id__exact={center.pk}", True),
        ("safety_hold__exact=1", False),
        ("messages=ours", False),
        ("outcome__exact=URGENT", False),
    ):
        assert (lead.full_name in office.get(f"/admin/crm/lead/?{query}").content.decode()) is found


# --- Forms -----------------------------------------------------------------------------------------------------------


def test_a_null_character_in_a_form_of_the_desk_is_refused(office: Client, lead: Lead) -> None:
    for address, form in (
        (f"/admin/crm/lead/{lead.pk}/note/", {"note-text": "a\0b"}),
        ("/admin/new-request/", {"last_name": "a\0b"}),
        ("/admin/crm/sending/switch/", {"what": "\0"}),
        (f"/admin/crm/lead/{lead.pk}/follow-ups/begin/", {"key": "\0"}),
    ):
        assert office.post(address, form).status_code == 400
        assert office.post(address, form, headers={"HX-Request": "true"}).status_code == 400


def test_an_empty_new_request_says_what_is_missing(office: Client) -> None:
    assert office.post("/admin/new-request/", {}).status_code == 422
    assert office.post("/admin/new-request/", {"submission_id": "x", "received_at": LONG}).status_code == 422


@pytest.mark.parametrize("what", ["explode", "x" * 500])
def test_there_is_no_such_switch(office: Client, what: str) -> None:
    assert office.post("/admin/crm/sending/switch/", {"what": what}).status_code == 404
    assert not Sending.objects.exists()


@pytest.mark.parametrize("user", ["x", LONG, "' OR 1=1", "44f80a07-bbeb-41e6-b9af-512f13bb9f23"])
def test_nobody_of_that_name_is_on_call(office: Client, center: Location, user: str) -> None:
    form = {"user": user, "location": str(center.pk), "starts_at_0": "2026-12-01", "starts_at_1": "08:00"}
    answer = office.post("/admin/crm/oncallshift/add/", form | {"ends_at_0": "2026-12-02", "ends_at_1": "08:00"})
    assert answer.status_code == 200
    assert "Select a valid choice" in answer.content.decode()
    assert not OnCallShift.objects.exists()


TOTALS = [LONG, "100001", "201", "-1", "x", "", "1e9"]


@pytest.mark.parametrize("total", TOTALS)
def test_no_form_has_rows_without_end(office: Client, center: Location, total: str) -> None:
    """A thousand empty rows take minutes to draw."""
    for address, prefix in (("/admin/scheduling/resource/add/", "rules"), ("/admin/crm/user/add/", "absences")):
        form = {f"{prefix}-TOTAL_FORMS": total, f"{prefix}-INITIAL_FORMS": "0"}
        assert office.post(address, form).status_code == 400
        assert office.post(address, {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": total}).status_code == 400


def test_as_many_rows_as_anybody_needs_are_taken(office: Client, center: Location) -> None:
    form: dict[str, Any] = {"rules-TOTAL_FORMS": "30", "rules-INITIAL_FORMS": "0"}
    assert office.post("/admin/scheduling/resource/add/", form).status_code == 200


@pytest.mark.parametrize(
    "address", ["/candidate/", "/candidate/call-me/", "/candidate/embed/", "/ask/", "/admin/login/"]
)
def test_a_null_character_in_a_public_form_is_refused_or_passed_over(
    client: Client, center: Location, address: str
) -> None:
    names = {*step_one(), "username", "password", "next", "question", "topic", "name", "text", "tried_other", "x\0"}
    for name in sorted(names):
        form = step_one(**{name: "a\0b"})
        assert client.post(address, form).status_code in ANSWERED, name


@pytest.mark.parametrize(("lead_is", "status"), [("closed", 403), ("missing", 404)])
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data; boundary=\u00e9", b"--\xc3\xa9\r\n"),
        ("multipart/form-data; boundary=-", b"---\r\na: " + b"b" * 2000 + b"\r\n\r\n1\r\n-----\r\n"),
        ("multipart/form-data", b"--"),
    ],
    ids=["boundary not ASCII", "head too large", "no boundary"],
)
def test_what_is_refused_unread_stays_refused_whatever_its_body(
    lead: Lead, content_type: str, body: bytes, lead_is: str, status: int
) -> None:
    """A view that reads uploads itself refuses before it has: the page that says so reads nothing either."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("front_desk" if status == 403 else "coordinator", email="r@example.org"))
    client.cookies["csrftoken"] = "t" * 32
    where = f"/admin/crm/lead/{lead.pk if status == 403 else uuid.uuid4()}/documents/"
    assert client.post(where, body, content_type=content_type).status_code == status
