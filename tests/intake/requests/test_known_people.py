"""A second request of somebody known, and people who share an address."""

import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.enums.leads import LostReason, Outcome, Stage, TaskKind
from crm.leads import actions as leads
from crm.leads import call_window
from crm.models import Lead, Location, Message, PatientLink, PatientSession, SafetyAlert, Task, User
from crm.patient_portal import access as patient_access
from crm.values.normalize import name_key
from intake import questionnaire
from intake.assessment import actions as assessments
from intake.models import Assessment, Submission, Unproven
from intake.requests import actions, known_people, unproven
from intake.requests.rows import Request
from tests.factories import NOON, PASSWORD, make_lead, make_message, make_user, step_one
from tests.intake.requests.test_submit import request_of
from tests.page_forms import as_sent


def asked(center: Location, *, days: int = 0, **changes: Any) -> Lead:
    """Another request, from a form of its own."""
    made = request_of(center, now=NOON + timedelta(days=days), **changes)
    return actions.submit(Request(uuid.uuid4(), made.data, center, made.now, made.urgent)).lead


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"first_name": "MARIA", "last_name": "sample"},
        {"email": "other@example.org"},  # the telephone is known
        {"phone": "(212) 555-0199"},  # the e-mail is known
        {"phone": None, "preferred_contact": "email"},
    ],
)
def test_the_same_person_is_one_lead(center: Location, changes: dict[str, Any]) -> None:
    first = asked(center)
    second = asked(center, days=3, **changes)
    assert (second.pk, Submission.objects.filter(lead=first).count()) == (first.pk, 2)
    assert Message.objects.count() == 2
    assert Task.objects.filter(lead=first, kind=TaskKind.CALL).count() == 1


def test_whoever_asked_for_no_calls_is_written_to_once_and_not_called(center: Location) -> None:
    first = asked(center)
    Lead.objects.update(do_not_call=True)
    call_window.turn_into_writing(first)
    asked(center, days=3)
    assert [(task.kind, task.title) for task in Task.objects.open().filter(lead=first)] == [
        (TaskKind.OTHER, f"{call_window.NO_CALLS}: First call")
    ]


def test_a_call_that_was_made_is_followed_by_another(client: Client, center: Location) -> None:
    client.post("/candidate/", step_one())
    Task.objects.update(done_at=timezone.now(), done_by=make_user())
    client.post("/candidate/", step_one())
    assert [task.done_at is None for task in Task.objects.order_by("created_at")] == [False, True]


@pytest.mark.parametrize(
    "changes",
    [
        {"first_name": "Mario"},
        {"last_name": "Specimen"},
        {"email": "maria@example.org", "phone": "(212) 555-0199"},
    ],
)
def test_another_name_or_another_address_is_another_lead(center: Location, changes: dict[str, Any]) -> None:
    assert asked(center).pk != asked(center, **changes).pk


def test_a_household_is_shown_to_staff(center: Location, client: Client) -> None:
    first, second = asked(center), asked(center, first_name="Mario")
    make_user("coordinator", email="casey@example.org", password=PASSWORD)
    client.login(username="casey@example.org", password=PASSWORD)
    page = client.get(reverse("admin:crm_lead_change", args=[first.pk])).content.decode()
    assert "They may be one household" in page
    assert second.reference in page


def take_over(lead: Lead, *, accept: list[str] | None = None, days: int = 2) -> Lead:
    """Somebody has asked, and it was them."""
    [waits] = unproven.waiting(lead)
    accept = accept or []
    unproven.take_over(
        waits,
        by=make_user("coordinator"),
        accept=accept,
        keeps_email="email" not in accept,
        now=NOON + timedelta(days=days),
    )
    return Lead.objects.get(pk=lead.pk)


def test_nothing_counts_before_somebody_has_looked(center: Location) -> None:
    before = asked(center)
    lead = asked(center, days=1, phone=None, preferred_contact="email", state="NJ", pain_now_avg="1")
    assert (lead.pk, lead.state, lead.preferred_contact, lead.outcome) == (before.pk, "NY", "phone", before.outcome)
    assert Assessment.objects.count() == 1
    assessments.assess(lead, cause="For another reason", now=NOON + timedelta(days=1))
    assert Lead.objects.get().outcome == before.outcome


