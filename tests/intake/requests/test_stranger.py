"""What somebody can do who knows a patient's name, e-mail address, telephone number and date of birth: nothing."""

import hmac
import json
import re
import threading
import uuid
from typing import Any

import pytest
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.forms.models import model_to_dict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from crm.models import (
    ConsentRecord,
    Enrollment,
    Lead,
    Location,
    Measurement,
    Message,
    PatientSession,
    SafetyAlert,
    Task,
    Treatment,
)
from crm.patient_portal import own_copy
from intake.models import Assessment, QuarantinedRequest, Submission, UnprovenRequest
from intake.requests import actions, bot_protection
from tests.factories import Visitor, make_treatment, step_one
from tests.intake.requests.test_submit import request_of

STRANGERS = "stranger@example.org"
MARK = "Lakeside Hall"  # stands in the record, and in nothing that a stranger typed
SIGN: dict[str, Any] = {"safety_check": ["A1"]}
NOTHING_SENT = {"first_name": "Sam", "last_name": "Specimen", "email": "sam@example.org", "phone": "(212) 555-0177"}
# A name with the e-mail, the telephone, or both of somebody known.
IN_THE_NAME: list[dict[str, Any]] = [
    {},
    {"email": STRANGERS},
    {"phone": "(212) 555-0199"},
    {"email": None},
    {"phone": None, "preferred_contact": "email"},
]


@pytest.fixture
def client() -> Client:
    """A worker comes by: what it makes of a stranger's requests is seen too."""
    return Visitor()


@pytest.fixture
def victim(center: Location) -> Lead:
    """Maria Sample, who has asked for help and told of a treatment; her mails have gone out."""
    lead = actions.submit(request_of(center)).lead
    make_treatment(lead, kind="pt_supervised", facility=MARK)
    Lead.objects.filter(pk=lead.pk).update(outcome="CONSULT_LIKELY")
    lead.refresh_from_db()
    lead.date_of_birth = "1970-03-15"
    lead.save()
    Message.objects.all().delete()
    return Lead.objects.get(pk=lead.pk)


def record_of(lead: Lead) -> str:
    """Everything that is the victim's, to be compared byte by byte."""
    own = Lead.objects.get(pk=lead.pk)
    rows: list[Any] = [model_to_dict(own), own.date_of_birth, own.updated_at]
    for model in (Treatment, Measurement, ConsentRecord, Enrollment, Assessment):
        rows += [model_to_dict(row) for row in model._default_manager.filter(lead=lead).order_by("pk")]
    return json.dumps(rows, cls=DjangoJSONEncoder, default=str)


def neutral(client: Client, address: str = "/candidate/thanks/") -> str:
    """A page without what is random in it."""
    page = client.get(address).content.decode()
    page = re.sub(r"[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}", "REFERENCE", page)
    page = re.sub(r'(data-(tabs|closed-tabs|closes-at-last)=")[^"]*', r"\1", page)
    return re.sub(r'(name="(csrfmiddlewaretoken|whose_page|submission_id|opened)" value=")[^"]*', r"\1", page)


# --- The same form again ----------------------------------------------------------------------------------------------
def test_an_own_address_typed_beside_a_known_name_opens_and_changes_nothing(victim: Lead, client: Client) -> None:
    before, form = record_of(victim), str(uuid.uuid4())
    client.post("/candidate/", step_one(submission_id=form, email=STRANGERS))
    client.post("/candidate/", step_one(submission_id=form, email=STRANGERS, phone=None, preferred_contact="email"))
    Visitor().post("/candidate/", step_one(submission_id=form, email=STRANGERS, pain_now_avg="1"))
    assert record_of(victim) == before
    assert set(Message.objects.values_list("to_email", flat=True)) == {victim.email}
    assert Lead.objects.count() == 1
    # What was typed waits for staff: one request of the first browser, changed once, and one of the other.
    assert sorted(one.submissions.count() for one in UnprovenRequest.objects.all()) == [1, 2]


