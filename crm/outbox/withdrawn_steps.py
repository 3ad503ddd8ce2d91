"""Mails of steps of sequences that are taken back unsent, and the steps, which are to be done after all."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import CharField, QuerySet, Value
from django.db.models.functions import Cast, Concat

from crm.enums.leads import MessageState
from crm.models import Message, StepOutcome

GONE = "Its step is no longer in the sequence"


def take_back(mails: QuerySet[Message], *, reason: str, now: datetime) -> list[UUID]:
    """Cancel the mails that nobody has begun to send; return their ids. One that a worker holds goes out: it was in
    time. Call it inside a transaction."""
    waiting = mails.filter(state=MessageState.QUEUED)
    ids = list(waiting.select_for_update(no_key=True, skip_locked=True).values_list("pk", flat=True))
    Message.objects.filter(pk__in=ids, state=MessageState.QUEUED).update(
        state=MessageState.CANCELLED, reason=reason[:200], finished_at=now
    )
    return ids


def open_again(taken_back: Collection[UUID]) -> None:
    """Forget that these mails did their steps. Each gives up its key, so that the step may be written again."""
    StepOutcome.objects.filter(message__in=taken_back).delete()
    give_up_keys(Message.objects.filter(pk__in=taken_back))


def give_up_keys(messages: QuerySet[Message]) -> None:
    """Let the same cause have another mail, by changing the keys of these."""
    messages.update(key=Concat("key", Value(":"), Cast("pk", CharField())))
