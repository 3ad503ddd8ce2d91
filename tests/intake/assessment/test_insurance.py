"""From the insurer that a patient names to the packet: what is suggested, chosen, verified and noted."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError
from django.test import Client

from crm.documents import actions as documents
from crm.enums.documents import DocumentKind, DocumentState
from crm.enums.leads import AccessAction, ActivityKind, TaskKind
from crm.enums.treatments import Source
from crm.leads import treatments
from crm.models import AccessEvent, Activity, Document, Lead, Location, PatientSession, Task, User
from intake.assessment import actions as assessments
from intake.assessment import answer_history, coverage_gaps, insurance
from intake.assessment.insurance import InsuranceRefused
from intake.models import Assessment, Coverage, PageOfProof, Plan, Submission, Verification
from intake.requests import actions, page_effects, page_submission
from intake.rules import insurers, payers
from tests.factories import NOON, make_lead, make_location, make_user
from tests.intake.requests.test_submit import request_of
from tests.page_forms import as_sent

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)
PT: dict[str, Any] = {"kind": "pt_supervised", "start_precision": "day", "sessions": 12}


@pytest.fixture
def lead(center: Location) -> Lead:
    return actions.submit(request_of(center)).lead


@pytest.fixture
def plan(center: Location) -> Plan:
    return Plan.objects.create(location=center, insurer="Aetna", network="in", as_of=TODAY)


def tell(lead: Lead, **answers: Any) -> None:
    """The page about insurance, sent from a browser that is proven; each a second after the one before."""
    session = PatientSession.objects.create(lead=lead, secret_hash=uuid.uuid4().hex, proven_at=NOON)
    at = NOON + timedelta(minutes=5, seconds=Submission.objects.filter(lead=lead).count())
    page_submission.keep_page(page_effects.Sent(session, "insurance", "Insurance", answers, uuid.uuid4(), at))


def list_of(lead: Lead) -> coverage_gaps.Gaps:
    return coverage_gaps.of_lead(lead, answer_history.told_by(lead), now=NOON)


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
    told = answer_history.told_by(lead)
    later = coverage_gaps.of_lead(lead, told, now=NOON + timedelta(days=365)).checklist
    insurance.choose(lead, profile="medicare_facet", plan=None, by=coordinator, now=NOON)
    finding = coverage_gaps.of_lead(lead, told, now=NOON + timedelta(days=365)).checklist.findings[0]
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


def test_a_list_that_is_no_longer_kept_is_shown_as_stored_and_counts_for_nothing(
    lead: Lead, desk: Client, coordinator: User
) -> None:
    made = Coverage.objects.create(lead=lead, profile="aetna_2019", chosen_by=coordinator)

    found = list_of(lead)

    assert str(made) == "aetna_2019"
    assert (found.chosen, found.ended, found.is_known, found.flags) == (None, made, False, [])
    assert found.checklist.profile.key == "general"
    assert coverage_gaps.in_words("payer_gap:aetna_2019") == "Insurance gaps (aetna_2019)"
    assert "payer_gap:general" not in assessments.assess(lead, cause="Test", now=NOON).flags
    panel = desk.get(f"/admin/crm/lead/{lead.pk}/change/?panels=all").content.decode()
    assert "A list that we no longer keep.</strong> “aetna_2019”" in panel


def test_a_kind_of_plan_that_left_the_list_is_shown_as_stored_and_counts_for_nothing(lead: Lead, desk: Client) -> None:
    tell(lead, plan_type="catastrophic", payer_name="")

    assert insurers.in_words("", "catastrophic") == "catastrophic"
    assert (list_of(lead).is_known, list_of(lead).flags) == (False, [])
    assert "catastrophic" in desk.get(f"/admin/crm/lead/{lead.pk}/change/?panels=all").content.decode()


def test_of_an_insurer_under_a_kind_of_plan_that_left_the_list_staff_ask(lead: Lead) -> None:
    tell(lead, plan_type="catastrophic", payer_name="Aetna")

    assert list_of(lead).suggestion.profiles == ()
    assert "ask" in list_of(lead).suggestion.question


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


def test_a_document_that_shows_a_criterion_is_not_taken_back(lead: Lead, desk: Client, document: Document) -> None:
    note(desk, lead, document=document.pk)
    assert not documents.take_back(document, now=NOON)
    assert PageOfProof.objects.get().document == document


def test_no_page_of_a_document_that_was_taken_back_is_noted(lead: Lead, coordinator: User, document: Document) -> None:
    assert documents.take_back(document, now=NOON)
    about: dict[str, Any] = {"profile": "general", "criterion": "care_6_weeks", "document": document, "page": 1}
    with pytest.raises(InsuranceRefused, match="taken back"):
        insurance.note_page(lead, by=coordinator, now=NOON, **about)


def test_no_page_of_somebody_elses_document_is_noted(lead: Lead, coordinator: User, document: Document) -> None:
    other = make_lead(email="b@example.org", phone="")
    about: dict[str, Any] = {"profile": "general", "criterion": "care_6_weeks", "document": document, "page": 1}
    with pytest.raises(InsuranceRefused, match="somebody else"):
        insurance.note_page(other, by=coordinator, now=NOON, **about)


def test_nobody_takes_out_the_page_of_somebody_else(lead: Lead, desk: Client, document: Document) -> None:
    note(desk, lead, document=document.pk)
    other = make_lead(email="b@example.org", phone="")
    page = PageOfProof.objects.get()
    assert desk.post(f"/admin/crm/lead/{other.pk}/packet/pages/{page.pk}/").status_code == 404
    assert not insurance.forget_page(other, page.pk)
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


# --- Another insurer --------------------------------------------------------------------------------------------------
def verify(lead: Lead, by: User, **answers: Any) -> Verification:
    said = {"spoke_to": "Morgan Example", "call_reference": "CALL-OLD", "is_active": "yes"}
    return insurance.record_verification(lead, by=by, now=NOON + timedelta(minutes=6), **said | answers)


def packet_of(desk: Client, lead: Lead) -> str:
    return desk.get(f"/admin/crm/lead/{lead.pk}/packet/print/").content.decode()


def panel_of(desk: Client, lead: Lead) -> str:
    page = desk.get(f"/admin/crm/lead/{lead.pk}/change/?panels=all").content.decode()
    return page.partition(">Insurance</h2>")[2].partition("</section>")[0]


def test_another_insurer_ends_the_choice_and_says_so(lead: Lead, desk: Client, coordinator: User) -> None:
    tell(lead, payer_name="Aetna", plan_type="commercial")
    insurance.choose(lead, profile="aetna_fusion", plan=None, by=coordinator, now=NOON + timedelta(minutes=5))
    tell(lead, payer_name="Example Mutual", plan_type="commercial")
    found = list_of(lead)
    assert (found.checklist.profile.key, found.chosen, found.ended) == ("general", None, Coverage.objects.get())
    assert Activity.objects.filter(lead=lead, summary="Another insurer: Aetna → Example Mutual").count() == 1
    panel = panel_of(desk, lead)
    assert "Another insurer." in panel
    assert "“Aetna: fusion” was chosen by" in panel


def test_the_same_insurer_written_otherwise_changes_nothing(lead: Lead, coordinator: User) -> None:
    tell(lead, payer_name="Aetna")
    insurance.choose(lead, profile="general", plan=None, by=coordinator, now=NOON)
    tell(lead, payer_name="AETNA Open Access PPO", plan_type="commercial")
    assert list_of(lead).chosen == Coverage.objects.get()
    assert not Activity.objects.filter(summary__startswith="Another insurer").exists()
    assert Task.objects.open().filter(kind=TaskKind.VERIFY).count() == 1


def test_a_choice_made_before_anything_was_told_ends_when_another_insurer_is_named(
    lead: Lead, coordinator: User, plan: Plan
) -> None:
    insurance.choose(lead, profile="aetna_fusion", plan=plan, by=coordinator, now=NOON)
    assert list_of(lead).checklist.profile.key == "aetna_fusion"
    tell(lead, payer_name="Aetna PPO")
    assert list_of(lead).checklist.profile.key == "aetna_fusion"
    tell(lead, payer_name="Cigna")
    assert (list_of(lead).checklist.profile.key, list_of(lead).chosen) == ("evicore_608", None)


def test_nothing_of_the_old_insurer_stands_in_the_new_packet(
    lead: Lead, desk: Client, coordinator: User, settings: Any
) -> None:
    tell(lead, payer_name="Aetna")
    make_document(lead, kind=DocumentKind.INSURANCE, name="aetna-card.jpg", created_at=NOON)
    verify(lead, coordinator)
    assert "CALL-OLD" in packet_of(desk, lead)
    assert "aetna-card.jpg" in packet_of(desk, lead)
    tell(lead, payer_name="Example Mutual")
    paper = packet_of(desk, lead)
    assert not [word for word in ("CALL-OLD", "Morgan Example", "aetna", "Aetna") if word in paper]
    assert "Said by another insurer (Aetna): ask again" in panel_of(desk, lead)


def test_a_verification_is_of_one_version_of_a_list(
    lead: Lead, desk: Client, coordinator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(lead, payer_name="Aetna")
    verify(lead, coordinator)
    made = Verification.objects.get()
    assert (made.insurer, made.profile, made.profile_as_of) == ("Aetna", "aetna_decompression", date(2026, 11, 22))
    newer = replace(payers.AETNA_DECOMPRESSION, as_of=date(2027, 1, 2))
    monkeypatch.setattr("intake.rules.coverage.PROFILES", (newer,))
    assert "CALL-OLD" not in packet_of(desk, lead)
    assert "an earlier version of it: ask again" in panel_of(desk, lead)


def test_whoever_pays_alone_has_no_task_and_no_list(lead: Lead, desk: Client, coordinator: User) -> None:
    tell(lead, payer_name="Aetna", plan_type="commercial")
    insurance.choose(lead, profile="aetna_fusion", plan=None, by=coordinator, now=NOON)
    verify(lead, coordinator)
    tell(lead, member_id="EX-556")
    assert Task.objects.open().filter(kind=TaskKind.VERIFY).count() == 1
    tell(lead, plan_type="self_pay")
    assert not Task.objects.open().filter(kind=TaskKind.VERIFY).exists()
    found = list_of(lead)
    assert (found.pays_alone, found.chosen, found.flags, found.wake_up_on) == (True, None, [], None)
    panel = panel_of(desk, lead)
    assert "Pays without insurance" in panel
    assert "No nicotine for 6 weeks" not in panel
    assert "CALL-OLD" not in packet_of(desk, lead)


def test_the_form_is_refused_when_another_insurer_was_named_meanwhile(lead: Lead, desk: Client) -> None:
    tell(lead, payer_name="Aetna")
    page = desk.get(f"/admin/crm/lead/{lead.pk}/insurance/verified/").content.decode()
    assert 'value="commercial:aetna"' in page
    tell(lead, payer_name="Cigna")
    said = {"spoke_to": "Morgan", "call_reference": "1", "is_active": "yes", "network": "in"}
    said |= {"needs_authorization": "no", "needs_referral": "no", "about": "commercial:aetna"}
    answer = desk.post(f"/admin/crm/lead/{lead.pk}/insurance/verified/", said)
    assert answer.status_code == 422
    assert "named another insurer since" in answer.content.decode()
    assert "Save again only if this is about Cigna." in answer.content.decode()
    chosen = {"profile": "aetna_fusion", "about": "commercial:aetna"}
    assert desk.post(f"/admin/crm/lead/{lead.pk}/insurance/", chosen).status_code == 422
    assert (Verification.objects.count(), Coverage.objects.count()) == (0, 0)
    again = as_sent(answer.content.decode(), having="call_reference")
    assert again["spoke_to"] == ["Morgan"]
    assert desk.post(f"/admin/crm/lead/{lead.pk}/insurance/verified/", again).status_code == 302
    assert Verification.objects.get().insurer == "Cigna"


def test_the_forms_name_the_insurer_whom_they_are_about(lead: Lead, desk: Client) -> None:
    tell(lead, payer_name="Cigna")
    for page, title in (("insurance/verified", "What the insurer said"), ("insurance", "What the insurer asks for")):
        assert f"{title}: Cigna" in desk.get(f"/admin/crm/lead/{lead.pk}/{page}/").text


def test_what_was_kept_before_insurers_were_noted_belongs_to_the_one_of_its_day(lead: Lead, coordinator: User) -> None:
    tell(lead, payer_name="Aetna")
    Verification.objects.create(lead=lead, by=coordinator, at=NOON, spoke_to="M", call_reference="1")
    Coverage.objects.create(lead=lead, chosen_by=coordinator, chosen_at=NOON, profile="aetna_fusion")
    old, told = Verification.objects.get(), answer_history.told_by(lead)
    assert coverage_gaps.is_current(old, told, list_of(lead))
    assert list_of(lead).chosen
    tell(lead, payer_name="Example Mutual")
    told = answer_history.told_by(lead)
    assert not coverage_gaps.is_current(old, told, list_of(lead))
    assert not list_of(lead).chosen


def test_an_open_question_about_the_insurer_stands_on_the_panel(lead: Lead, desk: Client) -> None:
    tell(lead, payer_name="Medicare Advantage (Aetna)")
    panel = panel_of(desk, lead)
    assert "To ask:" in panel
    assert "ask which company runs the plan" in panel
    assert "Any insurer: what most ask for" in panel


def test_the_kind_of_plan_alone_suggests_the_list(lead: Lead) -> None:
    tell(lead, plan_type="medicare")
    assert list_of(lead).checklist.profile.key == "medicare_esi"


@pytest.mark.parametrize("become", ["deleted", "refused", "somebody_elses"])
def test_proof_that_is_gone_or_moved_is_not_met(
    lead: Lead, desk: Client, coordinator: User, document: Document, become: str
) -> None:
    session = PatientSession.objects.create(lead=lead, secret_hash=uuid.uuid4().hex, proven_at=NOON)
    history = {"nicotine": "never"}
    page_submission.keep_page(page_effects.Sent(session, "background", "Background", history, uuid.uuid4(), NOON))
    insurance.choose(lead, profile="aetna_fusion", plan=None, by=coordinator, now=NOON)
    note(desk, lead, criterion="nicotine", document=document.pk)
    cell = '<td class="is-short" data-label="State">'
    row = f"No nicotine for 6 weeks (a laboratory value is asked for)</th>\n          {cell}"
    assert f"{row}Met" in packet_of(desk, lead)
    if become == "deleted":
        document.delete()
    elif become == "refused":
        Document.objects.update(state=DocumentState.REFUSED)
    else:
        Document.objects.update(lead=make_lead(email="b@example.org", phone=""))
    paper = packet_of(desk, lead)
    assert f"{row}Not met" in paper
    assert "therapy.pdf" not in paper
    assert coverage_gaps.GONE in panel_of(desk, lead)
