"""The second step: pages that are kept one by one, and treatments told in the patient's words."""

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.enums.leads import ActivityKind, Outcome, TaskKind
from crm.enums.treatments import MeasurementKind, Source, TreatmentStatus
from crm.errors import TaskRefused
from crm.leads import tasks
from crm.models import Lead, Location, Measurement, Task, Treatment, User
from intake.models import Submission
from intake.questionnaire import EMERGENCY_SIGNS, PAGES, RECHECK
from intake.requests import actions
from tests.factories import Visitor, in_their_place, make_lead, make_user, own_browser, prove, step_one, tablet
from tests.intake.requests.test_submit import request_of

PAIN = {"safety_check": ["none"], "pain_now_avg": "6", "pain_enjoyment": "5", "pain_activity": "8"}
ABOUT = {"date_of_birth": "03/15/1970"}


def sent(**answers: Any) -> dict[str, Any]:
    return {"submission_id": str(uuid.uuid4())} | answers


@pytest.fixture
def visitor(center: Location) -> Client:
    """Maria, who has just sent step 1 and goes on in the same browser."""
    browser = Visitor()
    browser.post("/candidate/", step_one())
    assert browser.post("/candidate/go-on/").status_code == 302
    return browser


@pytest.fixture
def lead(visitor: Client) -> Lead:
    return Lead.objects.get()


def proven(client: Client, lead: Lead) -> Client:
    """The same lead's page in a browser of a member of staff."""
    return in_their_place(client, lead, make_user("coordinator"))


def test_going_on_needs_a_request_just_sent(client: Client, center: Location) -> None:
    assert client.post("/candidate/go-on/")["Location"] == "/candidate/"
    assert client.get("/my/").status_code == 404


def test_the_page_lists_what_there_is_to_answer(visitor: Client) -> None:
    page = visitor.get("/my/").content.decode()
    assert "0 of 6 topics answered" in page
    assert "You ticked: Physical therapy, Pain medication, Injections" in page
    assert "Neck, hands and balance" not in page  # she has no pain there


@pytest.mark.parametrize("page", [*PAGES, RECHECK], ids=lambda page: page.key)
def test_every_page_can_be_opened(visitor: Client, page: Any) -> None:
    assert visitor.get(f"/my/questions/{page.key}/").status_code == 200


def test_an_unknown_page_is_not_there(visitor: Client) -> None:
    assert visitor.get("/my/questions/nothing/").status_code == 404


def test_nothing_is_stored_before_the_button_is_pressed(visitor: Client, lead: Lead) -> None:
    visitor.get("/my/questions/pain/")
    refused = visitor.post("/my/questions/pain/", sent(pain_now_avg="6", goals="Walk my dog again"))
    assert refused.status_code == 422  # the warning signs are missing
    assert "Walk my dog again" in refused.content.decode()
    assert Submission.objects.count() == 1


def test_a_page_is_kept_measured_and_judged(visitor: Client, lead: Lead) -> None:
    answer = visitor.post("/my/questions/pain/", sent(**PAIN, nrs_leg_avg="8", limited=["sleep"]))
    assert (answer.status_code, answer["Location"]) == (302, "/my/questions/imaging/")
    kept = Submission.objects.get(page="pain")
    assert (kept.lead, kept.by, kept.answers["limited"]) == (lead, None, ["sleep"])
    scores = {one.kind: float(one.value) for one in Measurement.objects.exclude(at=lead.created_at)}
    assert scores == {"nrs_avg": 6.0, "nrs_leg_avg": 8.0, "peg": 6.3}
    assert lead.activities.get(kind=ActivityKind.ANSWERS).summary == "Your pain"


def test_store_and_stop_goes_back_to_the_list(visitor: Client) -> None:
    assert visitor.post("/my/questions/pain/", sent(**PAIN, later="1"))["Location"] == "/my/"


def test_the_same_page_sent_twice_is_kept_once(visitor: Client) -> None:
    page = sent(**PAIN)
    for _ in range(2):
        assert visitor.post("/my/questions/pain/", page).status_code == 302
    assert Submission.objects.filter(page="pain").count() == 1
    assert Measurement.objects.filter(kind=MeasurementKind.PEG).count() == 1