def test_the_identical_form_from_anywhere_gets_the_same_receipt_and_writes_nothing(
    center: Location, client: Client
) -> None:
    form = step_one()
    client.post("/candidate/", form)
    other = Visitor()
    other.post("/candidate/", form)
    assert (Submission.objects.count(), Lead.objects.count(), Message.objects.count()) == (1, 1, 1)
    assert str(Submission.objects.get().reference) in other.get("/candidate/thanks/").content.decode()


def test_an_identical_form_in_a_frame_is_answered_alike(center: Location, client: Client, settings: Settings) -> None:
    page = client.get("/candidate/embed/").content.decode()
    fields = dict(re.findall(r'name="(token|submission_id)" value="([^"]+)"', page))
    form = step_one(**fields)
    first, second = client.post("/candidate/embed/", form), Visitor().post("/candidate/embed/", form)
    reference = Submission.objects.get().reference
    assert str(reference) in first.content.decode()
    assert str(reference) in second.content.decode()


def test_another_payload_from_the_same_browser_changes_that_request(center: Location) -> None:
    form, client = str(uuid.uuid4()), Visitor()
    client.post("/candidate/", step_one(submission_id=form))
    client.post("/candidate/", step_one(submission_id=form, email="right@example.org"))
    lead = Lead.objects.get()
    assert (lead.email, lead.submissions.count()) == ("right@example.org", 2)
    assert not UnprovenRequest.objects.exists()


def test_another_payload_from_another_browser_is_a_new_request(center: Location, client: Client) -> None:
    form = str(uuid.uuid4())
    client.post("/candidate/", step_one(submission_id=form))
    Visitor().post("/candidate/", step_one(submission_id=form, email="other@example.org"))
    assert Lead.objects.get().email == "maria.sample@example.org"
    assert UnprovenRequest.objects.get().data["email"] == "other@example.org"
    Visitor().post("/candidate/", step_one(submission_id=form, **NOTHING_SENT))
    assert Lead.objects.count() == 2


def test_what_staff_have_corrected_since_is_not_typed_over(center: Location, client: Client) -> None:
    form = str(uuid.uuid4())
    client.post("/candidate/", step_one(submission_id=form))
    Lead.objects.update(email="corrected@example.org")
    client.post("/candidate/", step_one(submission_id=form, email="again@example.org"))
    assert Lead.objects.get().email == "corrected@example.org"


def test_each_payload_is_kept_once_whoever_repeats_it(center: Location, client: Client) -> None:
    form = str(uuid.uuid4())
    for browser in (client, Visitor(), Visitor()):
        for pain in ("3", "4", "3"):
            browser.post("/candidate/", step_one(submission_id=form, pain_now_avg=pain))
    assert Submission.objects.count() == 2


def test_held_back_each_payload_is_kept_too(center: Location, client: Client) -> None:
    form = str(uuid.uuid4())
    for pain in ("3", "4", "3"):
        client.post("/candidate/", step_one(submission_id=form, pain_now_avg=pain, website="trap"))
    assert sorted(held.data["pain_now_avg"] for held in QuarantinedRequest.objects.all()) == ["3", "4"]


@pytest.mark.parametrize("_again", range(8))
def test_having_sent_a_form_of_the_same_id_changes_nothing_of_anothers(
    center: Location, client: Client, _again: int
) -> None:
    """The id of a form can be chosen for somebody else: what counts is which row a browser has sent. Eight times: rows
    have random keys, and by chance the wrong question finds the right one."""
    form, stranger, held = str(uuid.uuid4()), Visitor(), Visitor()
    stranger.post("/candidate/", step_one(submission_id=form, **NOTHING_SENT))
    held.post("/candidate/", step_one(submission_id=form, website="trap", **NOTHING_SENT))
    client.post("/candidate/", step_one(submission_id=form))
    for browser in (stranger, held):
        browser.post("/candidate/", step_one(submission_id=form, email="evil@example.org"))
    maria = Lead.objects.get(last_name="Sample")
    assert (maria.email, maria.phone) == ("maria.sample@example.org", "+12125550142")


def test_a_frame_takes_no_id_that_somebody_else_chose(center: Location, client: Client) -> None:
    chosen = str(uuid.uuid4())
    page = client.post("/candidate/embed/", {"submission_id": chosen}).content.decode()
    assert 'name="submission_id"' in page
    assert chosen not in page


