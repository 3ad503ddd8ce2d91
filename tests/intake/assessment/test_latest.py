"""The latest is the latest: one press asks the rules once, and whatever was entered last of one day counts."""

import re
import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from crm.desk import queries
from crm.enums.documents import DocumentKind, DocumentState
from crm.enums.leads import ActivityKind, ConsentKind, Decision, Outcome
from crm.enums.treatments import MeasurementKind, Source
from crm.errors import MeasurementRefused
from crm.leads import events, imaging, measurements, reviews, treatments
from crm.models import (
    Activity,
    ConsentRecord,
    Document,
    Lead,
    Location,
    Measurement,
    PatientSession,
    ReviewDecision,
    User,
)
from crm.outbox import send_rules
from intake.assessment import actions as assessments
from intake.assessment import answer_history, care_record, overrides
from intake.models import Assessment, Override, Submission, Verification
from intake.requests import actions, told_treatments
from intake.rules.criteria import LatestRating
from tests.factories import NOON, make_lead, make_user, own_browser
from tests.intake.requests.test_submit import request_of
from tests.page_forms import as_sent

HOUR = timedelta(hours=1)
OFTEN = 8  # what chance decides, it decides otherwise sooner or later
TICKED = ["pt_supervised", "med_nsaid_rx", "esi_unknown"]


@pytest.fixture
def lead(center: Location) -> Lead:
    return actions.submit(request_of(center)).lead


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """For what the rules were asked, each time."""
    causes: list[str] = []
    make = assessments.make

    def counted(*given: object, cause: str, **others: object) -> Assessment:
        causes.append(cause)
        return make(*given, cause=cause, **others)  # type: ignore[arg-type]

    monkeypatch.setattr(assessments, "make", counted)
    return causes


def score(
    lead: Lead, value: str, *, kind: MeasurementKind = MeasurementKind.RMDQ, by: User | None = None
) -> Measurement:
    return measurements.record(
        lead, kind=kind, value=Decimal(value), at=NOON, source=Source.COORDINATOR, by=by, now=NOON
    )


def test_three_treatments_of_one_press_are_one_assessment(lead: Lead, asked: list[str]) -> None:
    own_browser(lead).post("/my/treatments/", {"submission_id": str(uuid.uuid4()), "kinds": TICKED})
    assert len(asked) == 1
    latest = assessments.latest(lead)
    assert latest is not None
    assert {entry["kind"] for entry in latest.snapshot["treatments"]} == set(TICKED)
    assert Lead.objects.get().outcome == latest.outcome


def test_telling_one_treatment_asks_once(lead: Lead, asked: list[str]) -> None:
    row = treatments.add(lead, by=None, source=Source.PATIENT, now=NOON, kind="pt_supervised")
    asked.clear()
    sent = {"submission_id": str(uuid.uuid4()), "start": "03/2026", "going_on": "yes", "relief": "25"}
    assert own_browser(lead).post(f"/my/treatments/{row.pk}/", sent).status_code == 302
    assert len(asked) == 1


def test_a_document_that_brings_a_report_asks_once(lead: Lead, asked: list[str]) -> None:
    study = imaging.add(lead, by=make_user(), now=NOON, modality="mri", region="lumbar")
    asked.clear()
    report = Document.objects.create(
        lead=lead, name="report.pdf", size=1, kind=DocumentKind.REPORT, state=DocumentState.CLEAN
    )
    imaging.link(report, study, by=make_user(), now=NOON)
    study.refresh_from_db()
    assert (study.report_at, asked) == (NOON, ["Imaging changed"])


def test_what_fails_asks_nothing_and_leaves_nothing_behind(lead: Lead, asked: list[str]) -> None:
    def breaks_off() -> None:
        with transaction.atomic(), events.one_press():
            treatments.add(lead, by=None, source=Source.PATIENT, now=NOON, kind="pt_supervised")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        breaks_off()
    assert asked == []
    treatments.add(lead, by=None, source=Source.PATIENT, now=NOON, kind="pt_supervised")
    assert asked == ["Treatments changed"]


