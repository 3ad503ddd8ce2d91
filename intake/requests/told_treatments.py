"""What is told of treatments: ticked, described one by one, taken back; kept as pages are (page_submission.py)."""

import json
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.utils import timezone

from crm.enums.treatments import Source, TreatmentGroup, TreatmentStatus
from crm.errors import TreatmentRefused
from crm.leads import events, treatments, verified_treatments
from crm.models import Lead, PatientSession, Treatment
from crm.values.partial_dates import last_day
from intake.assessment import actions as assessments
from intake.assessment import answer_history, signs
from intake.assessment.answer_history import TREATMENTS
from intake.models import Submission, UnprovenRequest
from intake.requests import known_people
from intake.requests import page_submission as pages
from intake.requests.page_effects import Sent, columns_of

NOT_TRIED = {"not_tried": True}


@transaction.atomic
@pages.one_by_one
@events.one_press()
def pick_treatments(sent: Sent, kinds: list[str]) -> list[Treatment]:
    """Add a treatment without details for each kind that is not there yet; the details are asked one by one. Of
    injections there are as many as are told, once for each page on which one was ticked."""
    waits = pages.request_of(sent)
    own = Submission.objects.filter(session=sent.session, form_id=sent.submission_id, page=TREATMENTS)
    pressed = {page.answers["told"].get("kind") for page in own}
    there = {one.kind for one in visible_treatments(sent.session) if one.group != TreatmentGroup.INJECTION} | pressed
    fresh = [kind for kind in dict.fromkeys(kinds) if kind not in there]  # a form may tick one twice
    added = [_add(sent, kind) for kind in fresh]
    for number, treatment in enumerate(added):
        told, in_order = {"kind": treatment.kind}, sent.now + timedelta(microseconds=number)
        page = replace(sent, now=in_order)
        _keep_told(page, treatment, told, told, submission_id=sent.submission_id, waits=waits)
    if added and sent.session.is_proven:
        assessments.ask(sent.lead, cause="Treatments told", now=sent.now)
    return added


def _add(sent: Sent, kind: str) -> Treatment:
    """Return the new row; for a browser that has not shown whose it is, one that nobody has saved."""
    if not sent.session.is_proven:
        return Treatment(lead=sent.lead, source=sent.source, created_at=sent.now, kind=kind)
    return treatments.add(sent.lead, by=sent.session.by, source=sent.source, now=sent.now, kind=kind)


@transaction.atomic
@pages.one_by_one
@events.one_press()
def tell_treatment(sent: Sent, treatment: Treatment, columns: dict[str, Any]) -> None:
    """Keep what was told of one treatment, in the patient's words beside the row that staff may correct later.

    Raises TreatmentRefused, with nothing kept, when it contradicts itself. A page that was sent before and on which
    nothing was changed is not kept again.
    """
    if not sent.answers and str(treatment.pk) in answer_history.told_to(sent.session).detailed:
        return
    waits = pages.request_of(sent)
    kept = _keep_told(sent, treatment, sent.answers, columns, submission_id=sent.submission_id, waits=waits)
    if kept is None:
        return
    if sent.session.is_proven:
        treatments.tell(treatment, by=sent.session.by, now=sent.now, knows_birth=sent.session.sees_record, **columns)
        assessments.ask(sent.lead, cause="Treatments told", now=sent.now)
        return
    for column, value in columns.items():
        setattr(treatment, column, value)
    # Where somebody known lives is nothing to tell whoever typed their name: the day is ours.
    treatments.check(treatment, today=timezone.localdate(sent.now))
    if signs.of_answers(kept.answers, lead=sent.lead, now=sent.now):
        known_people.ask_for_review(sent.lead, waits, now=sent.now)


@transaction.atomic
@events.one_press()
def tell_emergency(sent: Sent, treatment: Treatment, columns: dict[str, Any], *, is_loud: bool = True) -> None:
    """Keep what was told of one treatment, with a warning sign in it: as keep_emergency for a page. What contradicts
    itself changes no row."""
    pages.lock(sent.session, with_lead=True)
    if sent.session.is_proven:
        kept = _keep_told(sent, treatment, sent.answers, columns, submission_id=sent.submission_id, waits=None)
        if kept is None:
            return
        known_people.raise_alarm(sent.lead, key=kept.pk, now=sent.now)
        with suppress(TreatmentRefused):
            treatments.tell(treatment, by=sent.session.by, now=sent.now, **columns)
        assessments.assess(sent.lead, cause="Treatments told", now=sent.now, sign_told=True)
        return
    waits = pages.request_of(sent)
    if kept := _keep_told(
        sent, treatment, sent.answers, columns, submission_id=sent.submission_id, waits=waits, is_urgent=True
    ):
        known_people.raise_unproven_alarm(sent.lead, waits, key=kept.pk, now=sent.now, is_loud=is_loud)


