"""Work out what is left of an enrollment, and when: the one place that says which step is next."""

from collections.abc import Collection
from datetime import datetime

from django.db.models.functions import Now

from crm.enums.leads import EnrollmentState, StepResult
from crm.leads.local_clock import clock_of
from crm.models import Enrollment, Lead, StepOutcome
from crm.sequences.definition import Step
from crm.sequences.due_steps import steps_left


def left_of(enrollment: Enrollment) -> list[tuple[datetime, Step]]:
    """Return what is still to be done for an enrollment and when, the earliest first."""
    done = StepOutcome.objects.filter(enrollment=enrollment).values_list("step", flat=True)
    definition = enrollment.version.definition
    return steps_left(definition, done, anchor=enrollment.anchor, clock=clock_of(enrollment.lead))


def plan_anew(enrollment: Enrollment, lead: Lead, *, is_corrected: bool = False) -> None:
    """Plan the next step anew after a date of the lead has moved. `is_corrected`: the clock on which they live may be
    another one; what is due by now stays due then."""
    has_dates = any(step.on for step in enrollment.version.definition.steps)
    if enrollment.state != EnrollmentState.LIVE or enrollment.run_now or not (has_dates or is_corrected):
        return
    enrollment.lead = lead
    left = left_of(enrollment)
    if left and left[0][0] != enrollment.due_at:
        live = Enrollment.objects.filter(pk=enrollment.pk, state=EnrollmentState.LIVE)
        (live.filter(due_at__gt=Now()) if is_corrected else live).update(due_at=left[0][0])  # what is due stays due


def set_due(enrollment: Enrollment, *, now: datetime) -> None:
    """Set when the next step of an enrollment is due; without one it is done. Does not save it."""
    left = left_of(enrollment)
    enrollment.due_at = left[0][0] if left else None
    if not left:
        enrollment.state, enrollment.ended_at = EnrollmentState.DONE, now


def overdue(enrollment: Enrollment, *, now: datetime) -> set[str]:
    """Return the keys of the steps that are due and not done."""
    return {step.key for at, step in left_of(enrollment) if at <= now}


def skip_overdue(enrollment: Enrollment, *, reason: str, now: datetime, but: Collection[str] = ()) -> None:
    """Leave out what is due and not done, `but` these steps."""
    StepOutcome.objects.bulk_create(
        StepOutcome(enrollment=enrollment, step=key, result=StepResult.SKIPPED, reason=reason, at=now)
        for key in sorted(overdue(enrollment, now=now) - set(but))
    )