def test_a_repeat_in_somebody_elses_name_is_a_new_request(victim: Lead, client: Client) -> None:
    before, form = record_of(victim), str(uuid.uuid4())
    client.post("/candidate/", step_one(submission_id=form, **NOTHING_SENT))
    client.post("/candidate/", step_one(submission_id=form))
    assert record_of(victim) == before
    assert UnprovenRequest.objects.get().lead == victim
    assert Lead.objects.exclude(pk=victim.pk).get().email == "sam@example.org"


def test_a_repeat_takes_no_address_of_somebody_else(victim: Lead, client: Client) -> None:
    """Step by step to a lead with the victim's name and telephone, and an own address for the mails."""
    before, form = record_of(victim), str(uuid.uuid4())
    client.post("/candidate/", step_one(submission_id=form, **NOTHING_SENT))
    own = {"email": NOTHING_SENT["email"]}
    client.post("/candidate/", step_one(submission_id=form, **own))
    [mine] = Lead.objects.exclude(pk=victim.pk)
    assert (mine.last_name, mine.phone, record_of(victim)) == ("Specimen", "+12125550177", before)
    client.post("/candidate/", step_one(submission_id=form, **(NOTHING_SENT | own | {"phone": "(212) 555-0178"})))
    mine.refresh_from_db()
    assert mine.phone == "+12125550177"  # no more what the form had said before