def test_gaps_are_filled_and_wishes_taken_over(center: Location) -> None:
    asked(center, phone=None, preferred_contact="email")
    asked(center, preferred_contact="phone", state="NJ")
    lead = take_over(Lead.objects.get(), accept=["phone"])
    assert (lead.phone, lead.preferred_contact, lead.state) == ("+12125550142", "phone", "NJ")


def test_another_number_waits_as_a_suggestion(center: Location) -> None:
    asked(center)
    asked(center, days=1, phone="(212) 555-0199")
    assert take_over(Lead.objects.get()).phone == "+12125550142"
    asked(center, days=3, phone="(212) 555-0199")
    assert take_over(Lead.objects.get(), accept=["phone"]).phone == "+12125550199"


def test_an_extension_is_no_other_number(center: Location) -> None:
    lead = asked(center, phone="(212) 555-0142 x45")
    assert asked(center, days=1).pk == lead.pk
    assert known_people.differing(lead, {"phone": "+12125550142"}) == {}
    assert known_people.differing(lead, {"phone": "+12125550142x46"}) == {"phone": "+12125550142x46"}
    assert take_over(lead).phone == "+12125550142x45"


def test_staff_add_the_extension_that_was_missing(center: Location, coordinator: User) -> None:
    lead = asked(center)
    told = replace(request_of(center, phone="(212) 555-0142 x45"), form_id=uuid.uuid4(), by=coordinator)
    actions.submit(told)
    assert Lead.objects.get(pk=lead.pk).phone == "+12125550142x45"


def test_the_kind_of_a_number_stays_with_the_number(center: Location) -> None:
    asked(center, phone_type="mobile")
    asked(center, days=1, phone="(212) 555-0199", phone_type="landline")
    lead = take_over(Lead.objects.get())
    assert (lead.phone, lead.phone_type) == ("+12125550142", "mobile")


def test_no_gap_in_how_somebody_is_reached_is_filled_without_a_tick(center: Location) -> None:
    lead = asked(center, email=None)
    asked(center, days=1, email="other@example.org")
    [waits] = unproven.waiting(lead)
    assert known_people.differing(lead, waits.data) == {"email": "other@example.org"}
    assert take_over(lead).email == ""


def test_what_was_sent_meanwhile_is_looked_at_first(center: Location) -> None:
    lead = asked(center)
    asked(center, days=1, email="right@example.org")
    [waits] = unproven.waiting(lead)
    seen, first = unproven.latest(waits), waits.submissions.get()
    form = replace(request_of(center, email="evil@example.org"), form_id=first.form_id, repeats=str(first.reference))
    actions.submit(replace(form, now=NOON + timedelta(days=1, minutes=5)))
    with pytest.raises(unproven.UnprovenRefused, match="meanwhile"):
        unproven.take_over(waits, by=make_user("coordinator"), accept=["email"], seen=seen, now=NOON)
    lead.refresh_from_db()
    assert lead.email == "maria.sample@example.org"


@pytest.mark.parametrize("shown", [{}, {"seen": ""}, {"seen": str(uuid.uuid4())}])
@pytest.mark.parametrize("said", [{"decision": "theirs"}, {"decision": "not-theirs", "note": "She says no."}])
def test_a_page_that_has_shown_nothing_decides_nothing_about_a_request(
    center: Location, client: Client, clinician: User, shown: dict[str, str], said: dict[str, str]
) -> None:
    lead = asked(center)
    asked(center, days=1)
    [waits] = unproven.waiting(lead)
    client.force_login(clinician)
    address = f"/admin/crm/lead/{lead.pk}/in-this-name/{waits.pk}/"
    refused = client.post(address, said | shown)
    waits.refresh_from_db()
    assert (refused.status_code, waits.state) == (409, Unproven.WAITING)
    again = as_sent(refused.text, having="decision")
    assert again["decision"] == [said["decision"]]
    assert client.post(address, again).status_code == 302