def test_assessments_of_one_moment_are_numbered_in_order(lead: Lead) -> None:
    for kind in TICKED:
        treatments.add(lead, by=None, source=Source.COORDINATOR, now=NOON, kind=kind, body_region="lumbar")
    made = list(Assessment.objects.order_by("number"))
    assert [one.number for one in made] == [1, 2, 3, 4]
    assert [len(one.snapshot["treatments"]) for one in made] == [0, 1, 2, 3]
    assert assessments.latest(lead) == made[-1]
    with pytest.raises(IntegrityError, match="assessment_number"), transaction.atomic():
        Assessment.objects.create(
            lead=lead, number=4, snapshot={}, outcome="URGENT", reasons=[], evaluated=[], span_days=0
        )


@pytest.mark.parametrize("time", range(OFTEN))
def test_of_two_scores_of_one_day_the_later_entry_counts(lead: Lead, time: int) -> None:
    score(lead, "20")
    score(lead, "2")
    assert answer_history.snapshot_of(lead, answer_history.current_answers(lead), now=NOON).answers.rmdq == 2
    score(lead, "20")
    assert answer_history.snapshot_of(lead, answer_history.current_answers(lead), now=NOON).answers.rmdq == 20


def test_of_two_ratings_of_one_day_the_later_counts_for_the_insurer(lead: Lead) -> None:
    for hour, value in enumerate(("8", "2")):
        at = NOON + timedelta(hours=hour)
        Measurement.objects.create(lead=lead, kind=MeasurementKind.NRS_AVG, value=value, at=at)
    found = care_record.care_record(lead, answer_history.told_by(lead), now=NOON + timedelta(hours=3))
    assert "2 of 10" in str(LatestRating(code="rating", text="Above 4", above=4).find(found))


def test_what_staff_write_down_for_today_comes_after_what_was_told_this_morning(lead: Lead) -> None:
    Measurement.objects.create(lead=lead, kind=MeasurementKind.NRS_AVG, value="8", at=NOON)
    about = {"kind": MeasurementKind.NRS_AVG, "source": Source.COORDINATOR, "by": None, "now": NOON}
    midnight = NOON.astimezone(ZoneInfo(lead.timezone)).replace(hour=0)
    measurements.record(lead, value=Decimal(3), at=midnight, **about)  # type: ignore[arg-type]
    found = care_record.care_record(lead, answer_history.told_by(lead), now=NOON)
    assert [one.value for one in found.ratings][-2:] == [8, 3]


# --- At the same moment -----------------------------------------------------------------------------------------------


def page(lead: Lead, key: int, **columns: Any) -> Submission:
    """A page of answers of this moment, with a key that sorts as it is told to."""
    about = {"page": "pain", "answers": {}, "answers_digest": uuid.uuid4().hex, "at": NOON}
    return Submission.objects.create(pk=uuid.UUID(int=key), lead=lead, **about | columns)


@pytest.mark.parametrize("keys", [(1, 2), (2, 1)])
def test_of_two_pages_of_one_moment_the_one_kept_later_counts(lead: Lead, keys: tuple[int, int]) -> None:
    browser = PatientSession.objects.create(lead=lead, secret_hash="x")
    for key, side in zip(keys, ("left", "right"), strict=True):
        last = page(lead, key, answers={"radiation_side": side}, session=browser)

    assert answer_history.current_answers(lead)["radiation_side"] == "right"
    assert answer_history.visible_answers(browser)["radiation_side"] == "right"
    assert answer_history.told_by(lead, before=last).answers["radiation_side"] == "left"


def test_a_clock_that_is_slow_makes_no_page_an_older_one(lead: Lead) -> None:
    page(lead, 1, answers={"radiation_side": "left"})
    page(lead, 2, answers={"radiation_side": "right"}, at=NOON - timedelta(seconds=2))

    assert answer_history.current_answers(lead)["radiation_side"] == "right"


@pytest.mark.parametrize("keys", [(1, 2), (2, 1)])
def test_of_two_tellings_of_a_treatment_at_one_moment_the_later_is_shown(lead: Lead, keys: tuple[int, int]) -> None:
    browser, row = PatientSession.objects.create(lead=lead, secret_hash="x"), str(uuid.uuid4())
    for key, name in zip(keys, ("Old", "New"), strict=True):
        told = {"treatment": row, "columns": {"kind": "med_other", "kind_other": name}}
        page(lead, key, page="treatments", answers=told, session=browser)

    assert [one.kind_other for one in told_treatments.visible_treatments(browser)] == ["New"]