def test_whom_we_know_plays_no_part_in_what_a_repeat_is(victim: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    """An own request that turns, keeping its e-mail address, into one with somebody's name and telephone."""
    own, costs = {"email": NOTHING_SENT["email"]}, []
    nobody = {"first_name": "Nora", "last_name": "Nobody", "phone": "(212) 555-0123"}
    for number, person in enumerate([nobody, nobody, {}]):
        browser, form = Client(), str(uuid.uuid4())
        mine = own | {"email": f"sam{number}@example.org"}
        browser.post("/candidate/", step_one(submission_id=form, **(NOTHING_SENT | mine)))
        costs.append(work_of(step_one(submission_id=form, **(person | mine)), monkeypatch, client=browser))
    assert costs[1] == costs[2]


# --- Is somebody a patient here? --------------------------------------------------------------------------------------
def work_of(form: dict[str, Any], monkeypatch: pytest.MonkeyPatch, *, client: Client | None = None) -> dict[str, int]:
    """What one post costs: statements, mails, keyed hashes."""
    mails, hashes, keyed = Message.objects.count(), 0, hmac.new

    def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal hashes
        hashes += 1
        return keyed(*args, **kwargs)

    client = client or Client()
    with monkeypatch.context() as patched, CaptureQueriesContext(connection) as asked:
        patched.setattr("hmac.new", counted)
        client.post("/candidate/", form)
    statements = [one["sql"] for one in asked if not re.match("SAVEPOINT|RELEASE|ROLLBACK TO", one["sql"])]
    return {"statements": len(statements), "mails": Message.objects.count() - mails, "hashes": hashes}


@pytest.mark.parametrize("changes", [{}, SIGN], ids=["routine", "emergency"])
@pytest.mark.parametrize("reach", [{}, {"email": None}], ids=["both", "telephone"])
def test_known_and_unknown_people_cost_the_same(
    victim: Lead, changes: dict[str, Any], reach: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if reach:
        Lead.objects.filter(pk=victim.pk).update(email="")
    Visitor().post("/candidate/", step_one(first_name="Warm", email="warm@example.org", phone="(212) 555-0166"))
    known, unknown = step_one(**(changes | reach)), step_one(**(NOTHING_SENT | changes | reach))
    costs = [work_of(form, monkeypatch) for form in (known, unknown)]
    assert costs[0] == costs[1]
    assert UnprovenRequest.objects.count() == 1


@pytest.mark.parametrize("changes", [{}, SIGN], ids=["routine", "emergency"])
def test_known_and_unknown_people_see_the_same(victim: Lead, changes: dict[str, Any]) -> None:
    known, unknown = Visitor(), Visitor()
    answers = [
        known.post("/candidate/", step_one(**changes)),
        unknown.post("/candidate/", step_one(**(NOTHING_SENT | changes))),
    ]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert neutral(known, answers[0]["Location"]) == neutral(unknown, answers[1]["Location"])
    assert victim.reference not in known.get(answers[0]["Location"]).content.decode()


def test_what_comes_after_the_receipt_is_the_same(victim: Lead) -> None:
    known, unknown = Visitor(), Visitor()
    known.post("/candidate/", step_one())
    unknown.post("/candidate/", step_one(**NOTHING_SENT))
    seen = []
    for browser in (known, unknown):
        browser.post("/candidate/go-on/")
        pages = ["/my/", "/my/code/", "/my/questions/pain/", "/my/treatments/"]
        seen.append([neutral(browser, page).replace("m…@", "s…@") for page in pages])
    assert seen[0] == seen[1]


# --- A warning sign in somebody's name --------------------------------------------------------------------------------
def test_a_stranger_cannot_hold_a_patient(victim: Lead, client: Client) -> None:
    before = record_of(victim)
    answer = client.post("/candidate/", step_one(**SIGN))
    assert answer["Location"] == "/candidate/emergency/"
    assert record_of(victim) == before
    assert UnprovenRequest.objects.get().has_sign
    assert SafetyAlert.objects.open().filter(lead=victim).count() == 1
    assert Task.objects.open().filter(lead=victim, kind="urgent_call").count() == 1


def test_a_sign_on_the_pages_after_it_holds_nobody_either(victim: Lead, client: Client) -> None:
    before = record_of(victim)
    client.post("/candidate/", step_one())
    client.post("/candidate/go-on/")
    answer = client.post("/my/questions/pain/", {"submission_id": str(uuid.uuid4()), "safety_check": ["A1"]})
    assert answer.status_code in {302, 422}
    answer = client.post("/my/questions/recheck/", {"submission_id": str(uuid.uuid4()), "safety_check": ["A1"]})
    assert answer["Location"] == "/candidate/emergency/"
    assert record_of(victim) == before
    assert UnprovenRequest.objects.get().has_sign
    assert SafetyAlert.objects.open().filter(lead=victim).count() == 1


def test_many_signs_in_one_name_are_one_alert(victim: Lead) -> None:
    for pain in range(4):
        answer = Visitor().post("/candidate/", step_one(**SIGN, pain_now_avg=str(pain)))
        assert answer["Location"] == "/candidate/emergency/"
    assert (SafetyAlert.objects.count(), UnprovenRequest.objects.count()) == (1, 4)
    assert SafetyAlert.objects.get().causes.count() == 4


def test_limits_bound_the_alerts_and_never_the_page(center: Location, settings: Settings) -> None:
    settings.REQUESTS_AN_HOUR = 3
    Location.objects.update(alert_email="oncall@example.org")
    for number in range(bot_protection.FLOOD * 3 + 2):
        person = {"email": f"p{number}@example.org", "phone": None, "preferred_contact": "email"}
        answer = Visitor().post("/candidate/", step_one(**SIGN, **person, last_name=f"Sample{number}"))
        assert answer["Location"] == "/candidate/emergency/"
    assert Message.objects.filter(name="alert").count() == 3
    assert SafetyAlert.objects.open().count() == bot_protection.FLOOD * 3  # those without a mail stand at the desk


def test_nothing_routine_makes_an_alert_silent(victim: Lead, settings: Settings) -> None:
    settings.REQUESTS_AN_HOUR = 3
    Location.objects.update(alert_email="oncall@example.org")
    for number in range(12):
        Visitor().post("/candidate/", step_one(pain_now_avg=str(number % 10), zip=f"100{number:02d}"))
        Visitor().post("/ask/", {"topic": "other", "message": "?", "name": "A", "email": victim.email})
    Visitor().post("/candidate/", step_one(**SIGN))
    assert Message.objects.filter(name="alert").count() == 1
    assert SafetyAlert.objects.get().next_level_at is not None


def test_no_sign_is_lost_where_the_boxes_contradict_each_other(center: Location, client: Client) -> None:
    client.post("/candidate/", step_one(safety_check=["A1", "none"]))
    assert Submission.objects.get().answers["safety_check"] == ["A1"]


# --- Every page that a stranger reaches -------------------------------------------------------------------------------
def test_whatever_a_stranger_sends_the_record_stays(victim: Lead) -> None:
    """Name, e-mail, telephone and date of birth of a victim; every door, every page after it, again and again."""
    before = record_of(victim)
    for changes in IN_THE_NAME:
        for more in ({}, SIGN):
            stranger, form = Visitor(), str(uuid.uuid4())
            stranger.post("/candidate/", step_one(**(changes | more), submission_id=form))
            stranger.post("/candidate/", step_one(**(changes | more), submission_id=form, pain_now_avg="2"))
            stranger.post("/candidate/", step_one(**(changes | more), pain_now_avg="3"))
            stranger.post("/candidate/call-me/", step_one(**(changes | more)))
            stranger.post("/candidate/go-on/")
            walk(stranger)
    assert record_of(victim) == before
    assert set(Message.objects.exclude(name="alert").values_list("to_email", flat=True)) <= {victim.email}
    assert not PatientSession.objects.filter(proven_at__isnull=False).exists()


def walk(stranger: Client) -> None:
    """Every page of the private page, with everything that could be written there."""
    answers = {
        "submission_id": str(uuid.uuid4()),
        "date_of_birth": "03/15/1970",
        "pain_now_avg": "0",
        "preferred_language": "es",
        "kinds": ["pt_supervised", "chiropractic"],
        "insurer": "Example Mutual",
    }
    for key in ("pain", "about-you", "background", "imaging", "insurance", "recheck"):
        stranger.get(f"/my/questions/{key}/")
        stranger.post(f"/my/questions/{key}/", answers)
    stranger.post("/my/treatments/", answers)
    page = stranger.get("/my/treatments/").content.decode()
    for address in set(re.findall(r"/my/treatments/[0-9a-f-]{36}/", page)):
        stranger.post(address, {"relief": "none", "ended_because": "completed", "submission_id": str(uuid.uuid4())})
        stranger.post(address, {"not_tried": "1"})
    for birthday in ("03/15/1970", "1970"):
        stranger.post("/my/code/", {"birthday": birthday})
    for page in ("/my/", "/my/messages/", "/my/data/", "/my/people/", "/my/documents/", "/my/appointments/"):
        assert MARK not in stranger.get(page).content.decode()
    stranger.post("/my/data/download/")
    stranger.post("/my/data/delete/", {"sure": "1"})


@pytest.mark.django_db(transaction=True)
def test_twenty_requests_at_once_make_one_lead(center: Location) -> None:
    start, sent = threading.Barrier(20), []

    def press() -> None:
        start.wait()
        try:
            sent.append(actions.submit(request_of(center, submission_id=uuid.uuid4())).lead_id)
        finally:
            connection.close()

    presses = [threading.Thread(target=press) for _ in range(20)]
    for press_ in presses:
        press_.start()
    for press_ in presses:
        press_.join()
    assert (len(sent), len(set(sent)), Lead.objects.count()) == (20, 1, 1)
    assert Task.objects.open().filter(kind="call").count() == 1


def test_the_desk_finds_the_lead_by_any_of_its_references(victim: Lead, client: Client, desk: Client) -> None:
    Visitor().post("/candidate/", step_one(email=STRANGERS))
    reference = str(Submission.objects.get(unproven__isnull=False).reference)
    assert reference != victim.reference
    page = desk.get(reverse("admin:crm_board"), {"q": reference}).content.decode()
    assert victim.full_name in page


def test_what_a_stranger_typed_is_in_nobodys_copy(victim: Lead) -> None:
    Visitor().post("/candidate/", step_one(email=STRANGERS, pain_now_avg="1"))
    copy = json.dumps(own_copy.export(victim), cls=DjangoJSONEncoder)
    assert '"pain_now_avg": "7"' in copy
    assert '"pain_now_avg": "1"' not in copy
    assert STRANGERS not in copy
