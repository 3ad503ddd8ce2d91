"""End with a request what asks staff about its answers: nobody verifies, or decides about, what nobody works on."""

from django.db.models import Q

from crm.enums.leads import CLOSED_STAGES, ActivityKind, TaskKind
from crm.leads import next_steps, tasks
from crm.models import Activity, Lead, Task
from crm.registry import DomainEvent
from intake.assessment import unknowns

_SERVED = Q(kind=TaskKind.VERIFY) | Q(key__startswith=unknowns.KEY)


def on_move(lead: Lead, happening: DomainEvent) -> None:
    """Listen to crm's events: end these tasks with the request, unless a visit is ahead; what ended so waits again once
    the request is open again."""
    theirs = Task.objects.filter(_SERVED, lead=lead)
    if lead.stage not in CLOSED_STAGES:
        closings = Activity.objects.filter(lead=lead, kind=ActivityKind.STAGE, details__to__in=CLOSED_STAGES)
        ended = theirs.filter(done_by=None, done_at__in=closings.values("at"))
        ended.update(due_at=happening.now, **tasks.ANEW)
    elif not next_steps.is_expected(lead):
        theirs.filter(done_at=None).update(done_at=happening.now)
