"""What browsers have sent that have not shown whose they are: on record at once, applied by a worker.

A page, or the form sent again, costs the sender the same time whether it changes a lead or waits in somebody's name:
the request itself only keeps it. Whatever may change a record is done here, seconds later; without a broker by the
sweep. A request in somebody's name is applied when a person has found that it was theirs (intake/unproven.py).
"""

from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import QuerySet

from crm.models import Lead
from intake import applying, repeats
from intake.models import PendingSubmission, Submission, UnprovenRequest
from intake.questionnaire import PAGES, RECHECK, SAFETY_SCRIPT

MOST_AT_ONCE = 500
TITLES = {page.key: page.title for page in (*PAGES, RECHECK, SAFETY_SCRIPT)}

log = structlog.get_logger("nucleus.intake")


def apply_due(now: datetime) -> int:
    """Let leads follow all that waits for it; return how much it was. Any number may run at once."""
    waiting = PendingSubmission.objects.ready().order_by("at", "pk").values_list("pk", flat=True)
    applied = 0
    while done := sum(_apply_alone(pk, now=now) for pk in list(waiting[:MOST_AT_ONCE])):
        applied += done
    return applied


def apply_request(held: UnprovenRequest, *, now: datetime) -> None:
    """Let the lead follow the pages of a request that a person has taken over. The form itself counts otherwise
    (known.absorb), however often it was sent. To be called with the lead locked."""
    for one in _of(held).order_by("at", "pk"):
        if one.submission.reference is None:
            _apply(one, now=now)
    _of(held).delete()


def _of(held: UnprovenRequest) -> "QuerySet[PendingSubmission]":
    return PendingSubmission.objects.filter(submission__unproven=held).select_related("submission__session__by")


def _apply_alone(pk: UUID, *, now: datetime) -> bool:
    """One, in a transaction of its own. False when somebody else is at it, or at an earlier one of the same lead, and
    when it failed: the next sweep tries again."""
    try:
        with transaction.atomic():
            return _claim_and_apply(pk, now=now)
    except Exception as trouble:  # one that cannot be applied holds up no other
        log.error("pending_failed", submission=str(pk), exc_info=trouble)
        return False


def _claim_and_apply(pk: UUID, *, now: datetime) -> bool:
    submission = Submission.objects.get(pk=pk)
    free = Lead.objects.select_for_update(no_key=True, skip_locked=True)
    if not free.filter(pk=submission.lead_id).exists():
        return False
    one = PendingSubmission.objects.ready().filter(pk=pk).select_related("submission__session__by").first()
    if one is None:
        return False
    _apply(one, now=now)
    one.delete()
    return True


def _apply(one: PendingSubmission, *, now: datetime) -> None:
    page = one.submission
    if page.reference is not None:
        repeats.apply_repeat(page, is_urgent=one.is_urgent, now=now)
    else:
        title = TITLES.get(page.page, page.page)
        applying.apply_kept(page, title=title, is_urgent=one.is_urgent, now=now)