@pytest.mark.parametrize("keys", [(1, 2), (2, 1)])
def test_of_two_choices_of_one_moment_the_later_counts(lead: Lead, keys: tuple[int, int]) -> None:
    about = {"lead": lead, "kind": ConsentKind.EDUCATION, "text": "Mails", "text_version": "1", "at": NOON + HOUR}
    for key, given in zip(keys, (True, False), strict=True):
        ConsentRecord.objects.create(pk=uuid.UUID(int=key), given=given, **about)

    assert ConsentKind.EDUCATION not in send_rules.agreed_to([lead.pk])[lead.pk]
    [shown] = [one for one in queries.consents(lead) if one.kind == ConsentKind.EDUCATION]
    assert shown.given is False


def test_an_agreement_that_is_taken_over_late_takes_back_no_later_choice(lead: Lead) -> None:
    about = {"lead": lead, "kind": ConsentKind.EDUCATION, "text": "Mails", "text_version": "1"}
    ConsentRecord.objects.create(given=False, at=NOON + HOUR, **about)
    ConsentRecord.objects.create(given=True, at=NOON + HOUR / 2, **about)

    assert ConsentKind.EDUCATION not in send_rules.agreed_to([lead.pk])[lead.pk]


@pytest.mark.parametrize("keys", [(1, 2), (2, 1)])
def test_of_two_answers_of_an_insurer_at_one_moment_the_later_is_in_the_packet(
    lead: Lead, client: Client, keys: tuple[int, int]
) -> None:
    by = make_user("coordinator")
    for key, who in zip(keys, ("Old desk", "New desk"), strict=True):
        about = {"lead": lead, "at": NOON, "by": by, "insurer": "", "call_reference": "1"}
        Verification.objects.create(pk=uuid.UUID(int=key), spoke_to=who, **about)
    client.force_login(by)

    packet = client.get(f"/admin/crm/lead/{lead.pk}/packet/print/").content.decode()

    assert "New desk" in packet
    assert "Old desk" not in packet


LATER = [NOON, NOON - timedelta(seconds=2)]  # of one moment, or by a clock that is slow


@pytest.mark.parametrize("at", LATER)
@pytest.mark.parametrize("keys", [(1, 2), (2, 1)])
def test_of_two_reviews_the_one_decided_later_is_the_latest(
    lead: Lead, client: Client, keys: tuple[int, int], at: datetime
) -> None:
    by, desk = make_user("clinician"), f"/admin/crm/lead/{lead.pk}"
    for key, reason, moment in zip(keys, ("First look.", "Second look."), (NOON, at), strict=True):
        about = {"decision": Decision.SUITABLE, "reason": reason, "by": by, "at": moment}
        last = ReviewDecision.objects.create(pk=uuid.UUID(int=key), lead=lead, **about)
    client.force_login(by)

    assert reviews.latest(lead) == last
    for page in ("panels/clinical-review/", "summary/"):
        assert in_order(client.get(f"{desk}/{page}").text, "Second look.", "First look."), page


@pytest.mark.parametrize("at", LATER)
@pytest.mark.parametrize("keys", [(1, 2), (2, 1)])
def test_of_two_decisions_against_the_rules_the_later_is_the_latest(
    lead: Lead, client: Client, keys: tuple[int, int], at: datetime
) -> None:
    by, made = make_user("clinician"), Assessment.objects.get(lead=lead)
    for key, reason, moment in zip(keys, ("First look.", "Second look."), (NOON, at), strict=True):
        about = {"outcome": Outcome.CONSULT_LIKELY, "reason": reason, "by": by, "at": moment}
        ended = {"ended_at": NOON + HOUR, "ended_because": "A new sign."}
        last = Override.objects.create(pk=uuid.UUID(int=key), assessment=made, **about, **ended)
    client.force_login(by)

    assert overrides.latest(lead) == last
    panel = client.get(f"/admin/crm/lead/{lead.pk}/panels/candidacy/").text
    assert in_order(panel, "Second look.", "First look.")


