"""What happens when a page of the second step is sent: kept at once, whole, and judged again.

A browser that has not shown whose it is costs the same whoever it is about: what it sends is kept here, and a worker
lets the record follow (intake/pending.py). Only a warning sign is acted on at once.
"""

import json
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.utils import timezone

from crm import dispatch, rows
from crm.actions import events, treatments
from crm.enums import ActivityKind
from crm.errors import TreatmentRefused
from crm.models import Activity, Lead, PatientSession, Treatment
from crm.partial_dates import last_day
from crm.treatment_enums import Source, TreatmentGroup, TreatmentStatus
from crm.vocabulary import GROUP_OF
from intake import assessments, known, record, request
from intake.applying import TREATMENTS, Sent, apply_page, columns_of
from intake.models import PendingSubmission, Submission, Unproven, UnprovenRequest
from intake.questionnaire import PAGES

REGION_OF = {"neck": "cervical", "mid_back": "thoracic", "low_back": "lumbar", "buttock_hip": "sacral"}


def one_by_one[**Given, Result](
    act: Callable[Concatenate[Sent, Given], Result],
) -> Callable[Concatenate[Sent, Given], Result]:
    """Lock the lead first, so that of two presses at once the second sees what the first has made. A browser that has
    not shown whose it is waits for itself alone: how busy somebody's record is, is nothing to tell it."""

    @wraps(act)
    def locked(sent: Sent, /, *args: Given.args, **kwargs: Given.kwargs) -> Result:
        if sent.session.is_proven:
            Lead.objects.select_for_update(no_key=True).get(pk=sent.session.lead_id)
        else:
            PatientSession.objects.select_for_update(no_key=True).get(pk=sent.session.pk)
        return act(sent, *args, **kwargs)

    return locked


@transaction.atomic
@one_by_one
def keep_page(sent: Sent) -> bool:
    """Keeps a page: a Submission, its ratings, an Activity; then asks the rules. False when it was kept before.

    Pages are kept one by one and the latest of each counts, so two devices at once lose nothing but the older page.
    What belongs to a request in somebody's name waits with it and changes nothing.
    """
    if not sent.session.is_proven:
        return _keep_for_later(sent, _request_of(sent)) is not None
    before = record.current_answers(sent.lead)
    if not _keep(sent, None):
        return False
    apply_page(sent, before, now=sent.now)
    return True


@transaction.atomic
@one_by_one
def keep_emergency(sent: Sent) -> None:
    """A warning sign on a later page: kept as it is, and everything that an urgent request sets in motion. What belongs
    to a request in somebody's name puts the hold on that request alone; somebody is called all the same."""
    if sent.session.is_proven:
        if kept := _keep(sent, None):
            known.raise_alarm(sent.lead, key=kept.pk, now=sent.now)
            assessments.assess(sent.lead, cause=f"Answered: {sent.title}", now=sent.now, sign_told=True)
        return
    waits = _request_of(sent)
    if kept := _keep_for_later(sent, waits, is_urgent=True):
        known.raise_unproven_alarm(sent.lead, waits, key=kept.pk, now=sent.now)


@transaction.atomic
@one_by_one
@events.one_press()
def pick_treatments(sent: Sent, kinds: list[str]) -> list[Treatment]:
    """Adds a treatment without details for each kind that is not there yet; the details are asked one by one."""
    waits = _request_of(sent)
    there = {one.kind for one in visible_treatments(sent.session)}
    region = _region(record.visible_answers(sent.session))
    fresh = [kind for kind in dict.fromkeys(kinds) if kind not in there]  # a form may tick one twice
    added = [_add(sent, kind, region) for kind in fresh]
    for number, treatment in enumerate(added):
        told, in_order = {"kind": treatment.kind}, sent.now + timedelta(microseconds=number)
        columns = told | {"body_region": treatment.body_region}
        page = replace(sent, now=in_order)
        _keep_told(page, treatment, told, columns, submission_id=uuid.uuid4(), waits=waits)
    if added and sent.session.is_proven:
        assessments.ask(sent.lead, cause="Treatments told", now=sent.now)
    return added


