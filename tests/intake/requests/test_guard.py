"""Machines at the door: what is suspicious, what happens then, and that nothing is ever lost."""

import uuid
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from crm.http.client_address import client_address
from crm.models import AccessEvent, Lead, Location, Message, Task, User
from intake.models import Arrival, Quarantine, QuarantinedRequest, RateCount, Submission
from intake.requests import bot_protection, proof_of_work, quarantine
from tests.factories import PASSWORD, make_location, make_user, step_one

HERE = "/candidate/"
NOW = datetime(2026, 11, 23, 17, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def public_door(settings: Any) -> None:
    """As on a public site, where strangers come."""
    settings.HASTE_IS_SUSPICIOUS, settings.REQUESTS_AN_HOUR = True, 20


def ago(**span: float) -> str:
    return bot_protection.stamp(timezone.now() - timedelta(**span))


def different(number: int) -> dict[str, Any]:
    return step_one(email=f"visitor{number}@example.org", phone=f"(212) 555-{number:04d}")


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({}, []),
        ({"website": "http://spam.example"}, ["honeypot"]),
        ({"opened": None}, ["no_token"]),
        ({"opened": "forged"}, ["no_token"]),
        ({"opened": "now"}, ["too_fast"]),
        ({"opened": "yesterday"}, ["no_token"]),
        ({"opened": "now", "website": "x"}, ["honeypot", "too_fast"]),
    ],
)
def test_what_looks_made_by_a_machine_is_held(
    client: Client, center: Location, changes: dict[str, Any], reasons: list[str]
) -> None:
    stamps = {"now": ago(seconds=1), "yesterday": ago(hours=24, minutes=1)}
    if changes.get("opened") in stamps:
        changes = changes | {"opened": stamps[changes["opened"]]}
    answer = client.post(HERE, step_one(**changes))
    assert (answer.status_code, answer["Location"]) == (302, "/candidate/thanks/")
    assert [row.reasons for row in QuarantinedRequest.objects.all()] == ([reasons] if reasons else [])
    assert Lead.objects.count() == (0 if reasons else 1)


def test_a_held_request_gets_a_reference_and_no_mail(client: Client, center: Location) -> None:
    client.post(HERE, step_one(website="x"))
    held = QuarantinedRequest.objects.get()
    assert held.reference in client.get("/candidate/thanks/").content.decode()
    assert (Message.objects.count(), Task.objects.count(), Submission.objects.count()) == (0, 0, 0)
    assert "A little later" in client.post("/candidate/go-on/").content.decode()


def test_a_held_request_sent_twice_is_held_once(client: Client, center: Location) -> None:
    sent = step_one(website="x")
    for _ in range(2):
        client.post(HERE, sent)
    assert QuarantinedRequest.objects.count() == 1


@pytest.mark.parametrize("changes", [{"website": "x"}, {"opened": None}])
def test_no_suspicion_holds_an_emergency_back(client: Client, center: Location, changes: dict[str, Any]) -> None:
    answer = client.post(HERE, step_one(safety_check=["A1"], **changes))
    assert answer["Location"] == "/candidate/emergency/"
    assert Lead.objects.get().safety_hold
    assert not QuarantinedRequest.objects.exists()


def test_many_requests_from_one_connection_are_held(client: Client, center: Location, settings: Any) -> None:
    settings.REQUESTS_AN_HOUR = 2
    for number in range(4):
        client.post(HERE, different(number))
    assert [row.reasons for row in QuarantinedRequest.objects.all()] == [["many_here"]] * 2
    assert Lead.objects.count() == 2


def test_many_requests_with_one_address_are_held(client: Client, center: Location) -> None:
    for number in range(6):
        client.post(HERE, step_one(phone=f"(212) 555-{number:04d}"), REMOTE_ADDR=f"10.0.0.{number}")
    assert [row.reasons for row in QuarantinedRequest.objects.all()] == [["many_same"]]


def test_many_requests_with_one_number_are_held_whatever_the_extension(client: Client, center: Location) -> None:
    for number in range(6):
        sent = step_one(email=f"visitor{number}@example.org", phone=f"(212) 555-0142 x{number}")
        client.post(HERE, sent, REMOTE_ADDR=f"10.0.0.{number}")
    assert [row.reasons for row in QuarantinedRequest.objects.all()] == [["many_same"]]


def test_a_flood_is_turned_away_and_loses_nothing_typed(client: Client, center: Location, settings: Any) -> None:
    settings.REQUESTS_AN_HOUR = 1
    answers = [client.post(HERE, different(number)) for number in range(bot_protection.FLOOD + 1)]
    assert [answer.status_code for answer in answers] == [302] * bot_protection.FLOOD + [429]
    page = answers[-1].content.decode()
    assert "There are too many requests from your connection" in page
    assert "(212) 555-0100" in page
    assert f"visitor{bot_protection.FLOOD}@example.org" in page


