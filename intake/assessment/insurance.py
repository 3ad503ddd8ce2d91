"""What is done about a lead's insurance: choosing the criteria, asking the insurer, and noting where proof stands."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from crm.documents import actions as documents
from crm.enums.leads import ActivityKind, TaskKind
from crm.errors import DomainError
from crm.leads import tasks
from crm.models import Activity, Document, Lead, Task, User
from crm.values import opening_hours
from intake.assessment import actions as assessments
from intake.assessment import answer_history, coverage_gaps
from intake.models import Coverage, PageOfProof, Plan, Verification
from intake.rules import insurers
from intake.rules.payers import GENERAL, PROFILE, Profile

INSURANCE_ANSWERS = ("plan_type", "payer_name", "member_id", "group_number")
VERIFY_WITHIN = timedelta(days=2)


class InsuranceRefused(DomainError):
    """A choice, or a page of proof, that does not fit the lead."""


@transaction.atomic
def choose(lead: Lead, *, profile: str, plan: Plan | None, by: User, now: datetime) -> Coverage:
    """Set which criteria count for a lead, and which plan it is. The rules are asked again.

    The choice counts while the patient has the present insurer. Raises InsuranceRefused for a plan of another location.
    """
    if plan and plan.location_id != lead.location_id:
        raise InsuranceRefused("That plan belongs to another location.")
    about = _about(answer_history.told_by(lead), plan, PROFILE.get(profile, GENERAL))
    made, _new = Coverage.objects.update_or_create(
        lead=lead, defaults=about | {"plan": plan, "chosen_by": by, "chosen_at": now}
    )
    _note(lead, f"{made}{f' ({plan})' if plan else ''}", by=by, now=now)
    assessments.assess(lead, cause="Insurance chosen", now=now)
    return made


@transaction.atomic
def record_verification(lead: Lead, *, by: User, now: datetime, **answers: Any) -> Verification:
    """Keep what an insurer said about the present version of its list, and on whose word. Finish the open tasks to
    verify."""
    told = answer_history.told_by(lead)
    profile = coverage_gaps.of_lead(lead, told, now=now).checklist.profile
    about = _about(told, answers.get("plan"), profile) | {"profile_as_of": profile.as_of}
    made = Verification.objects.create(lead=lead, by=by, at=now, **about, **answers)
    Task.objects.open().filter(lead=lead, kind=TaskKind.VERIFY).update(done_at=now, done_by=by)
    _note(
        lead, f"Verified: {made.get_is_active_display().lower()}, {made.get_network_display().lower()}", by=by, now=now
    )
    return made


def _about(told: answer_history.AnswerHistory, plan: Plan | None, profile: Profile) -> dict[str, str]:
    """Return what a check was about; the insurer is the one the patient named, else the one that staff chose."""
    chosen = plan.insurer if plan else profile.insurer if profile.payer else ""
    return {
        "insurer": str(told.answers.get("payer_name") or chosen),
        "plan_type": str(told.answers.get("plan_type") or ""),
        "profile": profile.key,
    }


def follow(lead: Lead, before: dict[str, Any], sent: dict[str, Any], *, key: UUID, now: datetime) -> None:
    """Let the tasks follow what a patient sent about the insurance. Another insurer is said on the timeline and ends
    the tasks to verify the earlier one; so does paying alone. News open one task to verify, `key` naming the change."""
    was, now_is = insurers.told(before), insurers.told(before | sent)
    if was.plan and not now_is.is_same(was):
        Task.objects.open().filter(lead=lead, kind=TaskKind.VERIFY).update(done_at=now)
        words = " → ".join(in_words(answers) for answers in (before, before | sent))
        _note(lead, f"Another insurer: {words}", by=None, now=now)
    if differs(before, sent) and not Task.objects.open().filter(lead=lead, kind=TaskKind.VERIFY).exists():
        open_task(lead, key=key, now=now)


def in_words(answers: dict[str, Any]) -> str:
    """Return the insurer that a patient's answers name as staff read it; "" for none."""
    return insurers.in_words(str(answers.get("payer_name") or ""), str(answers.get("plan_type") or ""))


def open_task(lead: Lead, *, key: UUID, now: datetime) -> None:
    """Open the task to verify, due within a business day of the center; one for each change of the answers."""
    center = lead.location
    due = opening_hours.end_of_next_day(now, hours=center.hours, holidays=center.holidays, zone=center.zone)
    tasks.open_task(lead, kind=TaskKind.VERIFY, title="Verify the insurance", due_at=due, key=f"verify:{key}")


def differs(before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Tell whether the patient told something new about the insurance. Somebody who pays alone has none."""
    told = {name: after.get(name) for name in INSURANCE_ANSWERS if after.get(name)}
    if not told or (before | after).get("plan_type") == "self_pay":
        return False
    return any(before.get(name) != value for name, value in told.items())


@transaction.atomic
def note_page(
    lead: Lead, *, profile: str, criterion: str, document: Document, page: int, by: User, now: datetime
) -> PageOfProof:
    """Note that a page of a document shows a criterion; twice is once. Nobody takes that document back from then on.
    Raises InsuranceRefused when there is no such criterion, or the document is about somebody else or was taken back.
    """
    if criterion not in {one.code for one in PROFILE[profile].criteria}:
        raise InsuranceRefused("That insurer has no such criterion.")
    if document.lead_id != lead.pk:
        raise InsuranceRefused("That document is about somebody else.")
    try:
        documents.keep(document, now=now)
    except Document.DoesNotExist:
        raise InsuranceRefused("This file was taken back.") from None
    about = {"lead": lead, "profile": profile, "criterion": criterion, "document": document, "page": page}
    made, _new = PageOfProof.objects.get_or_create(**about, defaults={"created_by": by, "created_at": now})
    return made


def forget_page(lead: Lead, page_id: UUID) -> bool:
    """Take back the note that a page shows a criterion; return False when it is gone already."""
    return bool(PageOfProof.objects.filter(pk=page_id, lead=lead).delete()[0])


def _note(lead: Lead, summary: str, *, by: User | None, now: datetime) -> None:
    Activity.objects.create(lead=lead, kind=ActivityKind.INSURANCE, at=now, by=by, summary=summary[:200])