def test_two_devices_at_once_the_later_page_wins_and_nothing_else_is_lost(visitor: Client, lead: Lead) -> None:
    visitor.post("/my/questions/about-you/", sent(**ABOUT, work_status="working"))
    other = proven(Client(), lead)
    other.post("/my/questions/pain/", sent(**PAIN))
    other.post("/my/questions/about-you/", sent(**ABOUT, work_status="off_work"))
    page = other.get("/my/questions/about-you/").content.decode()
    assert 'value="off_work" id="id_work_status_2"' in page.replace(' class="form-check-input"', "")
    assert other.get("/my/questions/pain/").content.decode().count("checked") == 3
    assert Submission.objects.filter(lead=lead).count() == 4


def test_a_browser_that_is_not_proven_sees_only_its_own(visitor: Client, lead: Lead) -> None:
    proven(Client(), lead).post("/my/questions/about-you/", sent(**ABOUT, primary_care="Dr. Secret"))
    page = visitor.get("/my/questions/about-you/").content.decode()
    assert "Dr. Secret" not in page
    assert "Dr. Secret" in proven(Client(), lead).get("/my/questions/about-you/").content.decode()


def test_treatments_of_others_are_not_shown_before_it_is_proven(visitor: Client, lead: Lead) -> None:
    row = Treatment.objects.create(lead=lead, kind="med_opioid_strong")
    assert "Opioid, strong</a>" not in visitor.get("/my/treatments/").content.decode()
    assert visitor.get(f"/my/treatments/{row.pk}/").status_code == 404
    assert "Opioid, strong</a>" in proven(Client(), lead).get("/my/treatments/").content.decode()


def test_nobody_reaches_the_treatments_of_another_lead(visitor: Client) -> None:
    row = Treatment.objects.create(lead=make_lead(), kind="heat")
    browser = proven(Client(), Lead.objects.get(first_name="Maria"))
    lost = browser.get(f"/my/treatments/{row.pk}/")
    assert lost.status_code == 404
    assert '<a class="button" href="/my/">Your private page</a>' in lost.text
    assert browser.post(f"/my/treatments/{row.pk}/", sent(relief="50")).status_code == 404


@pytest.mark.parametrize("code", [code for code, _ in EMERGENCY_SIGNS])
def test_a_warning_sign_on_a_later_page_is_an_emergency(visitor: Client, lead: Lead, code: str) -> None:
    answer = visitor.post("/my/questions/pain/", sent(safety_check=[f"unsure_{code}"]))
    assert answer["Location"] == "/candidate/emergency/"
    page = visitor.get(answer["Location"]).text
    assert ('href="/my/"' in page, 'href="/candidate/"' in page) == (True, False)  # no second request for a tick
    lead.refresh_from_db()
    assert (lead.safety_hold, lead.outcome) == (True, Outcome.URGENT)
    assert Task.objects.filter(lead=lead, kind=TaskKind.URGENT_CALL).count() == 1


def test_another_sign_with_the_same_form_calls_again(visitor: Client, lead: Lead) -> None:
    page = sent(safety_check=["A1"])
    for signs in (["A1"], ["A1"], ["A1", "A2"]):
        visitor.post("/my/questions/pain/", page | {"safety_check": signs})
    assert (lead.alerts.get().round, lead.alerts.get().causes.count()) == (1, 2)


def test_signs_told_by_the_browser_that_sent_the_request_have_one_urgent_call(
    visitor: Client, lead: Lead, coordinator: User
) -> None:
    versions = list[str]()
    for page, sign in (("pain", "A1"), ("background", "A2"), ("pain", "A3")):
        visitor.post(f"/my/questions/{page}/", sent(safety_check=[sign]))
        call = Task.objects.get(lead=lead, kind=TaskKind.URGENT_CALL)
        versions.append(call.version)
    assert lead.alerts.get().causes.count() == 3
    for older in versions[:2]:
        with pytest.raises(TaskRefused, match="another reason to call"):
            tasks.finish_task(call, by=coordinator, now=timezone.now(), seen=older)
    assert tasks.finish_task(call, by=coordinator, now=timezone.now(), seen=versions[2])


