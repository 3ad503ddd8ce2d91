"""The board: columns in their order, the newest on top, page by page, filtered, moved once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from crm.desk import board
from crm.desk.board import Filters
from crm.enums.leads import Stage
from crm.leads import stages
from crm.models import AccessEvent, Lead, Location, StageRule, Task, User
from tests.factories import make_lead, make_location, make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
PAGE = "/admin/board/"


def card(center: Location, *, days: float = 0, **values: Any) -> Lead:
    at = NOW - timedelta(days=days)
    return make_lead(location=center, stage_since=at, **({"email": "", "phone": "+12125550100"} | values))


def column(user: User, stage: Stage = Stage.NEW, **filters: str) -> list[Lead]:
    found = board.columns(user, Filters(**filters), now=NOW)
    return [one.lead for col in found if col.rule.stage == stage for one in col.cards]


def test_columns_stand_in_the_order_of_the_center(center: Location, coordinator: User) -> None:
    StageRule.objects.filter(pk=Stage.LOST).update(position=0)
    stages.forget_rules()
    assert [one.rule.stage for one in board.columns(coordinator, Filters(), now=NOW)][:2] == ["lost", "new"]


def test_the_newest_in_the_stage_is_on_top(center: Location, coordinator: User) -> None:
    leads = [card(center, days=days) for days in (3, 1, 2)]
    assert column(coordinator) == [leads[1], leads[2], leads[0]]


def test_a_column_goes_on_where_it_ended_even_among_equals(center: Location, coordinator: User) -> None:
    made = {card(center, days=1).pk for _ in range(board.PAGE * 2 + 3)}
    seen: list[Lead] = []
    first = next(one for one in board.columns(coordinator, Filters(), now=NOW) if one.rule.stage == Stage.NEW)
    part = first
    while True:
        seen += [one.lead for one in part.cards]
        if not part.after:
            break
        part = board.column(coordinator, Filters(), Stage.NEW, part.after, now=NOW)
    assert first.count == len(made)
    assert (len(seen), {lead.pk for lead in seen}) == (len(made), made)


@pytest.mark.parametrize("after", ["", "~", "yesterday~x", "2026-11-23T15:00:00+00:00~nobody"])
def test_an_unreadable_place_begins_anew(center: Location, coordinator: User, after: str) -> None:
    lead = card(center)
    assert [one.lead for one in board.column(coordinator, Filters(), Stage.NEW, after, now=NOW).cards] == [lead]


def test_nobody_counts_further_than_is_told(
    center: Location, coordinator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "MOST_COUNTED", 3)
    for _ in range(6):
        card(center)
    first = next(one for one in board.columns(coordinator, Filters(), now=NOW) if one.rule.stage == Stage.NEW)
    assert (first.count, first.count_in_words) == (4, "3+")


@pytest.mark.parametrize(("stage", "days", "shown"), [(Stage.LOST, 89, 1), (Stage.LOST, 91, 0), (Stage.NEW, 400, 1)])
def test_where_most_leads_end_only_the_last_months_are_shown(
    center: Location, coordinator: User, stage: Stage, days: int, shown: int
) -> None:
    card(center, days=days, stage=stage, lost_reason="cost" if stage == Stage.LOST else "")
    assert len(column(coordinator, stage)) == shown


@pytest.mark.parametrize(
    ("values", "filters"),
    [
        ({"language": "es"}, {"language": "es"}),
        ({"outcome": "MORE_INFO"}, {"outcome": "MORE_INFO"}),
        ({"how_heard": "friend_family"}, {"source": "friend_family"}),
        ({"state": "NJ"}, {"region": "NJ"}),
        ({"tags": ["vip", "call late"]}, {"tag": "call late"}),
    ],
)
def test_filters(center: Location, coordinator: User, values: dict[str, Any], filters: dict[str, Any]) -> None:
    wanted = card(center, **values)
    card(center)
    assert column(coordinator, **filters) == [wanted]


def test_owner_and_location(center: Location, coordinator: User) -> None:
    other = make_location(name="Other")
    mine, nobodys = card(center, owner=coordinator), card(other)
    assert column(coordinator, owner="mine") == [mine]
    assert column(coordinator, owner="none") == [nobodys]
    assert column(coordinator, location=str(other.pk)) == [nobodys]
    assert set(column(coordinator, location="not an id")) == {mine, nobodys}


def test_only_locations_that_somebody_works_for(center: Location, coordinator: User) -> None:
    here, _there = card(center), card(make_location(name="Other"))
    coordinator.locations.add(center)
    assert column(coordinator) == [here]


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_asks_the_same_number_of_questions(
    desk: Client, center: Location, rows: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(rows):
        for stage in Stage:
            reason = "cost" if stage == Stage.LOST else ""
            lead = make_lead(location=center, stage=stage, lost_reason=reason, email=f"{stage}{number}@example.org")
            Task.objects.create(lead=lead, title="x", due_at=NOW)
    desk.get(PAGE)
    with django_assert_num_queries(7):
        assert desk.get(PAGE).status_code == 200


def test_the_next_cards_come_alone(desk: Client, lead: Lead) -> None:
    part = desk.get(f"{PAGE}?stage=new", headers={"HX-Request": "true"}).content.decode()
    assert ("<html" in part, lead.full_name in part) == (False, True)
    assert "<html" in desk.get(f"{PAGE}?stage=new").content.decode()


# --- Moving ----------------------------------------------------------------------------------------------------------


def move(desk: Client, lead: Lead, to: str, *, expected: str = "new", **more: str) -> Any:
    form = {"move-expected_stage": expected, "move-to": to, "move-back": "board"}
    return desk.post(f"/admin/crm/lead/{lead.pk}/move/", form | {f"move-{name}": value for name, value in more.items()})


def test_a_card_moves_and_the_board_comes_back(desk: Client, lead: Lead) -> None:
    answer = move(desk, lead, "qualifying")
    lead.refresh_from_db()
    assert (answer.headers["Location"], lead.stage) == (PAGE, "qualifying")


def test_what_the_stage_asks_for_is_asked_for(desk: Client, lead: Lead) -> None:
    answer = move(desk, lead, "lost")
    page = answer.content.decode()
    assert (answer.status_code, "Say why the lead was lost." in page) == (422, True)
    assert 'name="move-back" value="board"' in page
    answer = move(desk, lead, "lost", lost_reason="cost")
    lead.refresh_from_db()
    assert (answer.headers["Location"], lead.stage) == (PAGE, "lost")


def test_a_next_step_wants_both_what_and_when(desk: Client, lead: Lead) -> None:
    assert move(desk, lead, "nurture", next_title="Call").status_code == 422
    move(desk, lead, "nurture", next_title="Call", next_on="2027-01-08")
    made = Task.objects.get(lead=lead)
    assert (made.title, made.due_at) == ("Call", datetime(2027, 1, 8, 14, tzinfo=UTC))


@pytest.mark.parametrize("day", ["0001-01-01", "0202-11-30", "9999-12-31"])
def test_a_next_step_belongs_to_this_age(desk: Client, lead: Lead, day: str) -> None:
    Location.objects.filter(pk=lead.location_id).update(timezone="Pacific/Guam")
    assert move(desk, lead, "nurture", next_title="Call", next_on=day).status_code == 422
    assert not Task.objects.filter(lead=lead).exists()


def test_whoever_comes_second_is_told_and_overwrites_nothing(desk: Client, lead: Lead) -> None:
    move(desk, lead, "records")
    answer = move(desk, lead, "qualifying", expected="new")
    lead.refresh_from_db()
    page = answer.content.decode()
    assert ("Somebody moved this lead to Records" in page or "cannot go there" in page, lead.stage) == (True, "records")


def test_whoever_may_not_read_an_assessment_may_not_look_for_it(client: Client, center: Location) -> None:
    card(center, first_name="Urgent", outcome="URGENT")
    card(center, first_name="Other", outcome="MORE_INFO")
    client.force_login(make_user("front_desk", email="fran@example.org"))
    page = client.get(f"{PAGE}?outcome=URGENT").content.decode()
    assert ("Assessment" in page, "Other" in page, "Urgent" in page) == (False, True, True)
    assert "Assessment" not in client.get("/admin/crm/lead/").content.decode()
    assert client.get("/admin/crm/lead/?outcome__exact=URGENT").status_code == 400


@pytest.mark.parametrize("term", ["maria", "sam mar", "(212) 555-0142", "maria@example", "REFERENCE"])
def test_somebody_is_looked_for_on_the_board(desk: Client, center: Location, term: str) -> None:
    maria = card(center, first_name="Maria", last_name="Sample", email="maria@example.org", phone="+12125550142")
    card(center, first_name="Other", last_name="Person", email="o@example.org", phone="+12125550199")
    page = desk.get(PAGE, {"q": term.replace("REFERENCE", maria.reference)}).content.decode()
    assert ("Maria Sample" in page, "Other Person" in page) == (True, False)
    event = AccessEvent.objects.latest("at")
    assert (event.action, event.object_ids, bool(event.keyed_hash)) == ("search", [maria.pk], True)