def test_a_flood_turns_no_emergency_away(client: Client, center: Location, settings: Any) -> None:
    settings.REQUESTS_AN_HOUR = 0
    assert client.post(HERE, step_one()).status_code == 429
    assert client.post(HERE, step_one(safety_check=["A1"]))["Location"] == "/candidate/emergency/"


def test_the_next_hour_begins_afresh(client: Client, center: Location, settings: Any) -> None:
    settings.REQUESTS_AN_HOUR = 1
    for number in range(2):
        client.post(HERE, different(number))
    RateCount.objects.update(hour=F("hour") - timedelta(hours=1))
    client.post(HERE, different(9))
    assert (Lead.objects.count(), QuarantinedRequest.objects.count()) == (2, 1)


def test_counters_name_nobody_and_are_forgotten(client: Client, center: Location) -> None:
    client.post(HERE, step_one())
    kept = str(list(RateCount.objects.values_list("key", flat=True)))
    assert "127.0.0.1" not in kept
    assert "maria" not in kept
    assert bot_protection.forget_old_counts() == 0
    RateCount.objects.update(hour=timezone.now() - timedelta(days=3))
    assert bot_protection.forget_old_counts() == 3


@pytest.mark.parametrize(
    ("proxies", "passed", "address"),
    [
        (0, "1.1.1.1", "9.9.9.9"),
        (1, "1.1.1.1, 2.2.2.2", "2.2.2.2"),
        (2, "1.1.1.1, 2.2.2.2, 3.3.3.3", "2.2.2.2"),
        (3, "2.2.2.2, 3.3.3.3", "2.2.2.2"),
        (1, "", "9.9.9.9"),
    ],
)
def test_only_our_own_proxies_are_believed(settings: Any, proxies: int, passed: str, address: str) -> None:
    settings.TRUSTED_PROXIES = proxies
    headers = {"x-forwarded-for": passed} if passed else {}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR="9.9.9.9")
    assert client_address(request) == address


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:1:2:3"),
        ("2001:DB8:1:2::1", "2001:db8:1:2::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("::ffff:cb00:7109", "203.0.113.9"),
    ],
)
def test_one_home_is_one_visitor(settings: Any, one: str, same: str) -> None:
    settings.TRUSTED_PROXIES = 1

    def seen(address: str) -> str:
        return client_address(RequestFactory().get("/", headers={"x-forwarded-for": address}, REMOTE_ADDR="9.9.9.9"))

    assert seen(one) == seen(same)
    assert seen(one) != seen("2001:db8:1:3::1")
    assert seen(one) == client_address(RequestFactory().get("/", REMOTE_ADDR=same))


@pytest.fixture
def held(client: Client, center: Location) -> QuarantinedRequest:
    client.post(HERE, step_one(website="x"))
    return QuarantinedRequest.objects.get()


def test_released_it_becomes_what_it_would_have_been(held: QuarantinedRequest) -> None:
    user = make_user()
    lead = quarantine.release(held, by=user, now=NOW)
    assert (lead.reference, lead.full_name) == (held.reference, "Maria Sample")
    assert Submission.objects.get().form_id == held.form_id
    assert (Message.objects.count(), Task.objects.count()) == (1, 1)
    held.refresh_from_db()
    assert (held.state, held.decided_by, held.decided_at) == (Quarantine.RELEASED, user, NOW)
    with pytest.raises(quarantine.QuarantineRefused, match="already"):
        quarantine.release(held, by=user, now=NOW)
    assert Lead.objects.count() == 1


def test_discarded_it_stays_with_the_reason(held: QuarantinedRequest) -> None:
    with pytest.raises(quarantine.QuarantineRefused, match="Say why"):
        quarantine.discard(held, by=make_user(), note=" ", now=NOW)
    quarantine.discard(held, by=make_user(), note="Advertising", now=NOW)
    held.refresh_from_db()
    assert (held.state, held.note, held.data["first_name"]) == (Quarantine.DISCARDED, "Advertising", "Maria")


def test_only_a_clinician_discards_what_tells_a_warning_sign(client: Client, center: Location) -> None:
    client.post(HERE, step_one(website="x", safety_check_b=["B5"]))
    held, browser = QuarantinedRequest.objects.get(), desk("coordinator", client)
    page = browser.get(reverse("admin:intake_quarantinedrequest_changelist")).content.decode()
    assert "Warning sign" in page
    address = reverse("admin:intake_quarantine_decide", args=[held.pk])
    shown = browser.post(address, {"discard": "1", "note": "Spam"}, follow=True).content.decode()
    assert "only a clinician discards it" in shown
    held.refresh_from_db()
    assert held.state == Quarantine.HELD
    quarantine.discard(held, by=make_user("clinician", email="dana@example.org"), note="Spam", now=NOW)
    held.refresh_from_db()
    assert held.state == Quarantine.DISCARDED


