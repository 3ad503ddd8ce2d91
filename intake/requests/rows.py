"""A request for help as data, and the rows that keep it. Nothing here touches the database."""

import hashlib
import hmac
import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models

from crm.enums.leads import ActivityKind, CameBy
from crm.enums.treatments import MeasurementKind
from crm.leads import call_window
from crm.models import Activity, ConsentRecord, Lead, Location, Measurement, PatientSession, Task, User
from crm.models.activity import SENT_IN
from crm.models.lead import make_reference
from crm.models.task import FIRST_CALL
from crm.values import opening_hours
from intake import questionnaire
from intake.models import Submission, UnprovenRequest
from intake.questionnaire import consents

GUARDS = ("website", "opened", "sure_of")
NOT_ANSWERS = {"submission_id", *GUARDS, *(wording.field for wording in consents.WORDINGS)}


@dataclass(frozen=True)
class Request:
    """A checked request. `data` is the form's cleaned data; an urgent one may lack required answers. `language` is the
    page's that was filled in. `by`: the member of staff who wrote it down, on the telephone or from a letter; then
    `received_at` is when it really came, and starts the clock.

    `form_id` was made with the form and proves nothing. `repeats`: the reference of what this browser sent with this
    form before, by a signed cookie; "" when nothing shows that. `many`: so much comes from there that an alert is
    raised without mails.
    """

    form_id: uuid.UUID
    data: dict[str, Any]
    location: Location
    now: datetime
    urgent: bool = False
    page: str = "request"
    attribution: dict[str, str] = field(default_factory=dict)
    reference: str = field(default_factory=make_reference)
    repeats: str = ""
    many: bool = False
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
    """Return cleaned data as JSON takes it, without what identifies or guards the form."""
    return {name: value for name, value in data.items() if name not in {"submission_id", *GUARDS}}


def digest_of(answers: dict[str, Any]) -> str:
    """Return a hash that is equal for equal answers and consents; keyed, so that nobody can guess them from it."""
    text = json.dumps(answers, sort_keys=True, default=str)
    return hmac.new(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


def submission(
    lead: Lead,
    *,
    page: str,
    answers: dict[str, Any],
    form_id: uuid.UUID,
    now: datetime,
    language: str,
    session: PatientSession | None = None,
    by: User | None = None,
    digest: str = "",
    reference: str | None = None,
    unproven: UnprovenRequest | None = None,
) -> Submission:
    """Make the row of a page of answers, not yet saved. `digest`: when more than the answers tells a repeat from a
    change."""
    given = {name: value for name, value in answers.items() if name not in NOT_ANSWERS}
    return Submission(
        form_id=form_id,
        lead=lead,
        page=page,
        by=session.by if session else by,
        session=session,
        answers=given,
        answers_digest=digest or digest_of(given),
        questionnaire_version=questionnaire.VERSION,
        language=language,
        at=now,
        reference=reference,
        unproven=unproven,
    )


def kept(request: Request, lead: Lead, *, unproven: UnprovenRequest | None = None) -> Submission:
    """Make the row of the request itself, under the reference that its sender is shown."""
    return submission(
        lead,
        page=request.page,
        answers=request.data,
        form_id=request.form_id,
        now=request.now,
        language=request.language,
        by=request.by,
        digest=request.digest,
        reference=request.reference,
        unproven=unproven,
    )


def entry(request: Request, lead: Lead, sent: Submission, *, kind: ActivityKind, summary: str) -> Activity:
    """Make the entry on the timeline."""
    details = {SENT_IN: str(sent.pk)}
    return Activity(lead=lead, kind=kind, at=request.now, by=request.by, summary=summary[:200], details=details)


def proofs(request: Request, lead: Lead) -> list[models.Model]:
    """Make what counts for the lead beside the answers: one proof a box of agreement, and the pain rating."""
    made: list[models.Model] = [
        ConsentRecord(
            lead=lead,
            kind=wording.kind,
            given=bool(request.data.get(wording.field)),
            text=wording.for_center(request.location.name),
            text_version=wording.version,
            language=request.language,
            witnessed_by=request.by,
            at=request.now,
        )
        for wording in consents.WORDINGS
    ]
    if "pain_now_avg" in request.data:
        rating = request.data["pain_now_avg"]
        made.append(Measurement(lead=lead, at=request.now, kind=MeasurementKind.NRS_AVG, value=rating))
    return made


def first_call(request: Request, lead: Lead, sent: Submission) -> Task:
    """Make the task to call, due within the center's promise."""
    center, key = request.location, f"{FIRST_CALL}{sent.pk}"
    arrived = request.received_at or request.now
    due_at = opening_hours.call_due(arrived, hours=center.hours, holidays=center.holidays, zone=center.zone)
    return call_window.call_task(lead, title="First call", due_at=due_at, key=key, created_at=request.now)