def test_one_urgent_call_stands_for_every_sign_that_is_told_while_it_is_open(lead: Lead, coordinator: User) -> None:
    browser = own_browser(lead)
    calls = Task.objects.open().filter(lead=lead, kind=TaskKind.URGENT_CALL)
    browser.post("/my/questions/pain/", sent(safety_check=["A1"]))
    first = calls.get()
    calls.update(due_at=timezone.now() + timedelta(hours=3))  # put off
    browser.post("/my/questions/background/", sent(safety_check=["A2"]))
    again = calls.get()
    assert (again.pk, again.due_at <= timezone.now(), lead.alerts.get().causes.count()) == (first.pk, True, 2)
    with pytest.raises(TaskRefused, match="another reason to call"):
        tasks.finish_task(again, by=coordinator, now=timezone.now(), seen=first.version)
    assert tasks.finish_task(again, by=coordinator, now=timezone.now(), seen=again.version)
    browser.post("/my/questions/pain/", sent(safety_check=["A3"]))
    assert calls.get().pk != first.pk


def pick(browser: Client, *kinds: str) -> list[Treatment]:
    assert browser.post("/my/treatments/", sent(kinds=kinds)).status_code == 302
    return list(Treatment.objects.order_by("created_at"))


def test_one_kind_ticked_twice_in_a_form_is_one_treatment(visitor: Client, lead: Lead) -> None:
    pick(visitor, "chiropractic", "chiropractic", "chiropractic")
    assert lead.treatments.count() == 1


def test_picking_asks_for_the_details_of_each(visitor: Client) -> None:
    rows = pick(visitor, "pt_supervised", "esi_unknown")
    assert [(row.kind, row.source, row.body_region) for row in rows] == [
        ("pt_supervised", Source.PATIENT, ""),
        ("esi_unknown", Source.PATIENT, ""),  # asked, never guessed from where it hurts
    ]
    assert pick(visitor, "pt_supervised") == rows


def fields_on(browser: Client, row: Treatment, *, language: str = "") -> str:
    return browser.get(f"{language}/my/treatments/{row.pk}/").content.decode()


def test_where_an_injection_was_given_is_asked_and_never_guessed(lead: Lead, clinician: User) -> None:
    browser, desk = own_browser(lead), Client()
    desk.force_login(clinician)

    def printed() -> str:
        return desk.get(f"/admin/crm/lead/{lead.pk}/summary/").content.decode()

    pick(browser, "esi_unknown")
    assert "where: not asked" in printed()
    rows = [*pick(browser, "esi_unknown"), *pick(browser, "esi_unknown")[-1:]]
    assert "checked" not in fields_on(browser, rows[0]).partition('name="body_region"')[2].partition("</fieldset>")[0]
    for row, said in zip(rows, ("cervical", "unsure", ""), strict=True):
        assert browser.post(f"/my/treatments/{row.pk}/", sent(start="03/2026", body_region=said)).status_code == 302
        row.refresh_from_db()
    assert [row.where for row in rows] == ["Neck", "not sure", "not said"]
    paper = printed()
    assert [words in paper for words in ("where: Neck", "where: not sure", "where: not said")] == [True] * 3


@pytest.mark.parametrize(("language", "words"), [("", "When was it?"), ("/es", "¿Cuándo fue?")])
def test_an_injection_is_asked_when_it_was_and_not_how_it_ended(visitor: Client, language: str, words: str) -> None:
    therapy, injection = pick(visitor, "pt_supervised", "esi_unknown")
    page = fields_on(visitor, injection, language=language)
    assert (words in page, 'name="ended_because"' in page, 'name="end"' in page) == (True, False, False)
    assert words not in fields_on(visitor, therapy, language=language)
    assert 'name="ended_because"' in fields_on(visitor, therapy)


def test_the_desk_and_papers_say_of_an_injection_that_it_was_given(visitor: Client, coordinator: User) -> None:
    [row] = pick(visitor, "esi_unknown")
    visitor.post(f"/my/treatments/{row.pk}/", sent(start="03/2026"))
    row.refresh_from_db()
    assert (row.status, row.state) == (TreatmentStatus.COMPLETED, "Given")
    desk = Client()
    desk.force_login(coordinator)
    form = desk.get(f"/admin/crm/lead/{row.lead_id}/treatments/{row.pk}/").content.decode()
    assert ("When was it?" in form, "how did it end?" in form) == (True, False)