@transaction.atomic
@pages.one_by_one
@events.one_press()
def take_back_treatment(sent: Sent, treatment: Treatment) -> None:
    """Mark that it never took place: ticked by mistake. The row stays, marked so. What it told of warning signs goes
    with it; of a verified one not before a person has looked."""
    columns: dict[str, Any] = {"status": TreatmentStatus.DECLINED}
    if sent.session.is_proven:
        if not verified_treatments.is_verified(treatment):
            _keep_told(sent, treatment, NOT_TRIED, columns, submission_id=sent.submission_id, waits=None)
        treatments.tell(treatment, by=sent.session.by, now=sent.now, **columns)
        assessments.ask(sent.lead, cause="Treatments told", now=sent.now)
        return
    waits = pages.request_of(sent)
    _keep_told(sent, treatment, NOT_TRIED, columns, submission_id=sent.submission_id, waits=waits)


def pressed_before(session: PatientSession, treatment: Treatment, form_id: uuid.UUID) -> dict[str, Any]:
    """Return what this very page of a treatment has told already, when it was sent for the first time."""
    own = Submission.objects.filter(session=session, form_id=form_id, page=TREATMENTS).order_by("entry")
    about = [page.answers for page in own if page.answers["treatment"] == str(treatment.pk)]
    return {name: answer for answers in about for name, answer in answers["told"].items()}


def visible_treatments(session: PatientSession) -> list[Treatment]:
    """Return the treatments a browser may be shown: all once it is proven, else and on a tablet those it told."""
    if session.sees_record:
        happened = Treatment.objects.filter(lead=session.lead).exclude(status=TreatmentStatus.DECLINED)
        return list(happened.order_by("created_at", "pk"))
    own = answer_history.own_submissions(session).filter(page=TREATMENTS).order_by("entry")
    if session.is_proven:
        told = {submission.answers["treatment"] for submission in own}
        happened = Treatment.objects.filter(lead=session.lead, pk__in=told).exclude(status=TreatmentStatus.DECLINED)
        return list(happened.order_by("created_at", "pk"))
    return [one for one in _told_in(own, session.lead) if one.status != TreatmentStatus.DECLINED]


def treatment_of(session: PatientSession, key: uuid.UUID) -> Treatment | None:
    """Return a treatment of a session's lead whatever has become of it, or of the session: what it is decides whether
    answers tell a sign. It is shown to nobody."""
    saved = Treatment.objects.filter(lead=session.lead, pk=key).first()
    own = answer_history.own_submissions(session).filter(page=TREATMENTS).order_by("entry")
    return saved or next((one for one in _told_in(own, session.lead) if one.pk == key), None)


def _told_in(pages: Iterable[Submission], lead: Lead) -> list[Treatment]:
    """Return what these pages tell, as rows nobody has saved: what has become of them is nothing to show here."""
    told: dict[str, Treatment] = {}
    for page in pages:
        name = page.answers["treatment"]
        row = told.setdefault(name, Treatment(pk=uuid.UUID(name), lead=lead, source=Source.PATIENT, created_at=page.at))
        for column, value in columns_of(page).items():
            setattr(row, column, value)
    return list(told.values())


def _keep_told(
    sent: Sent,
    treatment: Treatment,
    told: dict[str, Any],
    columns: dict[str, Any],
    *,
    submission_id: uuid.UUID,
    waits: UnprovenRequest | None,
    is_urgent: bool = False,
) -> Submission | None:
    """Keep the words; while nothing has become of them also what they will make of the row. None when they were kept
    before."""
    answers: dict[str, Any] = {"treatment": str(treatment.pk), "told": told} | about(treatment, told, columns)
    page = replace(sent, page=TREATMENTS, title="", answers=answers, submission_id=submission_id)
    if sent.session.is_proven:
        return pages.keep(page, waits)
    answers["columns"] = json.loads(json.dumps(columns, cls=DjangoJSONEncoder))
    return pages.keep_for_later(page, waits, is_urgent=is_urgent)


def about(treatment: Treatment, told: dict[str, Any], columns: dict[str, Any]) -> dict[str, Any]:
    """Return what it was and the last day on which it can have begun, for what its details tell; of a mere tick
    nothing. Where another day was verified, the later one: nobody has looked yet which is right."""
    if "kind" in told:
        return {}
    given = (columns.get("start_date", treatment.start_date), columns.get("start_precision", treatment.start_precision))
    verified_on = (
        (treatment.start_date, treatment.start_precision) if verified_treatments.is_verified(treatment) else (None, "")
    )
    days = [last_day(start, precision) for start, precision in (given, verified_on) if start]
    return {"kind": treatment.kind, "start": max(days).isoformat() if days else ""}
