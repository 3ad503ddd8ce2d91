"""What happens when a request is sent: one transaction, or nothing."""

import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction

from crm import clinic_hours, dispatch, emails, rows
from crm.actions import assignment, events, leads, safety, sequences, tasks
from crm.enums import SIDE_STAGES, ActivityKind, CameBy, Event, Outcome, Stage, TaskKind
from crm.models import Activity, ConsentRecord, Lead, Location, Measurement, Message, PatientSession, Task, User
from crm.normalise import name_key
from crm.registry import Happening
from crm.treatment_enums import MeasurementKind
from intake import assessments, consents, flags, questionnaire, record
from intake.models import Submission

CONTACT_FIELDS = ("first_name", "last_name", "email", "phone", "phone_type", "preferred_contact", "best_time")
WISHES = {"preferred_contact", "best_time", "ok_voicemail", "state", "how_heard"}
MOST_COMPARED = 20
LEAD_FIELDS = (*CONTACT_FIELDS, "state", "ok_voicemail", "how_heard")
GUARDS = ("website", "opened")
NOT_ANSWERS = {"submission_id", *GUARDS, *(wording.field for wording in consents.WORDINGS)}


@dataclass(frozen=True)
class Request:
    """A checked request. `data` is the form's cleaned data; an urgent one may lack required answers. `language` is the
    page's that was filled in. `by`: the member of staff who wrote it down, on the telephone or from a letter; then
    `received_at` is when it really came, and starts the clock.

    `is_new`: it is known already that nobody gave this e-mail or telephone before.
    """

    submission_id: uuid.UUID
    data: dict[str, Any]
    location: Location
    now: datetime
    urgent: bool = False
    page: str = "request"
    attribution: dict[str, str] = field(default_factory=dict)
    reference: str = ""
    is_new: bool = False
    language: str = "en"
    by: User | None = None
    came_by: CameBy = CameBy.WEB
    received_at: datetime | None = None

    @property
    def answers(self) -> dict[str, Any]:
        return {name: value for name, value in self.data.items() if name not in NOT_ANSWERS}

    @property
    def digest(self) -> str:
        return digest_of(plain(self.data))


def plain(data: dict[str, Any]) -> dict[str, Any]:
    """Cleaned data as JSON takes it, without what identifies or guards the form."""
    return {name: value for name, value in data.items() if name not in {"submission_id", *GUARDS}}


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
    language: str,
    session: PatientSession | None = None,
    by: User | None = None,
    digest: str = "",
) -> Submission:
    """A page of answers as a row, not yet saved. `digest`: when more than the answers tells a repeat from a change."""
    given = {name: value for name, value in answers.items() if name not in NOT_ANSWERS}
    return Submission(
        id=submission_id,
        lead=lead,
        page=page,
        by=session.by if session else by,
        session=session,
        answers=given,
        answers_digest=digest or digest_of(given),
        questionnaire_version=questionnaire.VERSION,
        language=language,
        at=now,
    )


def submit(request: Request) -> Lead:
    """Stores a request and returns its lead. When this returns, everything below is on disk.

    New: Lead, Submission, consents, the pain rating, an Activity, a call task and the acknowledgement. Somebody known
    (the same name with the same e-mail or phone): all that on the known lead. Urgent: a safety hold and an urgent call
    task instead of the acknowledgement. The same submission id again: the same lead, nothing new; with other answers: a
    second Submission on that lead, whose contact data follow. After the commit a worker is woken up; a dead broker
    costs only that.
    """
    known = None if request.is_new else known_person(request.data)
    try:
        return _attach(request, known) if known else _store(request)
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
        attribution=request.attribution,
        language=request.language,
        came_by=request.came_by,
        received_at=request.received_at or request.now,
        owner=request.by if request.by and assignment.may_own().filter(pk=request.by.pk).exists() else None,
        **({"reference": request.reference} if request.reference else {}),
        **{name: data[name] for name in LEAD_FIELDS if name in data},
    )
    made = [lead, *_kept(request, lead, request.submission_id, kind=ActivityKind.REQUEST, summary="Asked for help")]
    made += _assessed(request, lead)
    if request.urgent:
        with transaction.atomic():
            _write(made)
            raise_alarm(lead, submission_id=request.submission_id, now=request.now)
    else:
        begun = [_happened(request, Event.SUBMITTED), _happened(request, Event.OUTCOME_CHANGED)]
        _write([*made, *_reply(request, lead, request.submission_id), *sequences.beginning(lead, begun)])
    return lead


def _happened(request: Request, event: Event) -> Happening:
    return Happening(event, request.now, key=str(request.submission_id))


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
    dispatch.send_after_commit(*(row for row in made if isinstance(row, Message)))


