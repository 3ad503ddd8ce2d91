"""What browsers have sent that have not shown whose they are: on record at once, applied by a worker.

A page, or the form sent again, costs the sender the same time whether it changes a lead or waits in somebody's name:
the request itself only keeps it. Whatever may change a record is done here, seconds later; without a broker by the
sweep. A request in somebody's name is applied when a person has found that it was theirs (intake/requests/unproven.py).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import QuerySet

from crm.models import Lead
from intake.assessment.answer_history import TRIED
from intake.models import PendingSubmission, UnprovenRequest
from intake.questionnaire import PAGES, RECHECK, SAFETY_SCRIPT
from intake.requests import page_effects, resubmission

MOST_AT_ONCE = 500
TITLES = {page.key: page.title for page in (*PAGES, RECHECK, SAFETY_SCRIPT)} | {TRIED: "Treatments tried"}

log = structlog.get_logger("nucleus.intake")


def apply_due(now: datetime) -> int:
    """Let leads follow all that waits for it; return how much it was. Any number may run at once."""
    waiting = PendingSubmission.objects.ready().order_by("at", "pk").values_list("submission__lead", flat=True)
    applied, tried = 0, list[UUID]()
    while batch := list(dict.fromkeys(waiting.exclude(submission__lead__in=tried)[:MOST_AT_ONCE])):
        tried += batch
        applied += sum(_apply_all_of(lead_id, now=now) for lead_id in batch)
    return applied


def apply_request(held: UnprovenRequest, *, now: datetime) -> None:
    """Let the lead follow the pages of a request that a person has taken over. The form itself counts otherwise
    (known.absorb), however often it was sent. To be called with the lead locked."""
    for one, moment in _in_order(_of(held), now):
        if one.submission.reference is None:
            _apply(one, now=moment)
    _of(held).delete()


def has_sign(lead: Lead) -> bool:
    """Return whether an emergency sign waits that counts for a lead and is not in the record yet. One query."""
    return PendingSubmission.objects.ready().filter(submission__lead=lead, is_urgent=True).exists()


def _of(held: UnprovenRequest) -> "QuerySet[PendingSubmission]":
    return PendingSubmission.objects.filter(submission__unproven=held).select_related("submission__session__by")


@transaction.atomic
def _apply_all_of(lead_id: UUID, *, now: datetime) -> int:
    """Apply what waits for one lead, in its order, and return how much was; 0 when somebody else is at it: the next
    sweep finds what is left."""
    free = Lead.objects.select_for_update(no_key=True, skip_locked=True)
    if not free.filter(pk=lead_id).exists():
        return 0
    waiting = (
        PendingSubmission.objects.ready().filter(submission__lead=lead_id).select_related("submission__session__by")
    )
    return sum(_apply_alone(one, now=moment) for one, moment in _in_order(waiting, now))


def _in_order(waiting: "QuerySet[PendingSubmission]", now: datetime) -> Iterator[tuple[PendingSubmission, datetime]]:
    """Yield what waits in its order, each with a moment: what follows one after the other stays so in every list."""
    for number, one in enumerate(waiting.order_by("submission__entry")):
        yield one, now + timedelta(microseconds=number)


def _apply_alone(one: PendingSubmission, *, now: datetime) -> bool:
    """Apply one page in a transaction of its own; return False when it failed: the next sweep tries again."""
    try:
        with transaction.atomic():
            _apply(one, now=now)
            one.delete()
    except Exception as trouble:  # one that cannot be applied holds up no other
        log.error("pending_failed", submission=str(one.pk), exc_info=trouble)
        return False
    return True


def _apply(one: PendingSubmission, *, now: datetime) -> None:
    page = one.submission
    if page.reference is not None:
        resubmission.apply_repeat(page, is_urgent=one.is_urgent, now=now)
    else:
        title = TITLES.get(page.page, page.page)
        page_effects.apply_kept(page, title=title, is_urgent=one.is_urgent, now=now)