@pytest.mark.parametrize("at", LATER)
def test_a_review_and_a_decision_against_the_rules_are_listed_as_they_were_made(
    lead: Lead, client: Client, at: datetime
) -> None:
    by = make_user("clinician")
    ReviewDecision.objects.create(lead=lead, decision=Decision.SUITABLE, reason="First look.", by=by, at=NOON)
    about = {"outcome": Outcome.CONSULT_LIKELY, "reason": "Second look.", "by": by, "at": at}
    Override.objects.create(assessment=Assessment.objects.get(lead=lead), **about)
    client.force_login(by)

    page = client.get(f"/admin/crm/lead/{lead.pk}/summary/").text
    assert in_order(page, "Second look.", "First look.")


def in_order(page: str, *words: str) -> bool:
    """Return whether a page says all of them, one after the other."""
    places = [page.find(word) for word in words]
    return -1 not in places and places == sorted(places)


# --- Corrections -----------------------------------------------------------------------------------------------------


def correct(typed: Measurement, *, by: User, seen: str = "", **to: Any) -> bool:
    """Correct what is named, from a page that shows the score as it is, unless it says otherwise."""
    typed.refresh_from_db()
    stands: dict[str, Any] = {"kind": MeasurementKind(typed.kind), "value": typed.value, "at": typed.at}
    return measurements.correct(typed, by=by, now=NOON, seen=seen or typed.version, **stands | to)


def test_a_corrected_score_keeps_the_value_before(lead: Lead, asked: list[str]) -> None:
    typed = score(lead, "20", by=make_user())
    dana = make_user(name="Dana Doe", email="dana@example.org")
    asked.clear()
    assert correct(typed, value=Decimal(2), by=dana)
    typed.refresh_from_db()
    assert (typed.value, typed.value_before) == (Decimal(2), Decimal(20))
    assert (typed.corrected_by, typed.corrected_at) == (dana, NOON)
    assert asked == ["A score was recorded"]
    assert {one.summary for one in Activity.objects.filter(kind=ActivityKind.MEASURED)} == {
        "Roland-Morris total (0-24): 20",
        "Corrected: Roland-Morris total (0-24) 20, Nov 23, 2026 → Roland-Morris total (0-24) 2, Nov 23, 2026",
    }
    assert not correct(typed, by=dana)


def test_a_corrected_kind_and_day_keep_what_was_before(lead: Lead) -> None:
    typed, day = score(lead, "20", by=make_user()), NOON - timedelta(days=9)

    assert correct(typed, kind=MeasurementKind.ODI, at=day, by=make_user(email="dana@example.org"))

    typed.refresh_from_db()
    assert (typed.kind, typed.at, typed.value) == ("odi", day, Decimal(20))
    assert (typed.kind_before, typed.at_before, typed.value_before) == ("rmdq", NOON, Decimal(20))
    assert answer_history.snapshot_of(lead, {}, now=NOON).answers.rmdq is None
    assert "Roland-Morris total (0-24) 20, Nov 23, 2026 → Oswestry total (0-100) 20, Nov 14, 2026" in str(
        list(Activity.objects.filter(kind=ActivityKind.MEASURED).values_list("summary", flat=True))
    )


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ({"at": NOON + timedelta(days=1)}, "future"),
        ({"at": NOON - timedelta(days=365 * 130)}, "too long ago"),
        ({"kind": MeasurementKind.NRS_AVG}, "lies between 0 and 10"),
    ],
)
def test_what_cannot_be_is_refused_in_a_correction_too(lead: Lead, to: dict[str, Any], why: str) -> None:
    typed = score(lead, "20", by=make_user())
    with pytest.raises(MeasurementRefused, match=why):
        correct(typed, by=make_user(email="dana@example.org"), **to)


def test_a_correction_that_does_not_know_the_newest_is_refused(lead: Lead) -> None:
    typed, by = score(lead, "20", by=make_user()), make_user(email="dana@example.org")
    old = typed.version
    correct(typed, value=Decimal(2), by=by)
    with pytest.raises(MeasurementRefused, match="corrected it meanwhile: Roland-Morris total"):
        correct(typed, value=Decimal(12), seen=old, by=by)