def test_the_database_wants_a_reason_too(held: QuarantinedRequest) -> None:
    held.state, held.decided_by, held.decided_at = Quarantine.DISCARDED, make_user(), NOW
    with pytest.raises(IntegrityError, match="quarantine_discarded_for_a_reason"), transaction.atomic():
        held.save()


def today_of(center: Location, user: User | None = None) -> quarantine.Balance:
    day = timezone.now().astimezone(center.zone).date()
    [(shown, balance)] = quarantine.by_day(first=day, last=day, user=user or make_user())
    assert shown == day
    return balance


def test_everything_that_arrived_became_something(client: Client, center: Location) -> None:
    client.post(HERE, step_one())
    client.post(HERE, step_one())  # the same person again
    client.post(HERE, different(1))
    client.post(HERE, different(2) | {"website": "x"})
    client.post(HERE, {"submission_id": str(uuid.uuid4()), "safety_check": ["A1"]})
    client.post(HERE, different(3) | {"safety_check": ["A1"]})
    client.post(HERE, {})  # not in order: not received
    assert today_of(center) == quarantine.Balance(received=6, leads=3, attached=1, quarantined=1, emergencies=1)
    assert today_of(center).missing == 0
    quarantine.release(QuarantinedRequest.objects.get(), by=make_user(), now=timezone.now())
    assert today_of(center) == quarantine.Balance(received=6, leads=4, attached=1, quarantined=0, emergencies=1)


def test_the_balance_is_that_of_the_locations_somebody_works_for(client: Client, center: Location) -> None:
    elsewhere = make_location(name="Harbor Spine Center", position=9)
    client.post(HERE, step_one())
    client.post(HERE, different(2) | {"website": "x"})
    client.post(HERE, {"submission_id": str(uuid.uuid4()), "safety_check": ["A1"]})
    client.post(HERE, different(4))
    Lead.objects.filter(submissions__form_id=Submission.objects.latest("at").form_id).update(location=elsewhere)
    here, there = make_user(email="here@example.org"), make_user(email="there@example.org")
    here.locations.add(center)
    there.locations.add(elsewhere)
    assert today_of(center, here) == quarantine.Balance(received=3, leads=1, attached=0, quarantined=1, emergencies=1)
    assert today_of(center, there) == quarantine.Balance(received=1, leads=1, attached=0, quarantined=0, emergencies=0)
    assert today_of(center).received == 4


def edits(model: str, pk: uuid.UUID) -> int:
    return AccessEvent.objects.filter(action="edit", object_type=model, object_ids=[pk]).count()


def test_who_decides_about_a_held_request_leaves_an_event(held: QuarantinedRequest, client: Client) -> None:
    browser, address = desk("coordinator", client), reverse("admin:intake_quarantine_decide", args=[held.pk])
    browser.post(address, {"discard": "1"})
    assert edits("quarantinedrequest", held.pk) == 0  # nothing was changed
    browser.post(address, {"release": "1"})
    assert (edits("quarantinedrequest", held.pk), edits("lead", Lead.objects.get().pk)) == (1, 1)


def test_the_balance_of_many_days_is_two_queries(client: Client, center: Location) -> None:
    today = timezone.now().astimezone(center.zone).date()
    client.post(HERE, step_one())
    user = make_user()
    with CaptureQueriesContext(connection) as queries:
        days = quarantine.by_day(first=today - timedelta(days=30), last=today, user=user)
    assert len(queries) == 2
    assert [day for day, balance in days if balance.received] == [today]
    assert [day for day, _ in days] == [today - timedelta(days=back) for back in range(31)]


def test_a_held_request_keeps_its_language_and_how_the_visitor_came(client: Client, center: Location) -> None:
    client.get("/es/?utm_source=radio")
    client.post("/es/candidate/", step_one(website="x"))
    lead = quarantine.release(QuarantinedRequest.objects.get(), by=make_user(), now=NOW)
    assert (lead.language, lead.attribution["utm_source"]) == ("es", "radio")


def test_a_double_click_is_one_arrival(client: Client, center: Location) -> None:
    sent = step_one()
    for _ in range(3):
        client.post(HERE, sent)
    assert today_of(center) == quarantine.Balance(received=1, leads=1, attached=0, quarantined=0, emergencies=0)