def test_details_become_a_treatment_and_the_words_stay(visitor: Client, lead: Lead) -> None:
    [row] = pick(visitor, "pt_supervised")
    told: dict[str, Any] = {"start": "03/2026", "end": "06/2026", "going_on": "no", "sessions": "12", "relief": "25"}
    told |= {"lasted": "14", "side_effects": ["pain_flare"], "ended_because": "stopped_no_benefit", "clinician": "true"}
    answer = visitor.post(f"/my/treatments/{row.pk}/", sent(**told))
    assert answer["Location"] == "/my/treatments/"
    row.refresh_from_db()
    assert (row.start_date, row.start_precision, row.end_date) == (date(2026, 3, 1), "month", date(2026, 6, 1))
    assert (row.sessions, row.relief_percent, row.relief_duration_days) == (12, 25, 14)
    assert (row.status, row.directed_by_clinician, row.ongoing) == ("stopped_no_benefit", True, False)
    words = Submission.objects.filter(page="treatments").latest("at").answers["told"]
    assert (words["start"], words["relief"]) == ("03/2026", "25")
    page = visitor.get(f"/my/treatments/{row.pk}/").content.decode()
    assert 'value="03/2026"' in page


def test_telling_the_treatments_moves_the_outcome(visitor: Client, lead: Lead) -> None:
    first, second = pick(visitor, "pt_supervised", "med_nsaid_rx")
    told = {"start": "03/01/2026", "going_on": "no", "end": "06/30/2026", "relief": "25", "lasted": "14"}
    visitor.post(f"/my/treatments/{first.pk}/", sent(**told, sessions="12"))
    visitor.post(f"/my/treatments/{second.pk}/", sent(**told))
    lead.refresh_from_db()
    assert lead.outcome == Outcome.CONSULT_LIKELY


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"start": "soon"}, "Write the year, month and year, or the day"),
        ({"start": "01/2099"}, "That lies in the future"),
        ({"start": "03/2026", "end": "02/2026"}, "The end lies before the start."),
        ({"start": "03/2026", "going_on": "yes", "end": "05/2026"}, "You said that it goes on"),
        ({"sessions": "many"}, "Enter a whole number."),
    ],
)
def test_a_contradiction_is_said_and_nothing_typed_is_lost(visitor: Client, told: dict[str, str], message: str) -> None:
    [row] = pick(visitor, "chiropractic")
    refused = visitor.post(f"/my/treatments/{row.pk}/", sent(**told, relief="75"))
    assert refused.status_code == 422
    page = refused.content.decode()
    assert message in page
    assert all(f'value="{value}"' in page for value in told.values())
    row.refresh_from_db()
    assert (row.start_date, row.relief_percent) == (None, None)


def test_what_was_ticked_by_mistake_did_not_happen(visitor: Client) -> None:
    [row] = pick(visitor, "inversion")
    visitor.post(f"/my/treatments/{row.pk}/", {"not_tried": "1"})
    row.refresh_from_db()
    assert row.status == TreatmentStatus.DECLINED
    assert "Inversion table</a>" not in visitor.get("/my/treatments/").content.decode()


def test_a_plan_can_be_taken_back(visitor: Client, lead: Lead) -> None:
    [row] = pick(visitor, "inversion")
    later = timezone.localdate() + timedelta(days=30)
    Treatment.objects.filter(pk=row.pk).update(status=TreatmentStatus.PLANNED, start_date=later)
    browser = own_browser(lead)
    assert browser.post(f"/my/treatments/{row.pk}/", {"not_tried": "1"}).status_code == 302
    row.refresh_from_db()
    assert row.status == TreatmentStatus.DECLINED