def test_pages_sent_in_the_name_count_once_it_was_them(center: Location, client: Client) -> None:
    lead = asked(center)
    client.post("/candidate/", step_one())
    client.post("/candidate/go-on/")
    client.post("/my/questions/about-you/", {"date_of_birth": "03/15/1970", "submission_id": str(uuid.uuid4())})
    assert not Lead.objects.get().date_of_birth
    assert take_over(lead, days=400).date_of_birth == "1970-03-15"
    assert client.get("/my/").status_code == 404  # begun before anybody had looked


def test_setting_one_aside_leaves_a_call_for_the_other(center: Location) -> None:
    lead = asked(center)
    Task.objects.update(done_at=NOON)
    asked(center, days=1, pain_now_avg="1")
    asked(center, days=1, pain_now_avg="2")
    first, second = unproven.waiting(lead)
    unproven.set_aside(first, by=make_user("coordinator"), note="Not hers.", now=NOON + timedelta(days=2))
    assert [task.key for task in Task.objects.open().filter(kind=TaskKind.CALL)] == [
        f"first-call:{second.submissions.get().pk}"
    ]


def test_the_confirmation_goes_to_the_address_on_record(center: Location) -> None:
    asked(center)
    asked(center, email="other@example.org")
    assert list(Message.objects.values_list("to_email", flat=True)) == ["maria.sample@example.org"] * 2


def test_somebody_lost_is_back_in_the_pipeline(center: Location) -> None:
    lead = asked(center)
    leads.move(lead, to=Stage.LOST, by=None, lost_reason=LostReason.COST)
    asked(center, days=30)
    assert Lead.objects.get().stage == Stage.LOST
    assert take_over(lead, days=31).stage == Stage.QUALIFYING


def test_the_new_answers_are_judged(center: Location) -> None:
    asked(center)
    lead = take_over(asked(center, days=1, pain_now_avg="1"))
    assert lead.outcome == Outcome.CONTINUE_CONSERVATIVE
    assert list(Assessment.objects.order_by("at").values_list("rule", flat=True)) == ["R7", "R6"]
    assert [rating.value for rating in lead.measurements.order_by("at")] == [7, 1]


def test_a_warning_sign_holds_the_known_lead_once_it_was_them(center: Location) -> None:
    asked(center)
    lead = asked(center, days=1, urgent=True, safety_check=["A5"])
    assert (Lead.objects.get().safety_hold, SafetyAlert.objects.open().count()) == (False, 1)
    lead = take_over(lead)
    assert (lead.safety_hold, lead.outcome) == (True, Outcome.URGENT)
    assert Task.objects.filter(lead=lead, kind=TaskKind.URGENT_CALL).count() == 1
    assert SafetyAlert.objects.count() == 1


def test_what_was_not_theirs_changes_nothing_and_says_why(center: Location) -> None:
    lead = asked(center)
    asked(center, days=1, pain_now_avg="1", email="other@example.org")
    [waits] = unproven.waiting(lead)
    with pytest.raises(unproven.UnprovenRefused, match="how you know"):
        unproven.set_aside(waits, by=make_user("coordinator"), note=" ", now=NOON)
    unproven.set_aside(waits, by=make_user("coordinator"), note="She never sent it.", now=NOON)
    lead.refresh_from_db()
    assert (lead.email, Assessment.objects.count(), unproven.waiting(lead)) == ("maria.sample@example.org", 1, [])
    with pytest.raises(unproven.UnprovenRefused, match="already"):
        unproven.take_over(waits, by=make_user("coordinator"), now=NOON)


def test_only_who_lifts_holds_sets_a_warning_sign_aside(center: Location, clinician: User) -> None:
    lead = asked(center)
    asked(center, days=1, urgent=True, safety_check=["A5"])
    [waits] = unproven.waiting(lead)
    with pytest.raises(unproven.UnprovenRefused, match="clinician"):
        unproven.set_aside(waits, by=make_user("coordinator"), note="Not hers.", now=NOON)
    unproven.set_aside(waits, by=clinician, note="Not hers: asked by telephone.", now=NOON)
    assert not Task.objects.open().filter(kind=TaskKind.URGENT_CALL).exists()


