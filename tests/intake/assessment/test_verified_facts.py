"""What somebody has verified: contradicted it stands side by side until a person looks; news counts from its day."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.test import Client

from crm.enums.leads import ActivityKind
from crm.enums.treatments import Source
from crm.leads import treatments
from crm.models import Lead, Task, Treatment, User
from intake.assessment import answer_history
from tests.crm.desk.test_corrections import as_shown
from tests.crm.desk.test_lead import at
from tests.factories import NOON, in_their_place
from tests.page_forms import as_sent

pytestmark = pytest.mark.django_db
FACTS: dict[str, Any] = {
    "kind": "pt_supervised",
    "start_date": date(2026, 3, 1),
    "start_precision": "day",
    "end_date": date(2026, 6, 1),
    "end_precision": "day",
    "status": "completed",
    "sessions": 12,
    "relief_percent": 40,
    "relief_duration_days": 45,
}
VERIFIED_AT = datetime(2026, 10, 1, 16, tzinfo=UTC)


def verified(lead: Lead, by: User, **fields: Any) -> Treatment:
    row = treatments.add(lead, by=by, source=Source.MEDICAL_RECORD, now=VERIFIED_AT, **FACTS | fields)
    return treatments.correct(row, by=by, now=VERIFIED_AT, documentation="verified")


@pytest.fixture
def browser(lead: Lead, coordinator: User) -> Client:
    return in_their_place(Client(), lead, coordinator)


def tell(browser: Client, row: Treatment, **answers: str) -> Treatment:
    """What the patient changes on the page as it stands."""
    address = f"/my/treatments/{row.pk}/"
    sent = as_sent(browser.get(address).text, having="shown")
    answer = browser.post(address, {**sent, **answers})
    assert answer.status_code == 302
    row.refresh_from_db()
    return row


def facts(row: Treatment) -> dict[str, Any]:
    return {name: getattr(row, name) for name in FACTS}


def comparing(lead: Lead) -> int:
    return Task.objects.open().filter(lead=lead, title=treatments.LOOK).count()


@pytest.mark.parametrize(
    ("answers", "disputed"),
    [
        ({"relief": "25"}, {"relief_percent": 25}),
        ({"start": "05/2026"}, {"start_date": "2026-05-01", "start_precision": "month"}),
        ({"sessions": "24"}, {"sessions": 24}),
        ({"going_on": "yes", "end": ""}, {"status": "ongoing", "ongoing": True, "end_date": None}),
        ({"not_tried": "1", "sure": "1"}, {"status": "declined"}),
    ],
)
def test_a_contradiction_stands_beside_what_was_verified(
    lead: Lead, coordinator: User, desk: Client, browser: Client, answers: dict[str, str], disputed: dict[str, Any]
) -> None:
    row = verified(lead, coordinator)
    before = answer_history.snapshot_of(lead, {}, now=NOON)

    tell(browser, row, **answers)

    assert facts(row) == FACTS
    assert disputed.items() <= row.disputed.items()
    assert row.verified_by == coordinator
    assert answer_history.snapshot_of(lead, {}, now=NOON) == before
    assert comparing(lead) == 1
    page = desk.get(at(lead)).text
    assert "The patient says otherwise" in page
    assert lead.activities.filter(kind=ActivityKind.TREATMENT_DISPUTED).count() == 1


def test_saying_it_twice_asks_once_and_saying_it_back_asks_nobody(
    lead: Lead, coordinator: User, browser: Client
) -> None:
    row = verified(lead, coordinator)
    for answer in ("25", "75"):
        tell(browser, row, relief=answer)
    assert (row.disputed, comparing(lead)) == ({"relief_percent": 75}, 1)
    tell(browser, row, relief="40")
    assert (row.disputed, row.disputed_at, comparing(lead)) == ({}, None, 0)


def test_the_page_goes_on_showing_what_the_patient_said(lead: Lead, coordinator: User, browser: Client) -> None:
    row = tell(browser, verified(lead, coordinator), relief="25")
    stamp = row.disputed_at
    tell(browser, row)
    assert (row.disputed, row.disputed_at) == ({"relief_percent": 25}, stamp)


def test_what_nobody_verified_may_be_told(lead: Lead, coordinator: User, browser: Client) -> None:
    row = tell(browser, verified(lead, coordinator, sessions=None), sessions="9")
    assert (row.sessions, row.disputed, row.news) == (9, {}, ["sessions"])
    assert tell(browser, row, sessions="10").sessions == 10


UNSAID: dict[str, Any] = {"status": "", "end_date": None, "end_precision": "month"}
GOES_ON: dict[str, Any] = {"status": "ongoing", "end_date": None, "end_precision": "month"}


def test_an_end_since_is_news_and_counts_from_its_day(lead: Lead, coordinator: User, browser: Client) -> None:
    row = verified(lead, coordinator, **GOES_ON)
    tell(browser, row, going_on="no", end="11/02/2026", ended_because="stopped_no_benefit")
    assert (row.status, row.ongoing, row.end_date) == ("stopped_no_benefit", False, date(2026, 11, 2))
    assert (row.disputed, row.start_date, comparing(lead)) == ({}, FACTS["start_date"], 0)
    assert {"end_date", "status"} <= set(row.news)


def test_an_end_before_the_verification_contradicts_it(lead: Lead, coordinator: User, browser: Client) -> None:
    row = verified(lead, coordinator, **GOES_ON)
    tell(browser, row, going_on="no", end="08/15/2026")
    assert (row.ongoing, row.end_date, comparing(lead)) == (True, None, 1)


@pytest.mark.parametrize(("fields", "news"), [(GOES_ON, True), ({"relief_still_present": True}, True), ({}, False)])
def test_a_change_of_relief_is_news_while_it_can_change(
    lead: Lead, coordinator: User, browser: Client, fields: dict[str, Any], news: bool
) -> None:
    row = tell(browser, verified(lead, coordinator, **fields), relief="75")
    assert (row.relief_percent == 75, bool(row.disputed)) == (news, not news)


@pytest.mark.parametrize("since", [{}, {"going_on": "no", "end": "11/02/2026"}])
def test_that_it_never_was_contradicts_whatever_was_told_since(
    lead: Lead, coordinator: User, browser: Client, since: dict[str, str]
) -> None:
    row = verified(lead, coordinator, **GOES_ON if since else UNSAID)
    tell(browser, row, **since)
    before = facts(row)
    tell(browser, row, not_tried="1", sure="1")
    assert (facts(row), row.disputed, comparing(lead)) == (before, {"status": "declined"}, 1)


def test_an_end_told_since_is_corrected_only_to_one_since(lead: Lead, coordinator: User, browser: Client) -> None:
    row = tell(browser, verified(lead, coordinator, **GOES_ON), going_on="no", end="11/02/2026")
    tell(browser, row, end="11/03/2026", ended_because="stopped_cost_access")
    tell(browser, row, ended_because="stopped_no_benefit")
    assert (row.end_date, row.disputed) == (date(2026, 11, 3), {})
    tell(browser, row, end="05/01/2026")
    assert (row.end_date, comparing(lead)) == (date(2026, 11, 3), 1)


def test_that_it_goes_on_after_all_is_news_again(lead: Lead, coordinator: User, browser: Client) -> None:
    row = tell(browser, verified(lead, coordinator, **GOES_ON), going_on="no", end="11/02/2026")
    tell(browser, row, going_on="yes", end="", ended_because="")
    assert (row.ongoing, row.end_date, row.disputed) == (True, None, {})


# --- A person decides ------------------------------------------------------------------------------------------------


def settle(desk: Client, row: Treatment, which: str, *, seen: str | None = None) -> str:
    at_first = row.disputed_at.isoformat() if row.disputed_at and seen is None else seen or ""
    address = at(row.lead, "treatments/{treatment}/settle/", treatment=row.pk)
    page = desk.post(address, {"settle": which, "seen": at_first}, follow=True).text
    row.refresh_from_db()
    return page


def test_what_was_verified_is_kept(lead: Lead, coordinator: User, desk: Client, browser: Client) -> None:
    row = tell(browser, verified(lead, coordinator), relief="25")
    assert "Kept as verified." in settle(desk, row, "keep")
    assert (facts(row), row.disputed, row.documentation, comparing(lead)) == (FACTS, {}, "verified", 0)


def test_what_the_patient_says_is_taken_over_and_verified_again(
    lead: Lead, coordinator: User, desk: Client, browser: Client
) -> None:
    row = tell(browser, verified(lead, coordinator), relief="25", start="03/2026")
    settle(desk, row, "accept")
    assert (row.relief_percent, row.start_precision, row.disputed) == (25, "month", {})
    assert (row.documentation, row.verified_by, row.verified_at, comparing(lead)) == ("received", None, None, 0)


def test_a_page_from_before_the_patient_said_more_decides_nothing(
    lead: Lead, coordinator: User, desk: Client, browser: Client
) -> None:
    row = tell(browser, verified(lead, coordinator), relief="25")
    seen = row.disputed_at.isoformat() if row.disputed_at else ""
    tell(browser, row, relief="0")
    assert "This has changed meanwhile: look again." in settle(desk, row, "accept", seen=seen)
    assert (row.relief_percent, row.disputed) == (40, {"relief_percent": 0})


def test_a_form_from_before_the_patient_said_otherwise_shows_both_once(
    lead: Lead, coordinator: User, desk: Client, browser: Client
) -> None:
    row = verified(lead, coordinator)
    address = at(lead, "treatments/{treatment}/", treatment=row.pk)
    sent = as_sent(desk.get(address).text, having="kind") | {"relief_percent": "35"}
    tell(browser, row, relief="25")
    page = desk.post(address, sent).text
    row.refresh_from_db()
    assert "Nothing is saved yet." in page
    assert "25 %" in page
    assert "on record: 40 %" in page
    assert as_sent(page, having="kind")["relief_percent"] == ["35"]
    assert (row.relief_percent, row.disputed) == (40, {"relief_percent": 25})
    desk.post(address, as_sent(page, having="kind"))
    row.refresh_from_db()
    assert (row.relief_percent, row.disputed, comparing(lead)) == (35, {}, 0)


def test_what_the_patient_says_of_something_else_holds_nobody_up(
    lead: Lead, coordinator: User, desk: Client, browser: Client
) -> None:
    row = verified(lead, coordinator)
    address = at(lead, "treatments/{treatment}/", treatment=row.pk)
    sent = as_sent(desk.get(address).text, having="kind") | {"sessions": "24"}
    tell(browser, row, relief="25")
    page = desk.post(address, sent, follow=True).text
    row.refresh_from_db()
    assert (row.sessions, row.disputed) == (24, {"relief_percent": 25})
    assert "the rules go by what is on record" in page


# --- Staff change what was verified ----------------------------------------------------------------------------------


def test_what_staff_change_asks_for_verification_again(
    lead: Lead, coordinator: User, clinician: User, desk: Client
) -> None:
    row = verified(lead, clinician)
    address = at(lead, "treatments/{treatment}/", treatment=row.pk)
    sent = as_sent(desk.get(address).text, having="kind")
    page = desk.post(address, {**sent, "start": "10/2025", "sessions": "24"}, follow=True).text
    row.refresh_from_db()
    assert (row.documentation, row.verified_by, row.verified_at) == ("received", None, None)
    assert "compare it with the records again" in page
    assert as_shown(page) == {}


def test_an_unchanged_page_of_staff_leaves_it_verified(lead: Lead, clinician: User, desk: Client) -> None:
    row = verified(lead, clinician)
    address = at(lead, "treatments/{treatment}/", treatment=row.pk)
    desk.post(address, as_sent(desk.get(address).text, having="kind"))
    row.refresh_from_db()
    assert (row.documentation, row.verified_by) == ("verified", clinician)
