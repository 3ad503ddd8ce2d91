"""From the insurer that a patient names to the packet: what is suggested, chosen, verified and noted."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError
from django.test import Client

from crm.actions import treatments
from crm.document_enums import DocumentKind, DocumentState
from crm.enums import AccessAction, ActivityKind, TaskKind
from crm.models import AccessEvent, Activity, Document, Lead, Location, PatientSession, Task, User
from crm.treatment_enums import Source
from intake import actions, answering, assessments, gaps, insurance, record
from intake.insurance import InsuranceRefused
from intake.models import Assessment, Coverage, PageOfProof, Plan, Verification
from tests.factories import NOON, make_lead, make_location, make_user
from tests.intake.test_submit import request_of

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)
PT: dict[str, Any] = {"kind": "pt_supervised", "start_precision": "day", "sessions": 12}


@pytest.fixture
def lead(centre: Location) -> Lead:
    return actions.submit(request_of(centre)).lead


@pytest.fixture
def plan(centre: Location) -> Plan:
    return Plan.objects.create(location=centre, insurer="Aetna", network="in", as_of=TODAY)


def tell(lead: Lead, **answers: Any) -> None:
    """The page about insurance, sent from a browser that is proven."""
    session = PatientSession.objects.create(lead=lead, secret_hash=uuid.uuid4().hex, proven_at=NOON)
    answering.keep_page(
        answering.Sent(session, "insurance", "Insurance", answers, uuid.uuid4(), NOON + timedelta(minutes=5))
    )


def list_of(lead: Lead) -> gaps.Gaps:
    return gaps.of_lead(lead, record.told_by(lead), now=NOON)


def test_without_an_insurer_the_common_list_is_shown_and_raises_no_flag(lead: Lead) -> None:
    found = list_of(lead)
    assert (found.checklist.profile.key, found.is_known, found.flags) == ("general", False, [])


def test_the_named_insurer_suggests_its_list(lead: Lead) -> None:
    tell(lead, payer_name="Aetna", plan_type="commercial")
    found = list_of(lead)
    assert (found.checklist.profile.key, found.chosen, found.is_known) == ("aetna_decompression", None, True)
    assert not found.flags  # the ticks leave everything open, and what is unknown is no gap


def test_a_gap_is_flagged_once_it_is_certain(lead: Lead, coordinator: User) -> None:
    ended = {"start_date": date(2026, 3, 1), "end_date": date(2026, 3, 9), "end_precision": "day"}
    for kind in ("pt_supervised", "med_nsaid_rx"):
        treatments.add(lead, by=None, source=Source.PATIENT, now=NOON, **PT | {"kind": kind}, **ended)
    treatments.add(
        lead, by=None, source=Source.PATIENT, now=NOON, **PT | {"kind": "esi_unknown"}, **ended, body_region="lumbar"
    )
    insurance.choose(lead, profile="general", plan=None, by=coordinator, now=NOON + timedelta(hours=1))
    assert "payer_gap:general" in Assessment.objects.order_by("-at", "-pk")[0].flags


def test_the_day_on_which_the_missing_time_is_reached_is_kept_on_the_lead(lead: Lead, coordinator: User) -> None:
    going_on = treatments.add(
        lead,
        by=coordinator,
        source=Source.COORDINATOR,
        now=NOON,
        **PT,
        start_date=TODAY - timedelta(days=19),
        ongoing=True,
    )
    insurance.choose(lead, profile="hcsc_fusion", plan=None, by=coordinator, now=NOON)
    lead.refresh_from_db()
    assert lead.wake_up_on == TODAY + timedelta(days=22)  # 20 days so far, 42 wanted
    treatments.correct(going_on, by=coordinator, now=NOON, ongoing=False, end_date=TODAY, end_precision="day")
    lead.refresh_from_db()
    assert lead.wake_up_on is None


def test_the_clock_of_the_pain_runs_from_the_answer(lead: Lead, coordinator: User) -> None:
    """ "6 to 12 months", said a year ago, is 18 months of pain today at the least."""
    told = record.told_by(lead)
    later = gaps.of_lead(lead, told, now=NOON + timedelta(days=365)).checklist
    insurance.choose(lead, profile="medicare_facet", plan=None, by=coordinator, now=NOON)
    finding = gaps.of_lead(lead, told, now=NOON + timedelta(days=365)).checklist.findings[0]
    assert later.profile.key == "general"
    assert finding.evidence == ("at least 547 days",)


def test_a_plan_of_another_location_is_refused(lead: Lead, coordinator: User) -> None:
    other = make_location(name="Elsewhere", position=9)
    foreign = Plan.objects.create(location=other, insurer="Aetna", as_of=TODAY)
    with pytest.raises(InsuranceRefused):
        insurance.choose(lead, profile="general", plan=foreign, by=coordinator, now=NOON)
    assert not Coverage.objects.exists()


def test_one_plan_a_location_whatever_the_letters(plan: Plan) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Plan.objects.create(location=plan.location, insurer="AETNA", as_of=TODAY)


@pytest.mark.parametrize(
    ("answers", "opened"),
    [
        ({"payer_name": "Aetna"}, 1),
        ({"plan_type": "medicare", "member_id": "EX-555"}, 1),
        ({"plan_type": "self_pay"}, 0),
        ({"can_travel": "yes"}, 0),
    ],
)
def test_naming_an_insurer_opens_the_task_to_verify(lead: Lead, answers: dict[str, str], opened: int) -> None:
    tell(lead, **answers)
    tell(lead, **answers)  # the same again says nothing new
    tasks = Task.objects.filter(lead=lead, kind=TaskKind.VERIFY)
    assert tasks.count() == opened
    assert all(task.due_at == datetime(2026, 11, 24, 23, tzinfo=UTC) for task in tasks)


def test_another_insurer_is_verified_again(lead: Lead, coordinator: User) -> None:
    tell(lead, payer_name="Aetna")
    insurance.record_verification(lead, by=coordinator, now=NOON, spoke_to="M", call_reference="1")
    assert not Task.objects.open().filter(kind=TaskKind.VERIFY).exists()
    tell(lead, payer_name="Example Mutual")
    assert Task.objects.open().filter(kind=TaskKind.VERIFY).count() == 1


def test_what_the_insurer_said_is_kept_for_good(lead: Lead, desk: Client, plan: Plan, coordinator: User) -> None:
    said = {
        "plan": plan.pk,
        "spoke_to": "Morgan Example",
        "call_reference": "CALL-555",
        "is_active": "yes",
        "network": "in",
        "needs_authorization": "yes",
        "needs_referral": "unknown",
    }
    assert desk.post(f"/admin/crm/lead/{lead.pk}/insurance/verified/", said | {"call_reference": ""}).status_code == 422
    assert desk.post(f"/admin/crm/lead/{lead.pk}/insurance/verified/", said).status_code == 302
    made = Verification.objects.get()
    assert (made.by, made.call_reference, made.plan, made.network) == (coordinator, "CALL-555", plan, "in")
    with pytest.raises(DatabaseError), transaction.atomic():
        Verification.objects.update(spoke_to="Somebody else")
    with connection.cursor() as cursor:
        cursor.execute("SELECT call_reference FROM intake_verification")
        assert b"CALL-555" not in bytes(cursor.fetchone()[0])
    assert "CALL-555" in desk.get(f"/admin/crm/lead/{lead.pk}/change/?panels=all").content.decode()
    assert Activity.objects.filter(lead=lead, kind=ActivityKind.INSURANCE).count() == 1


def test_the_panel_names_every_criterion_and_promises_nothing(lead: Lead, desk: Client) -> None:
    tell(lead, payer_name="Aetna", member_id="W123456789")
    page = desk.get(f"/admin/crm/lead/{lead.pk}/change/?panels=all").content.decode()
    for finding in list_of(lead).checklist.findings:
        assert finding.text in page
    assert "It does not say what the insurer will decide" in page
    panel = page.partition(">Insurance</h2>")[2].partition("</section>")[0]
    assert "ends in 789" in panel
    assert "W123456789" not in panel


def test_choosing_the_criteria_at_the_desk(lead: Lead, desk: Client, plan: Plan) -> None:
    answer = desk.post(f"/admin/crm/lead/{lead.pk}/insurance/", {"profile": "aetna_fusion", "plan": plan.pk})
    assert answer.status_code == 302
    assert str(Coverage.objects.get()) == "Aetna: fusion"
    assert desk.post(f"/admin/crm/lead/{lead.pk}/insurance/", {"profile": "nobody"}).status_code == 422
    assert "in network as of Nov 23, 2026" in desk.get(f"/admin/crm/lead/{lead.pk}/change/?panels=all").content.decode()


def test_a_profile_that_is_no_longer_kept_leaves_the_common_list(lead: Lead, coordinator: User) -> None:
    Coverage.objects.create(lead=lead, profile="gone", chosen_by=coordinator)
    assert list_of(lead).checklist.profile.key == "general"
    assert gaps.in_words("payer_gap:gone") == "Insurance gaps (Any insurer)"
    assessments.assess(lead, cause="Test", now=NOON)


def make_document(lead: Lead, **fields: Any) -> Document:
    about = {"kind": DocumentKind.REPORT, "name": "therapy.pdf", "size": 9, "state": DocumentState.CLEAN}
    return Document.objects.create(lead=lead, source=Source.COORDINATOR, **about | fields)


@pytest.fixture
def document(lead: Lead) -> Document:
    return make_document(lead)


def note(client: Client, lead: Lead, **fields: Any) -> Any:
    return client.post(f"/admin/crm/lead/{lead.pk}/packet/pages/", {"criterion": "care_6_weeks", "page": 2} | fields)


def test_a_page_of_proof_stands_in_the_packet_until_it_is_taken_out(
    lead: Lead, desk: Client, document: Document
) -> None:
    for _ in range(2):  # twice is once
        assert note(desk, lead, document=document.pk).status_code == 302
    page = PageOfProof.objects.get()
    assert "Page 2 of therapy.pdf" in desk.get(f"/admin/crm/lead/{lead.pk}/packet/").content.decode()
    assert "document 1, page 2" in desk.get(f"/admin/crm/lead/{lead.pk}/packet/print/").content.decode()
    desk.post(f"/admin/crm/lead/{lead.pk}/packet/pages/{page.pk}/")
    assert not PageOfProof.objects.exists()


def test_what_does_not_fit_is_refused_and_says_why(lead: Lead, desk: Client, document: Document) -> None:
    waiting = make_document(lead, state=DocumentState.PENDING)
    foreign = make_document(make_lead(email="b@example.org", phone=""))
    for fields in (
        {"document": foreign.pk},
        {"document": waiting.pk},
        {"document": document.pk, "page": 0},
        {"document": document.pk, "criterion": "hba1c"},
    ):
        answer = note(desk, lead, **fields)
        assert answer.status_code == 422
        assert b'role="alert"' in answer.content
    assert not PageOfProof.objects.exists()
    other = PageOfProof(lead=lead, profile="general", criterion="x", document=document, page=0, created_by=make_user())
    with pytest.raises(IntegrityError), transaction.atomic():
        other.save()


def test_no_page_of_somebody_elses_document_is_noted(lead: Lead, coordinator: User, document: Document) -> None:
    other = make_lead(email="b@example.org", phone="")
    about: dict[str, Any] = {"profile": "general", "criterion": "care_6_weeks", "document": document, "page": 1}
    with pytest.raises(InsuranceRefused, match="somebody else"):
        insurance.note_page(other, by=coordinator, now=NOON, **about)


def test_nobody_takes_out_the_page_of_somebody_else(lead: Lead, desk: Client, document: Document) -> None:
    note(desk, lead, document=document.pk)
    other = make_lead(email="b@example.org", phone="")
    desk.post(f"/admin/crm/lead/{other.pk}/packet/pages/{PageOfProof.objects.get().pk}/")
    assert PageOfProof.objects.exists()


@pytest.mark.parametrize("path", ["packet/print/", "summary/"])
def test_a_paper_is_a_page_or_a_pdf_and_leaves_its_mark(lead: Lead, desk: Client, path: str) -> None:
    desk.get(f"/admin/crm/lead/{lead.pk}/{path}")
    assert AccessEvent.objects.filter(action=AccessAction.VIEW, object_ids=[lead.pk]).exists()
    answer = desk.get(f"/admin/crm/lead/{lead.pk}/{path}?as=pdf")
    assert answer.content.startswith(b"%PDF-")
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    assert lead.last_name not in answer["Content-Disposition"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert AccessEvent.objects.filter(action=AccessAction.DOWNLOAD, object_ids=[lead.pk]).exists()


ROUTES = ["insurance/", "insurance/verified/", "packet/", "packet/pages/", "packet/print/", "summary/"]


@pytest.mark.parametrize("route", ROUTES)
def test_an_outsider_sees_none_of_it(lead: Lead, client: Client, outsider: User, route: str) -> None:
    client.force_login(outsider)
    assert client.get(f"/admin/crm/lead/{lead.pk}/{route}").status_code == 403
