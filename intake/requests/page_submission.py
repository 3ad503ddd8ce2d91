"""What happens when a page of the second step is sent: kept at once, whole, and judged again.

A browser that has not shown whose it is costs the same whoever it is about: what it sends is kept here, and a worker
lets the record follow (intake/requests/pending.py). Only a warning sign is acted on at once.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from typing import Any, Concatenate

from django.db import models, transaction

from crm import dispatch
from crm.db import bulk_insert
from crm.enums.leads import ActivityKind
from crm.models import Activity, Lead, PatientSession
from crm.models.activity import SENT_IN
from intake.assessment import answer_history, signs
from intake.models import PendingSubmission, Submission, Unproven, UnprovenRequest
from intake.questionnaire import is_asked_anew
from intake.requests import known_people, rows
from intake.requests.page_effects import Sent, apply_page


class NewerAnswers(Exception):
    """Answers that came after the page was opened and are not what was typed on it; the page shows both."""

    def __init__(self, newer: dict[str, Any], stands: dict[str, Any]) -> None:
        super().__init__("Answers came after this page was opened")
        self.newer, self.stands = newer, stands


def one_by_one[**Given, Result](
    act: Callable[Concatenate[Sent, Given], Result],
) -> Callable[Concatenate[Sent, Given], Result]:
    """Lock the lead first, so that of two presses at once the second sees what the first has made. A browser that has
    not shown whose it is waits for itself alone: how busy somebody's record is, is nothing to tell it."""

    @wraps(act)
    def locked(sent: Sent, /, *args: Given.args, **kwargs: Given.kwargs) -> Result:
        lock(sent.session)
        return act(sent, *args, **kwargs)

    return locked


@contextmanager
def alone(session: PatientSession) -> Iterator[None]:
    """Lock the same for several steps: what is read within is what is written upon."""
    with transaction.atomic():
        lock(session)
        yield


def lock(session: PatientSession, *, with_lead: bool = False) -> None:
    """Lock in the order of whoever decides about a request (intake/requests/unproven.py): the lead, if at all, the
    session, and the request in somebody's name last. Two who wait for each other would both lose what they do."""
    if session.is_proven or with_lead:
        Lead.objects.select_for_update(no_key=True).get(pk=session.lead_id)
    if not session.is_proven:
        PatientSession.objects.select_for_update(no_key=True).get(pk=session.pk)


@transaction.atomic
@one_by_one
def keep_page(sent: Sent) -> bool:
    """Keep what was changed on a page: a Submission, its ratings, an Activity; then ask the rules. False when nothing
    is news, or it was kept before.

    Raises NewerAnswers, with nothing kept, when the page was older than answers that it would take the place of. What
    belongs to a request in somebody's name waits with it and changes nothing.
    """
    seen = answer_history.told_to(sent.session)
    news = _news(sent, seen)
    if not news and sent.page in seen.pages:
        return False
    changed = replace(sent, answers=news, pressed=sent.answers)
    if not sent.session.is_proven:
        waits = request_of(sent)
        is_kept = keep_for_later(replace(changed, answers=news | sent.telling), waits) is not None
        if is_kept and signs.of_answers(sent.answers | sent.telling, lead=sent.lead, now=sent.now):
            known_people.ask_for_review(sent.lead, waits, now=sent.now)
        return is_kept
    if _has_counted(sent):
        return False
    before = _on_record(sent, seen)
    if not keep(changed, None):
        return False
    apply_page(changed, before, now=sent.now)
    return True


def _has_counted(sent: Sent) -> bool:
    """Return whether this very form was sent before in another session, and has come to count since."""
    counting = Submission.objects.counting().filter(lead=sent.lead, page=sent.page, form_id=sent.submission_id)
    whole = _given(sent.answers | sent.telling)  # a report is kept with it
    return any(_given(page.answers | sent.telling) == whole for page in counting)


def _given(answers: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answers.items() if value not in answer_history.NO_ANSWERS}


def _news(sent: Sent, seen: answer_history.AnswerHistory) -> dict[str, Any]:
    """Return of what was typed that which is not on record already, and what was asked and left out for the first time.
    What this very page had told before, when it was sent for the first time, is no newer than itself."""
    news = _changed(sent, seen)
    newer = {name: seen.answers[name] for name in news if sent.shown is not None and _is_newer(sent, seen, name)}
    if newer:
        raise NewerAnswers(newer, seen.answers)
    return {name: value for name, value in sent.left_out.items() if name not in seen.answers} | news


