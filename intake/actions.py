"""What happens when a request is sent: one transaction, or nothing."""

import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction

from crm import clinic_hours, dispatch, emails, rows
from crm.actions import leads, tasks
from crm.enums import ActivityKind, MeasurementKind, Outcome, TaskKind
from crm.models import Activity, ConsentRecord, Lead, Location, Measurement, Message, PatientSession, Task
from intake import assessments, consents, flags, questionnaire, record
from intake.models import Submission

CONTACT_FIELDS = ("first_name", "last_name", "email", "phone", "phone_type", "preferred_contact", "best_time")
LEAD_FIELDS = (*CONTACT_FIELDS, "state", "ok_voicemail", "how_heard")
NOT_ANSWERS = {"submission_id", *(wording.field for wording in consents.WORDINGS)}


@dataclass(frozen=True)
class Request:
    """A checked request. `data` is the form's cleaned data; an urgent one may lack required answers."""

    submission_id: uuid.UUID
    data: dict[str, Any]
    location: Location
    now: datetime
    urgent: bool = False

    @property
    def answers(self) -> dict[str, Any]:
        return {name: value for name, value in self.data.items() if name not in NOT_ANSWERS}

    @property
    def digest(self) -> str:
        return digest_of({name: value for name, value in self.data.items() if name != "submission_id"})


def digest_of(answers: dict[str, Any]) -> str:
    """Equal for equal answers and consents; keyed, so that nobody can guess them from it."""
    text = json.dumps(answers, sort_keys=True, default=str)
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


def submission(
    lead: Lead,
    *,
    page: str,
    answers: dict[str, Any],
    submission_id: uuid.UUID,
    now: datetime,
    session: PatientSession | None = None,
) -> Submission:
    """A page of answers as a row, not yet saved."""
    given = {name: value for name, value in answers.items() if name not in NOT_ANSWERS}
    return Submission(
        id=submission_id,
        lead=lead,
        page=page,
        by=session.by if session else None,
        session=session,
        answers=given,
        answers_digest=digest_of(given),
        questionnaire_version=questionnaire.VERSION,
        at=now,
    )


def submit(request: Request) -> Lead:
    """Stores a request and returns its lead. When this returns, everything below is on disk.

    New: Lead, Submission, consents, the pain rating, an Activity, a call task and the acknowledgement. Urgent: a
    safety hold and an urgent call task instead of the acknowledgement. The same submission id again: the same lead,
    nothing new; with other answers: a second Submission on that lead, whose contact data follow. After the commit a
    worker is woken up; a dead broker costs only that.
    """
    try:
        return _store(request)
    except IntegrityError:
        earlier = Submission.objects.select_related("lead").filter(pk=request.submission_id).first()
        if earlier is None:
            raise
        return _repeat(request, earlier)


def _store(request: Request) -> Lead:
    data = request.data
    lead = Lead(
        location=request.location,
        timezone=data.get("timezone") or request.location.timezone,
        created_at=request.now,
        stage_since=request.now,
        **{name: data[name] for name in LEAD_FIELDS if name in data},
    )
    made = [lead, *_kept(request, lead, request.submission_id, kind=ActivityKind.REQUEST, summary="Asked for help")]
    made += _assessed(request, lead)
    if request.urgent:
        with transaction.atomic():
            _write(made)
            raise_alarm(lead, submission_id=request.submission_id, now=request.now)
    else:
        _write([*made, *_reply(request, lead, request.submission_id)])
    return lead


def _assessed(request: Request, lead: Lead) -> list[models.Model]:
    """What the rules say of a new lead, on the lead too: it is not on disk yet, so no door is needed."""
    snapshot = record.make_snapshot(request.answers, lead=lead, now=request.now)
    told = flags.of_new_request(request.answers)
    made = assessments.make(lead, snapshot, cause="First request", now=request.now, more_flags=told)
    lead.outcome, lead.recheck_on = made.outcome, made.recheck_on
    return [made, assessments.review_task(made, now=request.now)] if made.outcome == Outcome.PROMPT_REVIEW else [made]


def _write(made: list[models.Model]) -> None:
    """Stores rows together and wakes a worker for the mails among them."""
    rows.insert(made)
    for row in made:
        if isinstance(row, Message):
            dispatch.after_commit("crm.send_messages", row.pk)


def _kept(
    request: Request, lead: Lead, submission_id: uuid.UUID, *, kind: ActivityKind, summary: str
) -> list[models.Model]:
    """The request itself: answers as given, proofs of consent, the rating, the entry on the timeline."""
    made: list[models.Model] = [
        Submission(
            id=submission_id,
            lead=lead,
            answers=request.answers,
            answers_digest=request.digest,
            questionnaire_version=questionnaire.VERSION,
            at=request.now,
        ),
        *_consents(request, lead),
        Activity(lead=lead, kind=kind, at=request.now, summary=summary, details={"submission": str(submission_id)}),
    ]
    if "pain_now_avg" in request.data:
        rating = request.data["pain_now_avg"]
        made.append(Measurement(lead=lead, at=request.now, kind=MeasurementKind.NRS_AVG, value=rating))
    return made


def _consents(request: Request, lead: Lead) -> list[ConsentRecord]:
    return [
        ConsentRecord(
            lead=lead,
            kind=wording.kind,
            given=bool(request.data.get(wording.field)),
            text=wording.for_centre(request.location.name),
            text_version=wording.version,
            at=request.now,
        )
        for wording in consents.WORDINGS
    ]


def _reply(request: Request, lead: Lead, submission_id: uuid.UUID) -> list[models.Model]:
    """What a routine request sets in motion: a call, and the acknowledgement."""
    due_at, key = _call_due(request), f"first-call:{submission_id}"
    call = Task(lead=lead, kind=TaskKind.CALL, title="First call", due_at=due_at, key=key, created_at=request.now)
    if not lead.email:
        return [call]
    return [call, emails.acknowledgement(lead, submission_id=submission_id, now=request.now)]


def raise_alarm(lead: Lead, *, submission_id: uuid.UUID, now: datetime) -> None:
    """What a warning sign sets in motion, once a submission: a hold on everything routine, and a call now."""
    leads.record_outcome(lead, outcome=Outcome.URGENT, safety_hold=True, recheck_on=None)
    title, key = "Urgent: warning sign reported, call now", f"urgent:{submission_id}"
    tasks.open_task(lead, kind=TaskKind.URGENT_CALL, title=title, due_at=now, key=key)


def _call_due(request: Request) -> datetime:
    centre = request.location
    return clinic_hours.call_due(request.now, hours=centre.hours, holidays=centre.holidays, zone=centre.zone)


@transaction.atomic
def _repeat(request: Request, earlier: Submission) -> Lead:
    """The form was sent twice. Unchanged: nothing to do. Changed: kept beside the first, under an id of its own."""
    lead = Lead.objects.select_for_update().get(pk=earlier.lead_id)
    again = uuid.uuid5(earlier.pk, request.digest)
    if request.digest == earlier.answers_digest or Submission.objects.filter(pk=again).exists():
        return lead
    address_before = lead.email
    for name in CONTACT_FIELDS:
        if name in request.data:
            setattr(lead, name, request.data[name])
    lead.save(update_fields=[*CONTACT_FIELDS, "updated_at"])
    made = _kept(request, lead, again, kind=ActivityKind.REQUEST_CHANGED, summary="Sent the request again, changed")
    if request.urgent:
        _write(made)
        raise_alarm(lead, submission_id=again, now=request.now)
    elif lead.email != address_before:
        _write([*made, *_reply(request, lead, again)])
    else:
        _write(made)
    return lead
