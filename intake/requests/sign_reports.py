"""Reports: warning signs on a page whose browser cannot be taken at its word. Its session is over or revoked, nobody
has proven who sits before it, or the form may have come from another site.

Such a page is kept as a request in somebody's name (intake/requests/unproven.py), and looked at like one.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from crm.db import bulk_insert
from crm.enums.leads import ActivityKind
from crm.models import Activity, PatientSession
from crm.models.activity import SENT_IN
from intake.assessment import signs
from intake.models import PendingSubmission, Submission, Unproven, UnprovenRequest
from intake.requests import known_people, rows
from intake.requests.known_people import NOBODY


@dataclass(frozen=True)
class SignReport:
    """A page with warning signs. `is_ours`: it came from this site; what did not shows nothing of who sent it.
    `is_urgent`: a sign of block A was ticked as it came over the wire, whatever its form makes of it."""

    session: PatientSession
    page: str
    answers: dict[str, Any]
    form_id: UUID
    now: datetime
    language: str
    is_ours: bool
    is_urgent: bool

    @property
    def digest(self) -> str:
        """One for each press, whatever has become of the report meanwhile."""
        return rows.digest_of({"about": str(self.session.pk), "page": self.page, "answers": self.answers})

    @property
    def signs(self) -> list[str]:
        return signs.of_answers(self.answers, lead=self.session.lead, now=self.now)


@transaction.atomic
def keep(report: SignReport, *, is_loud: bool = True) -> None:
    """Keep a report and have it looked at: a review and, for a sign of block A, a hold on the report, a call now and
    an alert. Nothing of the record changes. Sent twice it is one."""
    known_people.locked(report.session.lead)  # first, as whoever decides about a report does
    session = PatientSession.objects.select_for_update(no_key=True).get(pk=report.session.pk)
    if Submission.objects.filter(form_id=report.form_id, answers_digest=report.digest).exists():
        return
    waits = _open_report(report, session)
    made = _submission(report, waits)
    pending = PendingSubmission(submission=made, is_urgent=report.is_urgent, at=report.now)
    bulk_insert.insert([made, _note(report, made), pending], savepoint=False)
    if report.is_ours and session.origin is None:
        PatientSession.objects.filter(pk=session.pk).update(origin=made.pk)
    if report.is_urgent:
        known_people.raise_unproven_alarm(report.session.lead, waits, key=made.pk, now=report.now, is_loud=is_loud)
    else:
        known_people.ask_for_review(report.session.lead, waits, now=report.now)


def sent_from(session: PatientSession) -> list[UnprovenRequest]:
    """Return what waits in somebody's name and came from this browser, oldest first. One query."""
    here = Q(submissions__session=session)
    if session.origin:
        here |= Q(submissions=session.origin) | Q(submissions__session__origin=session.origin)
    waiting = UnprovenRequest.objects.filter(here, lead=session.lead_id, state=Unproven.WAITING)
    return list(waiting.distinct().order_by("at", "pk"))


def _open_report(report: SignReport, session: PatientSession) -> UnprovenRequest:
    """Return the one that this browser has begun, while it waits; else a new one. All that shows nothing of who sent it
    is one of its own."""
    found = [one.pk for one in sent_from(session)] if report.is_ours else _from_elsewhere(session)
    waiting = UnprovenRequest.objects.select_for_update(no_key=True).filter(pk__in=[*found, NOBODY])
    begun = waiting.filter(state=Unproven.WAITING).order_by("at", "pk").first()
    fresh = UnprovenRequest(lead=report.session.lead, data={}, at=report.now)
    with bulk_insert.kept_if(begun is None):  # whether something waits is nothing to tell whoever sits there
        bulk_insert.insert([fresh], savepoint=False)
    return begun or fresh


def _from_elsewhere(session: PatientSession) -> list[UUID]:
    sent = Submission.objects.filter(lead=session.lead_id, session=None, reference=None)
    return [pk for pk in sent.filter(unproven__isnull=False).values_list("unproven", flat=True) if pk]


def _submission(report: SignReport, waits: UnprovenRequest) -> Submission:
    return rows.submission(
        report.session.lead,
        page=report.page,
        answers=report.answers,
        form_id=report.form_id,
        now=report.now,
        language=report.language,
        session=report.session if report.is_ours else None,
        digest=report.digest,
        unproven=waits,
    )


def _note(report: SignReport, made: Submission) -> Activity:
    summary, details = "Warning signs, not proven", {SENT_IN: str(made.pk)}
    return Activity(
        lead=report.session.lead,
        kind=ActivityKind.ANSWERS,
        at=report.now,
        by=report.session.by if report.is_ours else None,
        summary=summary,
        details=details,
    )