def test_what_got_lost_shows(client: Client, center: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("intake.requests.actions.submit", broken)
    client.raise_request_exception = False
    assert client.post(HERE, step_one()).status_code == 500
    assert (Arrival.objects.count(), today_of(center).missing) == (1, 1)


def desk(role: str, client: Client) -> Client:
    make_user(role, email="casey@example.org", password=PASSWORD)
    client.login(username="casey@example.org", password=PASSWORD)
    return client


def test_staff_release_and_see_the_balance(held: QuarantinedRequest, client: Client) -> None:
    browser = desk("coordinator", client)
    page = browser.get(reverse("admin:intake_quarantinedrequest_change", args=[held.pk])).content.decode()
    assert "A field that people do not see was filled in" in page
    assert "Low back" in page
    answer = browser.post(reverse("admin:intake_quarantine_decide", args=[held.pk]), {"release": "1"})
    assert answer["Location"] == reverse("admin:crm_lead_change", args=[Lead.objects.get().pk])
    assert "What arrived, and what became of it" in browser.get(reverse("admin:intake_balance")).content.decode()


def test_discarding_at_the_desk_wants_a_reason(held: QuarantinedRequest, client: Client) -> None:
    browser, address = desk("coordinator", client), reverse("admin:intake_quarantine_decide", args=[held.pk])
    browser.post(address, {"discard": "1"})
    held.refresh_from_db()
    assert held.state == Quarantine.HELD
    browser.post(address, {"discard": "1", "note": "Spam"})
    held.refresh_from_db()
    assert held.state == Quarantine.DISCARDED


def test_held_requests_are_not_for_outsiders(held: QuarantinedRequest, client: Client) -> None:
    make_user(email="outsider@example.org", password=PASSWORD)
    client.login(username="outsider@example.org", password=PASSWORD)
    assert client.get("/admin/intake/quarantinedrequest/").status_code == 403
    assert client.get(reverse("admin:intake_balance")).status_code == 403
    decide = reverse("admin:intake_quarantine_decide", args=[held.pk])
    assert client.post(decide, {"release": "1"}).status_code == 403


def solved(challenge: proof_of_work.Challenge) -> dict[str, str]:
    """What a browser finds by trying."""
    numbers = range(challenge.highest + 1)
    found = next(n for n in numbers if sha256(f"{challenge.salt}{n}".encode()).hexdigest() == challenge.target)
    return {"salt": challenge.salt, "signature": challenge.signature, "number": str(found)}


@pytest.fixture
def hasty(client: Client, center: Location) -> Client:
    """A browser whose request was held because it came too fast."""
    client.post(HERE, step_one(opened=ago(seconds=1)))
    return client


def test_a_browser_that_solves_the_sum_releases_its_request(hasty: Client) -> None:
    challenge = hasty.get("/candidate/thanks/").context["challenge"]
    hasty.post("/candidate/prove/", solved(challenge))
    held = QuarantinedRequest.objects.get()
    assert (held.state, held.decided_by) == (Quarantine.RELEASED, None)
    assert Lead.objects.get().reference == held.reference
    assert Message.objects.count() == 1
    assert "challenge" not in hasty.get("/candidate/thanks/").context
    hasty.post("/candidate/prove/", solved(challenge))
    assert Lead.objects.count() == 1


def test_no_sum_outweighs_a_trap(client: Client, center: Location) -> None:
    client.post(HERE, step_one(website="x"))
    assert "challenge" not in client.get("/candidate/thanks/").context
    own = QuarantinedRequest.objects.get()
    client.post("/candidate/prove/", solved(proof_of_work.challenge(own.pk, now=timezone.now())))
    own.refresh_from_db()
    assert own.state == Quarantine.HELD


@pytest.mark.parametrize("name", ["salt", "number", "signature"])
@pytest.mark.parametrize("value", ["", "1", "9" * 400, "٣", "x.y.z", "\x00"])
def test_an_odd_solution_changes_nothing(hasty: Client, name: str, value: str) -> None:
    told = solved(hasty.get("/candidate/thanks/").context["challenge"]) | {name: value}
    assert hasty.post("/candidate/prove/", told).status_code == 302
    assert QuarantinedRequest.objects.get().state == Quarantine.HELD


def test_a_solution_is_for_one_request_and_for_a_while() -> None:
    mine, other = uuid.uuid4(), uuid.uuid4()
    told = solved(proof_of_work.challenge(mine, now=NOW))
    assert proof_of_work.is_solved(mine, now=NOW + timedelta(minutes=19), **told)
    assert not proof_of_work.is_solved(mine, now=NOW + timedelta(minutes=21), **told)
    assert not proof_of_work.is_solved(other, now=NOW, **told)
    assert not proof_of_work.is_solved(other, now=NOW, **told | {"salt": told["salt"].replace(str(mine), str(other))})


def test_in_a_local_place_haste_is_no_suspicion(client: Client, center: Location, settings: Any) -> None:
    settings.HASTE_IS_SUSPICIOUS = False
    client.post(HERE, step_one(opened=None))
    assert (Lead.objects.count(), QuarantinedRequest.objects.count()) == (1, 0)