def test_what_cannot_be_taken_back_says_why(visitor: Client, lead: Lead) -> None:
    [row] = pick(visitor, "inversion")
    Treatment.objects.filter(pk=row.pk).update(kind="left_the_list")
    response = own_browser(lead).post(f"/my/treatments/{row.pk}/", {"not_tried": "1"})
    assert (response.status_code, "Choose a treatment from the list." in response.content.decode()) == (422, True)
    row.refresh_from_db()
    assert row.status != TreatmentStatus.DECLINED


def test_staff_fill_in_the_same_pages(visitor: Client, lead: Lead) -> None:
    browser = proven(Client(), lead)
    browser.post("/my/questions/about-you/", sent(**ABOUT))
    assert Submission.objects.get(page="about-you").by is not None
    rows = pick(browser, "heat")
    assert (rows[-1].source, rows[-1].created_by is not None) == (Source.COORDINATOR, True)


def test_a_tablet_that_was_handed_over_speaks_for_the_patient(visitor: Client, lead: Lead) -> None:
    browser = tablet(lead, make_user())
    page = browser.get("/my/").content.decode()
    assert 'aria-label="Main"' not in page
    assert pick(browser, "heat")[-1].source == Source.PATIENT
    assert "give the tablet back" in browser.post("/my/leave/").content.decode()
    assert browser.get("/my/").status_code == 404


RECHECKED = {"safety_check": ["none"], "safety_check_b": ["none"], "new_treatments": "no", "pain_enjoyment": "2"}


@pytest.mark.parametrize(("now", "offered"), [("4", 1), ("5", 0)])  # 7 before: 43 % and 29 % better
def test_a_re_check_that_is_better_by_a_third_offers_improved(
    visitor: Client, lead: Lead, now: str, offered: int
) -> None:
    page = sent(**RECHECKED, pain_now_avg=now, pain_activity="2")
    assert visitor.post("/my/questions/recheck/", page)["Location"] == "/my/"
    assert Measurement.objects.filter(lead=lead, kind=MeasurementKind.NRS_AVG).count() == 2
    assert Task.objects.filter(lead=lead, title="Look at the latest ratings").count() == offered
    assert lead.activities.filter(summary=f"Pain went from 7 to {now}: offer “Improved”").count() == offered


def test_a_re_check_without_any_rating_is_stored(center: Location) -> None:
    browser = Visitor()
    browser.post("/candidate/call-me/", step_one())
    browser.cookies["patient"] = prove(Lead.objects.get()).secret
    page = sent(**RECHECKED, pain_now_avg="unsure", pain_activity="unsure")
    assert browser.post("/my/questions/recheck/", page)["Location"] == "/my/"
    assert Submission.objects.filter(page="recheck").exists()


def test_a_re_check_asks_for_both_blocks_and_is_judged(visitor: Client, lead: Lead) -> None:
    assert visitor.post("/my/questions/recheck/", sent(safety_check=["none"])).status_code == 422
    visitor.post(
        "/my/questions/recheck/", sent(**RECHECKED | {"safety_check_b": ["B2"]}, pain_now_avg="7", pain_activity="7")
    )
    lead.refresh_from_db()
    assert lead.outcome == Outcome.PROMPT_REVIEW


def test_a_birthday_is_a_day_in_the_past(visitor: Client) -> None:
    for typed, words in (("1970", "Write month, day and year"), ("01/01/2199", "lies in the future")):
        refused = visitor.post("/my/questions/about-you/", sent(date_of_birth=typed))
        assert words in refused.content.decode()
    visitor.post("/my/questions/about-you/", sent(**ABOUT))
    assert Submission.objects.get(page="about-you").answers["date_of_birth"] == "1970-03-15"
    assert 'value="03/15/1970"' in visitor.get("/my/questions/about-you/").content.decode()


def test_a_minor_is_out_of_scope(visitor: Client, lead: Lead) -> None:
    born = (timezone.localdate() - timedelta(days=17 * 365)).strftime("%m/%d/%Y")
    visitor.post("/my/questions/about-you/", sent(date_of_birth=born))
    lead.refresh_from_db()
    assert lead.outcome == Outcome.OUT_OF_SCOPE


def test_an_abandoned_second_step_leaves_what_was_sent(center: Location) -> None:
    lead = actions.submit(request_of(center)).lead
    assert Submission.objects.filter(lead=lead).count() == 1
