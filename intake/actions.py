"""What happens when a request is sent: one transaction, or nothing.

Known and unknown people cost the same: the same statements, hashes and mails, so that nobody can find out by sending
a form whether somebody is a patient here (tests/intake/test_stranger.py counts them).
"""

from datetime import timedelta

from django.db import IntegrityError, models, transaction

from crm import dispatch, emails, rows
from crm.actions import addresses, assignment, events, reviews, safety, sequences
from crm.enums import ActivityKind, Event, MessageState, Outcome
from crm.models import Activity, Lead, Message, Task
from crm.registry import Happening
from intake import assessments, flags, known, record, request, signs
from intake.known import IDENTITY, LEAD_FIELDS
from intake.models import Assessment, Submission, Unproven, UnprovenRequest
from intake.request import Request

FOLLOWS_FOR = timedelta(hours=1)  # as long as the cookie of the browser
ON_HOLD = "Routine messages and booking are on hold"


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
            people = known.find(asked)
            if before := _before(asked, people):
                return _repeat(asked, before)
            if people is None:
                return _write_new(asked)
            return known.attach(asked, people.lead) if asked.by else _write_unproven(asked, people)
    except IntegrityError:
        there = Submission.objects.select_related("lead").filter(form_id=asked.form_id, answers_digest=asked.digest)
        if (same := there.first()) is None:
            raise
        return same


def _before(asked: Request, people: known.Person | None) -> Submission | None:
    """What this very browser had sent with this form within the hour. None when somebody has decided about it
    meanwhile, or when the name is somebody else's now: that is a new request. Locks its lead, then reads the state."""
    sent_here = Submission.objects.filter(
        form_id=asked.form_id, reference=asked.repeats or None, at__gt=asked.now - FOLLOWS_FOR
    )
    found = sent_here.select_related("lead").first()
    if found is None or (people and people.lead.pk != found.lead_id):
        return None
    known.locked(found.lead)
    sent = Submission.objects.select_related("lead", "unproven").get(pk=found.pk)
    return None if sent.unproven and sent.unproven.state != Unproven.WAITING else sent


# --- Somebody new -----------------------------------------------------------------------------------------------------
def _write_new(asked: Request) -> Submission:
    lead = _lead_of(asked)
    sent = request.kept(asked, lead)
    noted = request.entry(asked, lead, sent, kind=ActivityKind.REQUEST, summary="Asked for help")
    made: list[models.Model] = [lead, sent, noted, *request.proofs(asked, lead), *_assessed(asked, lead)]
    if asked.urgent:
        lead.safety_hold, lead.outcome, lead.recheck_on = True, Outcome.URGENT, None
        held = Activity(lead=lead, kind=ActivityKind.SAFETY_HOLD, at=asked.now, summary=ON_HOLD)
        _write([*made, held, request.urgent_call(lead, key=sent.pk, now=asked.now)])
        safety.raise_alert(lead, key=f"urgent:{sent.pk}", now=asked.now, is_loud=not asked.many)
    else:
        reply = [request.first_call(asked, lead, sent), *_acknowledgement(asked, lead, sent)]
        _write([*made, *reply, *_begun(asked, lead, sent)])
    with known.kept_if(True):
        events.announce(lead, Event.SUBMITTED, now=asked.now, key=str(sent.pk), but=sequences.on_event)
    return sent


def _begun(asked: Request, lead: Lead, sent: Submission) -> list[models.Model]:
    happened = [Happening(event, asked.now, str(sent.pk)) for event in (Event.SUBMITTED, Event.OUTCOME_CHANGED)]
    return [*sequences.beginning(lead, happened)]


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
    """What the rules say of a new lead."""
    made = _judged(asked, lead, cause="First request")
    return [made, *_review(made, asked, lead)]


def _judged(asked: Request, lead: Lead, *, cause: str) -> Assessment:
    """The rules' answer to the request alone, on its lead too."""
    snapshot = record.make_snapshot(asked.answers, lead=lead, now=asked.now)
    told = flags.of_new_request(asked.answers)
    made = assessments.make(lead, snapshot, cause=cause, now=asked.now, more_flags=told)
    lead.outcome, lead.recheck_on = made.outcome, made.recheck_on
    return made


def _review(made: Assessment, asked: Request, lead: Lead, *, report: UnprovenRequest | None = None) -> list[Task]:
    if all(signs.is_emergency(sign) for sign in made.signs):
        return []
    task = assessments.review_task(made, now=asked.now)
    task.lead, task.key = lead, f"{reviews.OF_A_REPORT}{report.pk}" if report else task.key
    return [task]


def _acknowledgement(asked: Request, lead: Lead, sent: Submission) -> list[Message]:
    """To the address on record; of a lead that the request has just made, that is the one it gave."""
    if not lead.email:
        return []
    return [emails.acknowledgement(lead, reference=asked.reference, submission_id=sent.pk, now=asked.now)]


