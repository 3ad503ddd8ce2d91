"""What happens when a request is sent: one transaction, or nothing.

Known and unknown people cost the same: the same statements, hashes and mails, so that nobody can find out by sending
a form whether somebody is a patient here (tests/intake/requests/test_stranger.py counts them).
"""

from datetime import timedelta
from typing import Any

from django.db import IntegrityError, models, transaction

from crm import dispatch
from crm.db import bulk_insert
from crm.enums.leads import ActivityKind, Event, Outcome
from crm.followups import enrollment as followups
from crm.leads import assignment, events
from crm.mail import emails
from crm.models import Lead, Task
from crm.registry import DomainEvent
from crm.safety import alerts
from crm.values import telephone
from crm.values.normalize import mailbox_key
from intake.assessment import actions as assessments
from intake.assessment import answer_history, clinical_tasks, flags, signs
from intake.models import Assessment, PendingSubmission, Submission, Unproven, UnprovenRequest
from intake.requests import known_people, rows
from intake.requests.known_people import LEAD_FIELDS
from intake.requests.rows import Request

FOLLOWS_FOR = timedelta(hours=1)  # as long as the cookie of the browser
NOBODY = "nobody@example.org"  # to whom nothing is ever sent


def submit(asked: Request) -> Submission:
    """Store a request and return its row. When this returns, everything below is on disk.

    Nobody known: Lead, Submission, consents, the pain rating, an Activity, a call task and the acknowledgement; urgent:
    a safety hold, an urgent call task and an alert instead of the acknowledgement. The name with the e-mail or
    telephone of somebody known: a name and an address prove nothing, so the request waits beside that lead until a
    person has looked (UnprovenRequest), and the acknowledgement goes to the address on record. What staff write down
    for somebody known counts at once.

    The same form with the same payload again: the row that is there, and nothing new. With another payload: from the
    same browser a change of that request; from any other one a new request, like any.

    After the commit a worker is woken up; a dead broker costs only that.
    """
    try:
        with transaction.atomic():
            people = known_people.find(asked)
            if before := _before(asked):
                return _repeat(asked, before)
            if people is None:
                return _write_new(asked)
            return known_people.attach(asked, people.lead) if asked.by else _write_unproven(asked, people)
    except IntegrityError:
        there = Submission.objects.select_related("lead").filter(form_id=asked.form_id, answers_digest=asked.digest)
        if (same := there.first()) is None:
            raise
        return same


def _before(asked: Request) -> Submission | None:
    """Return what this very browser had sent with this form within the hour. None when somebody has decided about it
    meanwhile, or when it gives neither the e-mail nor the telephone of before: that is a new request. Whom we know
    plays no part in it. Nobody decides about it until the transaction ends."""
    if not asked.repeats:
        return None
    sent_here = Submission.objects.filter(
        form_id=asked.form_id, reference=asked.repeats, at__gt=asked.now - FOLLOWS_FOR
    )
    sent_here = sent_here.select_related("lead")
    if asked.urgent:  # the lead first, as whoever decides about the request does; the alert waits for it anyway
        sent_here = sent_here.select_for_update(no_key=True, of=("lead",))
    found = sent_here.first()
    if found is None or not _ways(asked.data) & _ways(found.answers):
        return None
    undecided = UnprovenRequest.objects.select_for_update(no_key=True, of=("self",))
    found.unproven = undecided.filter(pk=found.unproven_id or found.pk).first()
    return None if found.unproven and found.unproven.state != Unproven.WAITING else found


def _ways(data: dict[str, Any]) -> set[str]:
    """Return how somebody is reached, however it is spelled; a number by itself, whatever its extension."""
    email, phone = str(data.get("email") or ""), str(data.get("phone") or "")
    return {mailbox_key(email), telephone.number_of(phone)} - {""}


# --- Somebody new -----------------------------------------------------------------------------------------------------
def _write_new(asked: Request) -> Submission:
    lead = _lead_of(asked)
    sent = rows.kept(asked, lead)
    noted = rows.entry(asked, lead, sent, kind=ActivityKind.REQUEST, summary="Asked for help")
    made: list[models.Model] = [lead, sent, noted, *rows.proofs(asked, lead), *_assessed(asked, lead)]
    if asked.urgent:
        lead.safety_hold, lead.outcome, lead.recheck_on = True, Outcome.URGENT, None
        held = clinical_tasks.hold_noted(lead, now=asked.now)
        _write([*made, held, clinical_tasks.urgent_call(lead, key=lead.pk, now=asked.now)])
        alerts.raise_alert(lead, key=f"urgent:{sent.pk}", now=asked.now, is_loud=not asked.many)
    else:
        made += [rows.first_call(asked, lead, sent), *_begun(asked, lead, sent)]
        _write_and_acknowledge(made, asked, lead, sent)
    with bulk_insert.kept_if(True):
        events.announce(lead, Event.SUBMITTED, now=asked.now, key=str(sent.pk), but=followups.on_event)
    return sent


def _begun(asked: Request, lead: Lead, sent: Submission) -> list[models.Model]:
    happened = [DomainEvent(event, asked.now, str(sent.pk)) for event in (Event.SUBMITTED, Event.OUTCOME_CHANGED)]
    return [*followups.new_enrollments(lead, happened)]