def as_shown(desk: Client, page: str, /, **chosen: Any) -> Any:
    """Open the page of a request, choose, and press."""
    return desk.post(page, as_sent(desk.get(page).text, having="note") | chosen)


def test_the_desk_decides_on_the_page_of_the_lead(center: Location, desk: Client) -> None:
    lead = asked(center)
    asked(center, days=1, phone="(212) 555-0199")
    page = desk.get(reverse("admin:crm_lead_change", args=[lead.pk])).content.decode()
    assert "Somebody asked for help in this name." in page
    assert "Telephone <strong>(212) 555-0199</strong>" in page
    address = reverse("admin:intake_unproven", args=[lead.pk, unproven.waiting(lead)[0].pk])
    assert desk.post(address, {}).status_code == 422
    assert "how you know" in as_shown(desk, address, decision="not-theirs").content.decode()
    assert as_shown(desk, address, decision="theirs", accept=["phone"]).status_code == 302
    lead.refresh_from_db()
    assert lead.phone == "+12125550199"


def test_the_form_shows_which_of_two_requests_it_decides_about(center: Location, desk: Client) -> None:
    lead = asked(center)
    for number in ("(212) 555-0198", "(212) 555-0199"):
        asked(center, days=1, phone=number)
    for waits in unproven.waiting(lead):
        page = desk.get(reverse("admin:intake_unproven", args=[lead.pk, waits.pk])).content.decode()
        form = page.partition('class="desk-card desk-form"')[2].partition("</form>")[0]
        sent = str(waits.submissions.get().reference)
        others = {str(one.submissions.get().reference) for one in unproven.waiting(lead)} - {sent}
        assert sent in form
        assert [one for one in others if one in form] == []


def test_the_front_desk_sees_nothing_of_it(center: Location, client: Client) -> None:
    lead = asked(center)
    asked(center, days=1, pain_now_avg="1")
    client.force_login(make_user("front_desk"))
    address = reverse("admin:intake_unproven", args=[lead.pk, unproven.waiting(lead)[0].pk])
    assert client.get(address).status_code == 403
    assert "in this name" not in client.get(reverse("admin:crm_lead_change", args=[lead.pk])).content.decode()


def test_treatments_told_in_the_name_become_rows_once_it_was_them(center: Location, client: Client) -> None:
    lead = asked(center)
    client.post("/candidate/", step_one())
    client.post("/candidate/go-on/")
    client.post("/my/treatments/", {"kinds": ["chiropractic"]})
    [address] = set(re.findall(r"/my/treatments/[0-9a-f-]{36}/", client.get("/my/treatments/").content.decode()))
    client.post(address, {"start": "03/2026", "sessions": "8", "relief": "25", "submission_id": str(uuid.uuid4())})
    assert not lead.treatments.exists()
    take_over(lead, days=400)
    told = lead.treatments.get()
    assert (told.kind, told.sessions, told.source) == ("chiropractic", 8, "patient")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("José  Núñez", "jose nunez", True),
        ("Anne-Marie O’Neil", "Annemarie ONeil", True),
        ("Maria", "Mario", False),
        ("王 芳", "王芳", True),
    ],
)
def test_names_are_compared_as_people_read_them(one: str, other: str, same: bool) -> None:
    assert (name_key(one) == name_key(other)) is same


@pytest.mark.parametrize("email", ["MARIA@example.org", "maria@EXAMPLE.org"])
def test_an_address_is_one_however_it_is_spelled(center: Location, email: str) -> None:
    first = asked(center, email="Maria@example.org", phone=None, preferred_contact="email")
    second = asked(center, days=1, email=email, phone=None, preferred_contact="email")
    assert second.pk == first.pk
    assert known_people.differing(first, {"email": email}) == {}


def test_no_crowd_at_an_address_hides_anybody(center: Location) -> None:
    first = asked(center)
    make = partial(make_lead, location=center, email=first.email.upper(), phone="")
    for number in range(45):
        make(first_name=f"Other{number}", created_at=NOON + timedelta(hours=1))
    assert asked(center, days=1).pk == first.pk


