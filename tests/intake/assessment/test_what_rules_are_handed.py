"""What the record of treatments hands over to the rules."""

import uuid
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.models import Lead, Treatment
from intake.assessment import actions as assessments
from intake.assessment import answer_history
from intake.models import Submission
from intake.questionnaire import question as asked
from tests.factories import NOON, make_treatment, make_user, own_browser, tablet
from tests.intake.portal.test_my import lead, pick, sent, visitor

pytestmark = pytest.mark.django_db
__all__ = ["lead", "visitor"]
PAST = {"start_date": date(2026, 3, 1), "start_precision": "day"}


def handed(lead: Lead) -> list[dict[str, Any]]:
    return [entry.model_dump() for entry in answer_history.snapshot_of(lead, {}, now=NOON).treatments]


@pytest.mark.parametrize(
    ("end", "precision", "last"),
    [
        (date(2026, 3, 1), "month", date(2026, 3, 31)),
        (date(2026, 1, 1), "year", date(2026, 12, 31)),
        (date(2026, 3, 9), "day", date(2026, 3, 9)),
    ],
)
def test_a_rough_end_is_its_last_possible_day(lead: Lead, end: date, precision: str, last: date) -> None:
    make_treatment(lead, **PAST, end_date=end, end_precision=precision)
    [entry] = handed(lead)
    assert (entry["end"], entry["end_precision"]) == (last, precision)


def test_an_unsaid_state_counts_for_nothing(lead: Lead) -> None:
    make_treatment(lead, **PAST, end_date=date(2026, 8, 1), end_precision="day", status="")
    [entry] = handed(lead)
    assert (entry["status"], entry["start"], entry["end"], entry["ongoing"]) == ("completed", None, None, False)


@pytest.mark.parametrize("old", [{"kind": "leeches"}, {"status": "vanished"}])
def test_old_words_are_not_handed_over(lead: Lead, old: dict[str, str]) -> None:
    make_treatment(lead, **PAST)
    Treatment.objects.update(**old)
    assert handed(lead) == []


def test_answers_that_left_the_questionnaire_are_not_handed_over(lead: Lead) -> None:
    old = {"pain_region": ["low_back", "elbow"], "radiation": ["toes"], "tried_treatments": ["pt", "leeches"]}

    answers = answer_history.snapshot_of(lead, old | {"onset": "a_while", "limited": ["knitting"]}, now=NOON).answers

    assert (answers.regions, answers.radiation, answers.tried) == (("low_back",), (), ("pt",))
    assert (answers.onset, answers.limited) == (None, ())


@pytest.mark.parametrize(
    ("question", "name"), [("pain_region", "regions"), ("radiation", "radiation"), ("tried_treatments", "tried")]
)
def test_every_answer_that_is_asked_for_is_handed_over(lead: Lead, question: str, name: str) -> None:
    for code, _words in asked(question).choices:
        assert getattr(answer_history.snapshot_of(lead, {question: [code]}, now=NOON).answers, name) == (code,)


def test_every_length_of_pain_is_handed_over(lead: Lead) -> None:
    for code, _words in asked("onset").choices:
        assert answer_history.snapshot_of(lead, {"onset": code}, now=NOON).answers.onset is not None


def test_the_patients_list_shows_a_kind_that_left_the_list(visitor: Client, lead: Lead) -> None:
    [row] = pick(visitor, "heat")
    Treatment.objects.update(kind="leeches")
    browser = own_browser(lead)
    for page in ("/my/", "/my/treatments/", f"/my/treatments/{row.pk}/"):
        assert browser.get(page).status_code == 200
    assert "leeches" in browser.get("/my/treatments/").text


def test_what_was_only_ticked_has_no_state(visitor: Client) -> None:
    [row] = pick(visitor, "pt_supervised")
    assert (row.status, row.state) == ("", "not said")


@pytest.mark.parametrize(
    ("kind", "told", "status"),
    [
        ("pt_supervised", {"start": "03/2026"}, ""),
        ("pt_supervised", {"going_on": "no"}, "completed"),
        ("pt_supervised", {"end": "05/2026"}, "completed"),
        ("pt_supervised", {"going_on": "yes"}, "ongoing"),
        ("esi_unknown", {"start": "03/2026", "body_region": "lumbar"}, "completed"),
        ("esi_unknown", {"body_region": "lumbar"}, ""),
    ],
)
def test_a_state_is_what_was_told(visitor: Client, kind: str, told: dict[str, str], status: str) -> None:
    [row] = pick(visitor, kind)
    assert visitor.post(f"/my/treatments/{row.pk}/", sent(**told)).status_code == 302
    row.refresh_from_db()
    assert (row.status, row.ongoing) == (status, status == "ongoing")


@pytest.mark.parametrize(("start", "end"), [("03/15/2026", "03/2026"), ("03/2026", "2026")])
def test_patients_tell_rough_dates_too(visitor: Client, start: str, end: str) -> None:
    [row] = pick(visitor, "pt_supervised")
    answer = visitor.post(f"/my/treatments/{row.pk}/", sent(start=start, end=end, going_on="no"))
    assert answer.status_code == 302
    row.refresh_from_db()
    assert row.end_date is not None


@pytest.mark.parametrize("is_handed_over", [False, True])
def test_a_refusal_tells_nobody_the_date_of_birth(visitor: Client, lead: Lead, is_handed_over: bool) -> None:
    """Neither whoever typed the name, nor whoever holds the waiting room's tablet."""
    lead.date_of_birth = "1990-05-20"
    lead.save()
    browser = tablet(lead, make_user("coordinator")) if is_handed_over else visitor
    [row] = pick(browser, "pt_supervised")
    assert browser.post(f"/my/treatments/{row.pk}/", sent(start="1980")).status_code == 302


OLD_ANSWERS = [
    {"pain_region": ["coccyx"]},
    {"pain_region": ["low_back", "coccyx"]},
    {"radiation": ["toes"]},
    {"onset": "a_while"},
    {"tried_treatments": ["leeches", "pt"]},
    {"limited": ["dancing"]},
    {"limb_symptoms": "perhaps"},
    {"safety_check_b": ["B99"]},
    {"nicotine": "former", "nicotine_quit": "11/202"},
    {"prior_spine_surgery": "long ago", "conditions": ["dropsy"]},
]


@pytest.mark.parametrize("old", OLD_ANSWERS, ids=lambda old: "-".join(map(str, old.values())))
def test_an_answer_that_left_its_list_is_shown_as_stored_and_counts_nowhere(
    lead: Lead, desk: Client, old: dict[str, Any]
) -> None:
    first = Submission.objects.get()
    answers, digest, now = first.answers | old, str(uuid.uuid4()), timezone.now()
    Submission.objects.create(
        lead=lead, page="pain", answers=answers, answers_digest=digest, questionnaire_version="1", at=now
    )
    made = assessments.assess(lead, cause="Test", now=now)
    assert not [word for word in ("coccyx", "toes", "a_while", "leeches") if word in str(made.snapshot)]
    for page in ("change/?panels=all", "summary/", "packet/"):
        assert desk.get(f"/admin/crm/lead/{lead.pk}/{page}").status_code == 200