def _lead_of(asked: Request) -> Lead:
    data = asked.data
    return Lead(
        location=asked.location,
        timezone=data.get("timezone") or asked.location.timezone,
        created_at=asked.now,
        stage_since=asked.now,
        attribution=asked.attribution,
        language=asked.language,
        came_by=asked.came_by,
        received_at=asked.received_at or asked.now,
        owner=asked.by if asked.by and assignment.may_own().filter(pk=asked.by.pk).exists() else None,
        reference=asked.reference,
        **{name: data[name] for name in LEAD_FIELDS if name in data},
    )


def _assessed(asked: Request, lead: Lead) -> list[models.Model]:
    """Return what the rules say of a new lead, as rows to store: the assessment and the review it calls for."""
    made = _judged(asked, lead, cause="First request")
    return [made, *_review(made, asked)]


def _judged(asked: Request, lead: Lead, *, cause: str) -> Assessment:
    """Return the rules' assessment of the request alone, and set its outcome on the lead too."""
    snapshot = answer_history.make_snapshot(asked.answers, lead=lead, now=asked.now)
    told = flags.of_new_request(asked.answers)
    made = assessments.make(
        lead, snapshot, cause=cause, now=asked.now, more_flags=told, born=answer_history.born(asked.answers)
    )
    lead.outcome, lead.recheck_on = made.outcome, made.recheck_on
    return made


def _review(made: Assessment, asked: Request) -> list[Task]:
    """Return the review to open; for block A alone none, since a lead's hold is what has to be looked at."""
    is_asked = not all(signs.is_emergency(sign) for sign in made.signs)
    return [assessments.review_task(made, now=asked.now)] if is_asked else []


def _write_and_acknowledge(made: list[models.Model], asked: Request, lead: Lead, sent: Submission) -> None:
    """Store rows with an acknowledgement to the address on record; of a lead that the request has just made, that is
    the one it gave. Without one it is written all the same and thrown away: whether there is one is nothing to tell."""
    message = emails.acknowledgement(lead, reference=asked.reference, submission_id=sent.pk, now=asked.now)
    if message.to_email:
        bulk_insert.insert([*made, message], savepoint=False)
    else:
        message.to_email = NOBODY
        bulk_insert.insert(made, thrown_away=[message], savepoint=False)
    dispatch.send_after_commit(message)


def _write(made: list[models.Model]) -> None:
    """Store rows together."""
    bulk_insert.insert(made, savepoint=False)


# --- In somebody's name -----------------------------------------------------------------------------------------------
def _write_unproven(asked: Request, person: known_people.Person) -> Submission:
    """Store a request that anybody could have sent. It waits as a whole; of the lead nothing is changed, begun or
    ended.

    Somebody is to call, and whoever has the address on record hears of it. A warning sign is acted on at once: an
    urgent call and an alert; the hold is on the request.
    """
    lead, unknown = person.lead, _lead_of(asked)
    waits = UnprovenRequest(lead=lead, data=rows.plain(asked.data), has_sign=asked.urgent, at=asked.now)
    sent = rows.kept(asked, lead, unproven=waits)
    noted = rows.entry(asked, lead, sent, kind=ActivityKind.REQUEST, summary="Asked for help again, not proven")
    judged = _judged(asked, unknown, cause="Asked for help again")
    made: list[models.Model] = [waits, sent, noted]
    if judged.signs:
        made.append(clinical_tasks.report_review(lead, waits.pk, now=asked.now))
    if asked.urgent:
        _write([*made, clinical_tasks.urgent_call(lead, key=waits.pk, now=asked.now)])
        alerts.raise_alert(lead, key=f"urgent:{waits.pk}", now=asked.now, is_loud=not asked.many)
    else:
        calls = [] if person.waits_for_call else [rows.first_call(asked, lead, sent)]
        _write_and_acknowledge([*made, *calls], asked, lead, sent)
    _work_as_for(unknown, asked, sent)
    return sent


def _work_as_for(unknown: Lead, asked: Request, sent: Submission) -> None:
    """Do for a lead that is not there what somebody unknown costs beyond this, and throw it away."""
    with bulk_insert.kept_if(False):
        if not asked.urgent:
            _begun(asked, unknown, sent)
        events.announce(unknown, Event.SUBMITTED, now=asked.now, key=str(sent.pk), but=followups.on_event)


# --- The same form again, from the same browser -----------------------------------------------------------------------
def _repeat(asked: Request, before: Submission) -> Submission:
    """Keep a repeat beside what the form had sent, and like it: a worker lets the lead that the form made follow it
    (intake/requests/resubmission.py); of a request that waits in somebody's name, nothing counts. The work here is the
    same."""
    lead, waits = before.lead, before.unproven
    sent = rows.kept(asked, lead, unproven=waits)
    noted = rows.entry(asked, lead, sent, kind=ActivityKind.REQUEST_CHANGED, summary="Sent the request again")
    _write([sent, noted, PendingSubmission(submission=sent, is_urgent=asked.urgent, at=asked.now)])
    dispatch.after_commit("intake.apply_pending", sent.pk)
    with bulk_insert.kept_if(waits is None):
        _write(rows.proofs(asked, lead))
    with bulk_insert.kept_if(waits is not None):
        _write_anew(waits or UnprovenRequest(lead=lead), asked)
    if asked.urgent:
        known_people.raise_unproven_alarm(lead, waits, key=sent.pk, now=asked.now, is_loud=not asked.many)
    elif signs.of_answers(asked.answers, lead=lead, now=asked.now):
        known_people.ask_for_review(lead, waits, now=asked.now)
    return sent


def _write_anew(waits: UnprovenRequest, asked: Request) -> None:
    waits.data = rows.plain(asked.data)
    if waits._state.adding:
        waits.save(force_insert=True)
    else:
        waits.save(update_fields=["data"])