def test_looking_for_somebody_takes_three_statements(
    center: Location, django_assert_num_queries: Callable[..., Any]
) -> None:
    asked(center)
    others: dict[str, Any] = {"email": "nobody@example.org", "phone": "(212) 555-0123"}
    for changes in ({}, others):
        made = request_of(center, **changes)
        with django_assert_num_queries(3):
            known_people.find(made)


def test_everybody_with_an_address_is_found_by_an_index(center: Location) -> None:
    others = (Lead(location=center, email=f"{n}@example.org", phone=f"+1212555{n:04}") for n in range(2_000))
    Lead.objects.bulk_create(others)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE crm_lead")
    plan = Lead.objects.reached_by(email="Maria@example.org", phone="+12125550142").explain()
    assert "lead_email" in plan
    assert "lead_number" in plan


def test_what_is_newer_on_record_stays(center: Location) -> None:
    lead = asked(center)
    asked(center, days=1, preferred_contact="email", best_time=["evening"], state="NJ")
    leads.correct_details(lead, by=None, changes={"best_time": ["noon"]})
    lead = take_over(lead, days=400)
    assert (lead.preferred_contact, lead.best_time, lead.state) == ("email", ["noon"], "NJ")
    [entry] = lead.activities.filter(summary__startswith="Request taken over")
    assert entry.note == "Newer on record, and left as they are: best time."


def test_an_older_request_taken_over_later_changes_no_newer_wish(center: Location) -> None:
    lead = asked(center)
    asked(center, days=1, preferred_contact="email", best_time=["evening"])
    asked(center, days=2, preferred_contact="phone", best_time=["morning"])
    older, newer = unproven.waiting(lead)
    for waits, stays in ((newer, []), (older, ["best_time", "preferred_contact"])):
        assert unproven.take_over(waits, by=make_user("coordinator"), now=NOON + timedelta(days=3)) == stays
    lead.refresh_from_db()
    assert (lead.preferred_contact, lead.best_time) == ("phone", ["morning"])


def test_a_date_of_birth_that_is_newer_on_record_stays(center: Location, client: Client) -> None:
    lead = asked(center)
    client.post("/candidate/", step_one())
    client.post("/candidate/go-on/")
    client.post("/my/questions/about-you/", {"date_of_birth": "03/15/1970", "submission_id": str(uuid.uuid4())})
    leads.tell_birthday(lead, born=date(1970, 3, 14), by=None, now=timezone.now())
    assert take_over(lead, days=400).date_of_birth == "1970-03-14"


def test_a_rating_that_counts_later_keeps_its_day(center: Location, client: Client) -> None:
    lead = asked(center)
    client.post("/candidate/", step_one())
    client.post("/candidate/go-on/")
    client.post("/my/questions/pain/", {"safety_check": ["none"], "pain_now_avg": "2"})
    page = Submission.objects.get(page="pain")
    take_over(lead, days=400)
    assert lead.measurements.filter(kind="nrs_avg", at=page.at, value=2).count() == 1


# --- Somebody was there first, with the number of another person ------------------------------------------------------
HERS = {"email": "victim@example.org", "goals": "Walk my dog again"}


def opened_by_link(lead: Lead, email: str) -> Client:
    """A browser with the session of a link that was mailed to this address, and the code that went there too."""
    now = timezone.now()
    mail = make_message(lead, to_email=email)
    link = PatientLink.objects.create(
        lead=lead, token_hash=uuid.uuid4().hex, message=mail, created_at=now, expires_at=now + timedelta(days=7)
    )
    entry = patient_access.begin(lead, now=now, link=link)
    PatientSession.objects.filter(pk=entry.session.pk).update(proven_at=now)
    browser = Client()
    browser.cookies["patient"] = entry.secret
    return browser


