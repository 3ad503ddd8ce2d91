"""What waits on the demo's desk today: answers, reviews, a hold, decisions, a lead that somebody left behind."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.crypto import salted_hmac

from crm.enums.leads import ConsultResult, Decision, Outcome, Stage, SurgeryDecision, TaskKind
from crm.leads import actions as leads
from crm.leads import assignment, next_steps, reviews
from crm.leads.next_steps import NextStep
from crm.models import Lead, PatientSession, Task, User
from crm.patient_portal import conversation

# What patients wrote on their page, and how many hours ago.
WRITTEN = [
    ("My scan is on a disc. Shall I send it to you or bring it along?", 3),
    ("Could the telephone call be after four in the afternoon? I work until then.", 20),
]
NEXT = ["Ask whether the records have come", "Call about the scan", "Ask how the exercises are going"]


@dataclass(frozen=True)
class Cast:
    coordinator: User
    clinician: User
    leaver: User


def lay_out(cast: Cast, *, now: datetime) -> None:
    """Give leads of the story, in the stages where it comes up, the work of a desk. Nothing is sent to anybody."""
    of = {stage: iter(Lead.objects.filter(stage=stage).order_by("reference")) for stage in Stage}
    _close_old_tasks(cast.coordinator, now)
    for (text, hours), stage in zip(WRITTEN, (Stage.QUALIFYING, Stage.RECORDS), strict=True):
        _write(next(of[stage]), text, at=now - timedelta(hours=hours))
    for title, stage in zip(NEXT, (Stage.RECORDS, Stage.REVIEW, Stage.QUALIFYING), strict=True):
        next_steps.plan(next(of[stage]), NextStep(title, now + timedelta(hours=2)))
    _consult(of, cast, now)
    _hold(next(of[Stage.CONTACTING]), cast, now)
    left = next(of[Stage.CONTACTING])
    Lead.objects.filter(pk=left.pk).update(owner=cast.leaver)
    assignment.take_back_from_inactive(now=now)


def _close_old_tasks(coordinator: User, now: datetime) -> None:
    """Close first calls that were made; new requests still wait for theirs, clinicians for nobody but themselves."""
    made = Task.objects.open().exclude(lead__stage=Stage.NEW)
    done_at = now - timedelta(days=1)
    made.exclude(kind=TaskKind.REVIEW, lead__stage__in=[Stage.CONTACTING, Stage.QUALIFYING, Stage.REVIEW]).update(
        done_at=done_at, done_by=coordinator
    )


def _write(lead: Lead, text: str, *, at: datetime) -> None:
    secret = salted_hmac("intake.demo", str(lead.pk)).hexdigest()
    session = PatientSession.objects.create(lead=lead, secret_hash=secret, proven_at=at)
    conversation.answer(session, text=text, now=at, message_id=uuid.uuid5(lead.pk, text))


def _consult(of: dict[Stage, Iterator[Lead]], cast: Cast, now: datetime) -> None:
    """Record the visits of two who were seen: one is thinking it over, one has decided."""
    results = [
        (Stage.CONSULTED, ConsultResult.PROCEDURE, SurgeryDecision.OPEN),
        (Stage.PATIENT, ConsultResult.PROCEDURE, SurgeryDecision.WANTS),
    ]
    for stage, result, surgery in results:
        reviews.record_consultation(
            next(of[stage]),
            held_on=(now - timedelta(days=2)).date(),
            result=result,
            surgery=surgery,
            note="Looked at the scan together.",
            by=cast.clinician,
            now=now - timedelta(days=1),
        )


def _hold(lead: Lead, cast: Cast, now: datetime) -> None:
    """Hold a lead with a warning sign, called and seen; the clinician has decided, a second person has not yet."""
    leads.record_outcome(lead, outcome=Outcome.URGENT, safety_hold=True, now=now - timedelta(hours=2))
    reviews.decide(
        lead,
        decision=Decision.CONTINUE_CARE,
        reason="Seen in an emergency department yesterday, nothing acute. Wants a second pair of eyes.",
        by=cast.clinician,
        now=now - timedelta(hours=1),
    )