def _changed(sent: Sent, seen: answer_history.AnswerHistory) -> dict[str, Any]:
    return {
        name: value
        for name, value in sent.answers.items()
        if is_asked_anew(sent.page, name) or name not in seen.answers or not _is_same(value, seen.answers[name])
    }


def _on_record(sent: Sent, seen: answer_history.AnswerHistory) -> answer_history.AnswerHistory:
    """Return what counts of a lead, whatever of it this browser may see."""
    return seen if sent.session.sees_record else answer_history.told_by(sent.lead)


def _is_newer(sent: Sent, seen: answer_history.AnswerHistory, name: str) -> bool:
    """Return whether what stands came after the page was opened, from somewhere else."""
    if is_asked_anew(sent.page, name) or _is_same(seen.answers.get(name), (sent.shown or {}).get(name)):
        return False
    given = seen.given.get(name)
    return given is not None and (given.session_id, given.form_id) != (sent.session.pk, sent.submission_id)


def _is_same(one: Any, other: Any) -> bool:
    return one == other or (one in answer_history.NO_ANSWERS and other in answer_history.NO_ANSWERS)


@transaction.atomic
def keep_emergency(sent: Sent, *, is_loud: bool = True) -> None:
    """Keep a warning sign on a later page as it is, set in motion everything that an urgent request does, and let the
    record follow what else the page tells. What belongs to a request in somebody's name puts the hold on that request
    alone; somebody is called all the same. Not `is_loud`: so many came that the alert comes without mails."""
    lock(sent.session, with_lead=True)
    said = sent.answers if sent.session.is_proven else sent.answers | sent.telling
    sent = replace(sent, answers=_given(said))
    if sent.session.is_proven:
        seen = answer_history.told_to(sent.session)
        before = _on_record(sent, seen)
        if kept := keep(sent, None):
            known_people.raise_alarm(sent.lead, key=kept.pk, now=sent.now)
            apply_page(replace(sent, answers=_changed(sent, seen)), before, now=sent.now, sign_told=True)
        return
    waits = request_of(sent)
    if kept := keep_for_later(sent, waits, is_urgent=True):
        known_people.raise_unproven_alarm(sent.lead, waits, key=kept.pk, now=sent.now, is_loud=is_loud)


def request_of(sent: Sent) -> UnprovenRequest | None:
    """Return the request in somebody's name that the page belongs to. After one that staff have set aside meanwhile it
    is a new one: they see that something came."""
    found = answer_history.unproven_of(sent.session)
    if found is None or found.state == Unproven.WAITING:
        return found
    return UnprovenRequest.objects.create(lead=found.lead, data={}, at=sent.now)


def keep_for_later(sent: Sent, waits: UnprovenRequest | None, *, is_urgent: bool = False) -> Submission | None:
    """Keep the page, for a worker to let the record follow, or for a person to look at; None if it was sent before."""
    return keep(sent, waits, pending=PendingSubmission(is_urgent=is_urgent, at=sent.now))


def keep(sent: Sent, waits: UnprovenRequest | None, *, pending: PendingSubmission | None = None) -> Submission | None:
    """Add the Submission and its line on the timeline; None when this very page was sent before."""
    made = _submission(sent, waits)
    if not bulk_insert.insert_unless_taken(made):
        return None
    more: list[models.Model] = [_note(sent, waits)] if sent.title else []
    if pending:
        pending.submission = made
        more.append(pending)
        dispatch.after_commit("intake.apply_pending", made.pk)
    if more:
        bulk_insert.insert(more, savepoint=False)
    return made


def _submission(sent: Sent, waits: UnprovenRequest | None) -> Submission:
    """Return the row to store. A browser made the form's id: it tells a repeat only of the same page about the same."""
    about = {"about": str(waits.pk if waits else sent.session.lead_id), "page": sent.page}
    pressed = sent.answers if sent.pressed is None else sent.pressed
    return rows.submission(
        sent.lead,
        page=sent.page,
        answers=sent.answers,
        form_id=sent.submission_id,
        session=sent.session,
        now=sent.now,
        language=sent.language,
        digest=rows.digest_of(about | {"answers": pressed}),
        unproven=waits,
    )


def _note(sent: Sent, waits: UnprovenRequest | None) -> Activity:
    return Activity(
        lead=sent.lead,
        kind=ActivityKind.ANSWERS,
        at=sent.now,
        by=sent.session.by,
        summary=sent.title if waits is None else f"{sent.title}, not proven",
        details={SENT_IN: str(sent.submission_id)},
    )