def all_that_is_shown(browser: Client) -> str:
    pages = ["/my/", "/my/treatments/", "/my/treatments/over-time/", "/my/messages/", "/my/wishes/", "/my/data/"]
    pages += ["/my/appointments/", "/my/documents/", "/my/people/"]
    pages += [f"/my/questions/{page.key}/" for page in questionnaire.PAGES]
    shown = [browser.get(page).content.decode() for page in pages]
    return "\n".join([*shown, browser.post("/my/data/download/").content.decode()])


@pytest.fixture
def attacked(center: Location, client: Client) -> tuple[Lead, Client]:
    """The lead that a stranger made with her name and number, and the stranger's browser; she has asked since, and told
    more on the pages after it."""
    Client().post("/candidate/", step_one(email="attacker@example.org"))
    lead = Lead.objects.get()
    client.post("/candidate/", step_one(email=HERS["email"], preferred_contact="email", best_time=["evening"]))
    client.post("/candidate/go-on/")
    client.post("/my/questions/pain/", {"safety_check": ["none"], "pain_now_avg": "6", "goals": HERS["goals"]})
    client.post("/my/questions/about-you/", {"date_of_birth": "03/15/1971", "primary_care": "Dr. Hers"})
    client.post("/my/treatments/", {"kinds": ["chiropractic"]})
    return lead, opened_by_link(lead, "attacker@example.org")


def test_whoever_was_there_first_reads_nothing_of_hers(attacked: tuple[Lead, Client]) -> None:
    _lead, attacker = attacked
    shown = all_that_is_shown(attacker)
    assert "attacker@example.org" in shown  # the page is open, and shows what is the stranger's own
    secret = [*HERS.values(), "1971", "Dr. Hers", "Chiropractic</a>"]
    assert [words for words in secret if words in shown] == []


def test_staff_have_to_choose_whose_address_counts(attacked: tuple[Lead, Client], coordinator: User) -> None:
    lead, attacker = attacked
    desk = Client()
    desk.force_login(coordinator)
    [waits] = unproven.waiting(lead)
    address = reverse("admin:intake_unproven", args=[lead.pk, waits.pk])
    page = desk.get(address).content.decode()
    assert "On record: attacker@example.org" in page
    assert "Typed: victim@example.org" in page
    assert "checked" not in page
    refused = desk.post(address, {"decision": "theirs"})
    assert (refused.status_code, "Choose which address is theirs." in refused.content.decode()) == (422, True)
    with pytest.raises(unproven.UnprovenRefused, match="which e-mail address counts"):
        unproven.take_over(waits, by=coordinator, now=timezone.now())

    assert as_shown(desk, address, decision="theirs", address="typed").status_code == 302
    lead.refresh_from_db()
    assert lead.email == "victim@example.org"
    assert attacker.get("/my/").status_code == 404
    assert not lead.links.filter(revoked_at=None).exists()


def test_the_address_on_record_may_be_theirs(attacked: tuple[Lead, Client], coordinator: User) -> None:
    lead, first = attacked
    desk = Client()
    desk.force_login(coordinator)
    address = reverse("admin:intake_unproven", args=[lead.pk, unproven.waiting(lead)[0].pk])
    assert as_shown(desk, address, decision="theirs", address="on-record").status_code == 302
    lead.refresh_from_db()
    assert (lead.email, first.get("/my/").status_code) == ("attacker@example.org", 200)


def test_whoever_gives_no_address_is_asked_about_the_one_on_record(center: Location, coordinator: User) -> None:
    """A stranger came first, with this person's telephone and an own address; the person then types none."""
    stranger, patient, desk = Client(), Client(), Client()
    stranger.post("/candidate/", step_one(email="attacker@example.org"))
    patient.post("/candidate/", step_one(email=None))
    lead = Lead.objects.get()
    desk.force_login(coordinator)
    address = reverse("admin:intake_unproven", args=[lead.pk, unproven.waiting(lead)[0].pk])
    assert "Not theirs: take it off the record" in desk.get(address).content.decode()
    assert desk.post(address, {"decision": "theirs"}).status_code == 422

    assert as_shown(desk, address, decision="theirs", address="typed").status_code == 302

    lead.refresh_from_db()
    assert (lead.email, lead.phone) == ("", "+12125550142")
    assert not lead.links.filter(revoked_at=None).exists()