def _add(sent: Sent, kind: str, region: str) -> Treatment:
    """The row; of a browser that has not shown whose it is one that nobody has saved."""
    columns = {"kind": kind, "body_region": region if GROUP_OF[kind] == TreatmentGroup.INJECTION else ""}
    if not sent.session.is_proven:
        return Treatment(lead=sent.lead, source=sent.source, created_at=sent.now, **columns)
    return treatments.add(sent.lead, by=sent.session.by, source=sent.source, now=sent.now, **columns)


@transaction.atomic
@one_by_one
@events.one_press()
def tell_treatment(sent: Sent, treatment: Treatment, columns: dict[str, Any]) -> None:
    """Keeps what was told of one treatment, in the patient's words beside the row that staff may correct later.

    Raises TreatmentRefused, with nothing kept, when it contradicts itself.
    """
    waits = _request_of(sent)
    if not _keep_told(sent, treatment, sent.answers, columns, submission_id=sent.submission_id, waits=waits):
        return
    if sent.session.is_proven:
        treatments.tell(treatment, by=sent.session.by, now=sent.now, knows_birth=sent.session.sees_record, **columns)
        assessments.ask(sent.lead, cause="Treatments told", now=sent.now)
        return
    for column, value in columns.items():
        setattr(treatment, column, value)
    # Where somebody known lives is nothing to tell whoever typed their name: the day is ours.
    treatments.check(treatment, today=timezone.localdate(sent.now))


@transaction.atomic
@one_by_one
def tell_emergency(sent: Sent, treatment: Treatment, columns: dict[str, Any]) -> None:
    """What was told of one treatment, with a warning sign in it: as keep_emergency for a page. What contradicts itself
    changes no row."""
    if sent.session.is_proven:
        kept = _keep_told(sent, treatment, sent.answers, columns, submission_id=sent.submission_id, waits=None)
        if kept is None:
            return
        known.raise_alarm(sent.lead, key=kept.pk, now=sent.now)
        with suppress(TreatmentRefused):
            treatments.tell(treatment, by=sent.session.by, now=sent.now, **columns)
        assessments.assess(sent.lead, cause="Treatments told", now=sent.now, sign_told=True)
        return
    waits = _request_of(sent)
    if kept := _keep_told(
        sent, treatment, sent.answers, columns, submission_id=sent.submission_id, waits=waits, is_urgent=True
    ):
        known.raise_unproven_alarm(sent.lead, waits, key=kept.pk, now=sent.now)


@transaction.atomic
@one_by_one
def take_back_treatment(sent: Sent, treatment: Treatment) -> None:
    """It never took place: ticked by mistake. The row stays, marked so."""
    columns: dict[str, Any] = {"status": TreatmentStatus.DECLINED}
    if sent.session.is_proven:
        treatments.tell(treatment, by=sent.session.by, now=sent.now, **columns)
        return
    waits = _request_of(sent)
    _keep_told(sent, treatment, {"not_tried": True}, columns, submission_id=sent.submission_id, waits=waits)


def visible_treatments(session: PatientSession) -> list[Treatment]:
    """The treatments that a browser may be shown: all once it is proven, else and on a tablet those it told."""
    if session.sees_record:
        happened = Treatment.objects.filter(lead=session.lead).exclude(status=TreatmentStatus.DECLINED)
        return list(happened.order_by("created_at", "pk"))
    own = record.own_submissions(session).filter(page=TREATMENTS).order_by("at", "pk")
    if session.is_proven:
        told = {submission.answers["treatment"] for submission in own}
        happened = Treatment.objects.filter(lead=session.lead, pk__in=told).exclude(status=TreatmentStatus.DECLINED)
        return list(happened.order_by("created_at", "pk"))
    return [one for one in _told_in(own, session.lead) if one.status != TreatmentStatus.DECLINED]


def all_answered(leads: list[uuid.UUID]) -> set[uuid.UUID]:
    """Return those of these leads who sent every page of the second step at least once."""
    sent: dict[uuid.UUID, set[str]] = defaultdict(set)
    for lead_id, page in Submission.objects.counting().filter(lead__in=leads).values_list("lead_id", "page"):
        sent[lead_id].add(page)
    return {lead_id for lead_id, pages in sent.items() if pages >= {page.key for page in PAGES}}


