"""How sequences go, in numbers."""

from dataclasses import dataclass

from django.db.models import Count, Q

from crm.enums import EnrolmentState, MessageState, Stage
from crm.models import Enrolment, Message


@dataclass(frozen=True)
class SequenceFigures:
    """Who was ever in a sequence, who is, how it ended, the mails accepted, and how many came to a consultation."""

    enrolled: int = 0
    live: int = 0
    waiting: int = 0
    done: int = 0
    stopped: int = 0
    replied: int = 0
    consulted: int = 0
    sent: int = 0


def of_all() -> dict[str, SequenceFigures]:
    """{sequence: figures} of those that anybody was in. Two queries."""
    rows = (
        Enrolment.objects.values("key")
        .annotate(
            enrolled=Count("pk"),
            live=Count("pk", filter=Q(state=EnrolmentState.LIVE)),
            waiting=Count("pk", filter=Q(state__in=[EnrolmentState.PAUSED, EnrolmentState.PARKED])),
            done=Count("pk", filter=Q(state=EnrolmentState.DONE)),
            stopped=Count("pk", filter=Q(state=EnrolmentState.STOPPED)),
            replied=Count("pk", filter=Q(reason__startswith="The patient wrote")),
            consulted=Count("pk", filter=Q(lead__stage__in=[Stage.CONSULTED, Stage.PATIENT])),
        )
        .values_list("key", "enrolled", "live", "waiting", "done", "stopped", "replied", "consulted")
    )
    mails = Message.objects.filter(enrolment__isnull=False, state=MessageState.SENT).values("enrolment__key")
    sent = dict(mails.annotate(count=Count("pk")).values_list("enrolment__key", "count"))
    return {row[0]: SequenceFigures(*row[1:], sent.get(row[0], 0)) for row in rows}


def why_stopped(key: str) -> list[tuple[str, int]]:
    """[(reason, how many)] of a sequence's enrolments that were stopped, the most frequent first."""
    stopped = Enrolment.objects.filter(key=key, state=EnrolmentState.STOPPED).values("reason")
    return list(stopped.annotate(count=Count("pk")).order_by("-count", "reason").values_list("reason", "count")[:10])