def _write(made: list[models.Model]) -> None:
    """Stores rows together and wakes a worker for the mails among them."""
    rows.insert(made, savepoint=False)
    dispatch.send_after_commit(*(row for row in made if isinstance(row, Message)))


# --- In somebody's name -----------------------------------------------------------------------------------------------
def _write_unproven(asked: Request, person: known.Person) -> Submission:
    """A request that anybody could have sent. It waits as a whole; of the lead nothing is changed, begun or ended.

    Somebody is to call, and whoever has the address on record hears of it. A warning sign is acted on at once: an
    urgent call and an alert; the hold is on the request.
    """
    lead, unknown = person.lead, _lead_of(asked)
    waits = UnprovenRequest(lead=lead, data=request.plain(asked.data), has_sign=asked.urgent, at=asked.now)
    sent = request.kept(asked, lead, unproven=waits)
    noted = request.entry(asked, lead, sent, kind=ActivityKind.REQUEST, summary="Asked for help again, not proven")
    judged = _judged(asked, unknown, cause="Asked for help again")
    made: list[models.Model] = [waits, sent, noted, *_review(judged, asked, lead, report=waits)]
    if asked.urgent:
        _write([*made, request.urgent_call(lead, key=waits.pk, now=asked.now)])
        safety.raise_alert(lead, key=f"urgent:{waits.pk}", now=asked.now, is_loud=not asked.many)
    else:
        calls = [] if person.waits_for_call else [request.first_call(asked, lead, sent)]
        _write([*made, *calls, *_acknowledgement(asked, lead, sent)])
    _work_as_for(unknown, asked, sent)
    return sent


def _work_as_for(unknown: Lead, asked: Request, sent: Submission) -> None:
    """Does for a lead that is not there what somebody unknown costs beyond this, and throws it away."""
    with known.kept_if(False):
        if not asked.urgent:
            _begun(asked, unknown, sent)
        events.announce(unknown, Event.SUBMITTED, now=asked.now, key=str(sent.pk), but=sequences.on_event)


# --- The same form again, from the same browser -----------------------------------------------------------------------
def _repeat(asked: Request, before: Submission) -> Submission:
    """Kept beside what the form had sent, and like it: of a request that waits in somebody's name, nothing counts."""
    lead = known.locked(before.lead)
    sent = request.kept(asked, lead, unproven=before.unproven)
    noted = request.entry(asked, lead, sent, kind=ActivityKind.REQUEST_CHANGED, summary="Sent the request again")
    _write([sent, noted])
    with known.kept_if(before.unproven is None):
        _follow(asked, lead, sent, before)
    if before.unproven:
        _add_to(before.unproven, asked, sent)
    return sent


def _follow(asked: Request, lead: Lead, sent: Submission, before: Submission) -> None:
    """Lets the record follow. Contact details do while they still are what the form had said before, and nobody has
    shown to be this person: what somebody has corrected or proven since stays."""
    is_open = not Lead.objects.proven().filter(pk=lead.pk).exists()
    said = {name: before.answers.get(name, "") for name in IDENTITY if name in asked.data}
    changed = [name for name, value in said.items() if is_open and getattr(lead, name) == value]
    changed = [name for name in changed if asked.data[name] != said[name]]
    for name in changed:
        setattr(lead, name, asked.data[name])
    lead.save(update_fields=[*changed, "updated_at"])
    if "email" in changed:
        _turn_to_new_address(asked, lead, before=str(said["email"]))
    _write([*request.proofs(asked, lead), *(_acknowledgement(asked, lead, sent) if _writes(asked, changed) else [])])
    if asked.urgent:
        known.raise_alarm(lead, key=sent.pk, now=asked.now, is_loud=not asked.many)
    assessments.assess(lead, cause="The request was sent again, changed", now=asked.now, sign_told=asked.urgent)
    events.announce(lead, Event.SUBMITTED, now=asked.now, key=str(sent.pk))


def _turn_to_new_address(asked: Request, lead: Lead, *, before: str) -> None:
    """Ends what the former address opened. An acknowledgement that still waits says no more than the new one will."""
    if not asked.urgent:
        waits = Message.objects.filter(lead=lead, name="ack", state=MessageState.QUEUED)
        waits.update(state=MessageState.CANCELLED, reason=addresses.REASON, finished_at=asked.now)
    addresses.changed(lead, before=before, now=asked.now)


def _writes(asked: Request, changed: list[str]) -> bool:
    return "email" in changed and not asked.urgent


def _add_to(waits: UnprovenRequest, asked: Request, sent: Submission) -> None:
    waits.data, waits.has_sign = request.plain(asked.data), waits.has_sign or asked.urgent
    waits.save(update_fields=["data", "has_sign"])
    if asked.urgent:
        known.call_at_once(sent.lead, key=waits.pk, cause=sent.pk, now=asked.now, is_loud=not asked.many)