def _kept(
    request: Request, lead: Lead, submission_id: uuid.UUID, *, kind: ActivityKind, summary: str
) -> list[models.Model]:
    """The request itself: answers as given, proofs of consent, the rating, the entry on the timeline."""
    made: list[models.Model] = [
        submission(
            lead,
            page=request.page,
            answers=request.data,
            submission_id=submission_id,
            now=request.now,
            language=request.language,
            by=request.by,
            digest=request.digest,
        ),
        *_consents(request, lead),
        Activity(
            lead=lead,
            kind=kind,
            at=request.now,
            by=request.by,
            summary=summary,
            details={"submission": str(submission_id)},
        ),
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
            language=request.language,
            witnessed_by=request.by,
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
    to = request.data.get("email") or lead.email
    return [call, emails.acknowledgement(lead, to=to, submission_id=submission_id, now=request.now)]


def _reply_again(request: Request, lead: Lead, submission_id: uuid.UUID) -> list[models.Model]:
    """The same for somebody known: a call that is still to be made is enough."""
    made = _reply(request, lead, submission_id)
    waits = Task.objects.open().filter(lead=lead, kind=TaskKind.CALL).exists()
    return [row for row in made if not (waits and isinstance(row, Task))]


def raise_alarm(lead: Lead, *, submission_id: uuid.UUID, now: datetime) -> None:
    """What a warning sign sets in motion, once a submission: a hold on everything routine, a call now, an alert."""
    leads.record_outcome(lead, outcome=Outcome.URGENT, safety_hold=True, recheck_on=None, now=now)
    title, key = "Urgent: call now", f"urgent:{submission_id}"
    tasks.open_task(lead, kind=TaskKind.URGENT_CALL, title=title, due_at=now, key=key)
    safety.raise_alert(lead, key=key, now=now)


def _call_due(request: Request) -> datetime:
    centre = request.location
    arrived = request.received_at or request.now
    return clinic_hours.call_due(arrived, hours=centre.hours, holidays=centre.holidays, zone=centre.zone)


def known_person(data: dict[str, Any]) -> Lead | None:
    """Whoever has this name and gave this e-mail or phone before. Another name on it, as in a household, is another
    person: staff see the two beside each other and nothing is merged by itself."""
    name = name_key(data.get("first_name", ""), data.get("last_name", ""))
    reached = Lead.objects.reached_by(email=data.get("email", ""), phone=data.get("phone", ""))
    return next((lead for lead in reached[:MOST_COMPARED] if name_key(lead.first_name, lead.last_name) == name), None)


@transaction.atomic
def _attach(request: Request, known: Lead) -> Lead:
    """Another request of somebody known. What was missing is filled in; a new address or number is for staff to take
    over, because anybody can type a name and an address."""
    lead = Lead.objects.select_for_update(no_key=True, of=("self",)).select_related("location").get(pk=known.pk)
    different = _refresh(lead, request)
    summary = f"Asked for help again{', with ' + ' and '.join(different) if different else ''}"
    made = _kept(request, lead, request.submission_id, kind=ActivityKind.REQUEST, summary=summary[:200])
    if request.urgent:
        _write(made)
        raise_alarm(lead, submission_id=request.submission_id, now=request.now)
    else:
        _write([*made, *_reply_again(request, lead, request.submission_id)])
    if lead.stage in SIDE_STAGES:
        leads.move(lead, to=Stage.QUALIFYING, by=None, note="Asked for help again", now=request.now)
    assessments.assess(lead, cause="Asked for help again", now=request.now)
    events.announce(lead, Event.SUBMITTED, now=request.now, key=str(request.submission_id))
    return lead


def _refresh(lead: Lead, request: Request) -> list[str]:
    """Takes over wishes and the language, and fills gaps; returns in words the address or number that differs from the
    one on record."""
    reach, data = ("email", "phone"), request.data
    given = {name: data[name] for name in LEAD_FIELDS if data.get(name) not in (None, "", [])}
    different = [str(given[name]) for name in reach if name in given and getattr(lead, name) not in ("", given[name])]
    for name, value in given.items():
        if name in WISHES or not getattr(lead, name):
            setattr(lead, name, value)
    lead.language = request.language
    lead.save(update_fields=[*LEAD_FIELDS, "language", "updated_at"])
    return different


@transaction.atomic
def _repeat(request: Request, earlier: Submission) -> Lead:
    """The form was sent twice. Unchanged: nothing to do. Changed: kept beside the first, under an id of its own."""
    lead = Lead.objects.select_for_update(no_key=True).get(pk=earlier.lead_id)
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
        _write([*made, *_reply_again(request, lead, again)])
    else:
        _write(made)
    assessments.assess(lead, cause="The request was sent again, changed", now=request.now)
    return lead