def _told_in(pages: Iterable[Submission], lead: Lead) -> list[Treatment]:
    """What these pages tell, as rows that nobody has saved: what has become of them is nothing to show here."""
    told: dict[str, Treatment] = {}
    for page in pages:
        name = page.answers["treatment"]
        row = told.setdefault(name, Treatment(pk=uuid.UUID(name), lead=lead, source=Source.PATIENT, created_at=page.at))
        for column, value in columns_of(page).items():
            setattr(row, column, value)
    return list(told.values())


def _request_of(sent: Sent) -> UnprovenRequest | None:
    """The request in somebody's name that the page belongs to. After one that staff have set aside meanwhile it is a
    new one: they see that something came."""
    found = record.unproven_of(sent.session)
    if found is None or found.state == Unproven.WAITING:
        return found
    return UnprovenRequest.objects.create(lead=found.lead, data={}, at=sent.now)


def _keep_for_later(sent: Sent, waits: UnprovenRequest | None, *, is_urgent: bool = False) -> Submission | None:
    """Keeps the page, for a worker to let the record follow, or for a person to look at; None when it was sent
    before."""
    return _keep(sent, waits, pending=PendingSubmission(is_urgent=is_urgent, at=sent.now))


def _keep(sent: Sent, waits: UnprovenRequest | None, *, pending: PendingSubmission | None = None) -> Submission | None:
    """Adds the Submission and its line on the timeline; None when this very page was sent before."""
    made = _submission(sent, waits)
    if not rows.insert_unless_taken(made):
        return None
    more: list[models.Model] = [_note(sent, waits)] if sent.title else []
    if pending:
        pending.submission = made
        more.append(pending)
        dispatch.after_commit("intake.apply_pending", made.pk)
    if more:
        rows.insert(more, savepoint=False)
    return made


def _submission(sent: Sent, waits: UnprovenRequest | None) -> Submission:
    """The row. The id of the form was made by a browser: it tells a repeat only of the same page about the same."""
    about = {"about": str(waits.pk if waits else sent.session.lead_id), "page": sent.page}
    return request.submission(
        sent.lead,
        page=sent.page,
        answers=sent.answers,
        form_id=sent.submission_id,
        session=sent.session,
        now=sent.now,
        language=sent.language,
        digest=request.digest_of(about | {"answers": sent.answers}),
        unproven=waits,
    )


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
    """Keeps the words; while nothing has become of them also what they will make of the row. None when they were kept
    before."""
    answers: dict[str, Any] = {"treatment": str(treatment.pk), "told": told} | _about(treatment, told, columns)
    page = replace(sent, page=TREATMENTS, title="", answers=answers, submission_id=submission_id)
    if sent.session.is_proven:
        return _keep(page, waits)
    answers["columns"] = json.loads(json.dumps(columns, cls=DjangoJSONEncoder))
    return _keep_for_later(page, waits, is_urgent=is_urgent)


def _about(treatment: Treatment, told: dict[str, Any], columns: dict[str, Any]) -> dict[str, Any]:
    """What it was and the last day on which it can have begun, for what its details tell; of a mere tick nothing."""
    if "kind" in told:
        return {}
    start = columns.get("start_date", treatment.start_date)
    precision = columns.get("start_precision", treatment.start_precision)
    return {"kind": treatment.kind, "start": last_day(start, precision).isoformat() if start else ""}


def _note(sent: Sent, waits: UnprovenRequest | None) -> Activity:
    return Activity(
        lead=sent.lead,
        kind=ActivityKind.ANSWERS,
        at=sent.now,
        by=sent.session.by,
        summary=sent.title if waits is None else f"{sent.title}, not proven",
        details={"submission": str(sent.submission_id)},
    )


def _region(answers: dict[str, Any]) -> str:
    """Where injections probably went: where it hurts. The person can say otherwise on the next page."""
    return next((REGION_OF[place] for place in answers.get("pain_region") or [] if place in REGION_OF), "lumbar")