def test_what_came_with_a_page_of_answers_is_not_corrected(lead: Lead) -> None:
    given = Measurement.objects.get(lead=lead)
    with pytest.raises(MeasurementRefused, match="page of answers"):
        correct(given, value=Decimal(1), by=make_user())


@pytest.mark.parametrize("kind", [MeasurementKind.RMDQ, MeasurementKind.NRS_AVG])
@pytest.mark.parametrize("value", ["6.9", "0.5"])
def test_a_count_is_a_whole_number(lead: Lead, kind: MeasurementKind, value: str) -> None:
    with pytest.raises(MeasurementRefused, match="whole number"):
        score(lead, value, kind=kind)
    with pytest.raises(IntegrityError, match="measurement_whole"), transaction.atomic():
        Measurement.objects.create(lead=lead, kind=kind, value=value)
    assert score(lead, "12.5", kind=MeasurementKind.ODI).value == Decimal("12.5")


def test_an_older_page_of_a_score_is_refused_once_and_loses_nothing(lead: Lead, client: Client) -> None:
    typed, dana = score(lead, "20", by=make_user()), make_user("coordinator", name="Dana Doe", email="dana@example.org")
    client.force_login(make_user("coordinator", name="Sam Second", email="sam@example.org"))
    address = f"/admin/crm/lead/{lead.pk}/scores/{typed.pk}/"
    mine = as_sent(client.get(address).text, having="seen") | {"value": "12"}
    correct(typed, value=Decimal(2), by=dana)

    refused = client.post(address, mine)

    assert refused.status_code == 422
    assert "Dana Doe has corrected it meanwhile: Roland-Morris total (0-24) 2, Nov 23, 2026." in refused.text
    typed.refresh_from_db()
    assert typed.value == 2
    assert client.post(address, as_sent(refused.text, having="seen")).status_code == 302
    typed.refresh_from_db()
    assert (typed.value, typed.value_before) == (Decimal(12), Decimal(2))


def test_correcting_at_the_desk(lead: Lead, client: Client) -> None:
    typed = score(lead, "20", by=make_user())
    client.force_login(make_user("coordinator", name="Dana Doe", email="dana@example.org"))
    address = f"/admin/crm/lead/{lead.pk}/scores/{typed.pk}/"
    assert 'name="value" value="20"' in client.get(address).content.decode()
    stands = {"seen": typed.version, "kind": "rmdq", "value": "20", "at": "2026-11-23"}
    assert client.post(address, stands | {"value": "6.9"}).status_code == 422
    assert client.post(address, stands | {"value": "2"}).status_code == 302
    panel = client.get(f"/admin/crm/lead/{lead.pk}/panels/ratings-and-scores/").content.decode()
    assert "20 before Dana Doe corrected it" in panel
    typed.refresh_from_db()
    assert typed.at == NOON  # a day that nobody touched stays to the second
    stands = {"seen": typed.version, "kind": "odi", "value": "2", "at": "2026-11-20"}
    assert client.post(address, stands).status_code == 302
    panel = client.get(f"/admin/crm/lead/{lead.pk}/panels/ratings-and-scores/").content.decode()
    assert "Roland-Morris total (0-24) 2 of Nov 23, 2026 before Dana Doe corrected it" in panel
    assert client.get(f"/admin/crm/lead/{make_lead(location=lead.location).pk}/scores/{typed.pk}/").status_code == 404


def test_the_desk_says_which_of_one_day_counts(lead: Lead, client: Client) -> None:
    for value in ("9", "20", "12"):
        made = score(lead, value)
        Measurement.objects.filter(pk=made.pk, value=9).update(at=NOON - timedelta(days=1))
    client.force_login(make_user("coordinator", email="dana@example.org"))
    panel = client.get(f"/admin/crm/lead/{lead.pk}/panels/ratings-and-scores/").text
    lines = re.findall(r"<li><strong>([^<]+)</strong>(.*?)</li>", panel)
    assert [(value, "a later one of this day counts" in rest) for value, rest in lines][-3:] == [
        ("9", False),
        ("20", True),
        ("12", False),
    ]
