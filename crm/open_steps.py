"""Steps of sequences whose mail was taken back unsent: they are to be done after all."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat

from crm.models import Message, StepOutcome


def open_again(taken_back: Collection[UUID]) -> None:
    """Forget that these mails did their steps. Each gives up its key, so that the step may be written again."""
    StepOutcome.objects.filter(message__in=taken_back).delete()
    Message.objects.filter(pk__in=taken_back).update(key=Concat("key", Value(":"), Cast("pk", CharField())))
