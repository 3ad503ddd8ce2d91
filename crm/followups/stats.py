"""How sequences go, in numbers."""

from dataclasses import dataclass

from django.db.models import Count, Q

from crm.enums.leads import EnrolmentBecause, EnrolmentState, MessageState, Stage
from crm.models import Enrolment, Message, User
from crm.models.lead import in_sight


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


def of_all(user: User) -> dict[str, SequenceFigures]:
    """{sequence: figures} of those that anybody of the locations was in that `user` works for. Two queries."""
    theirs = in_sight(user, location="lead__location")
    rows = (
        Enrolment.objects.filter(theirs)
        .values("key")
        .annotate(
            enrolled=Count("pk"),
            live=Count("pk", filter=Q(state=EnrolmentState.LIVE)),
            waiting=Count("pk", filter=Q(state__in=[EnrolmentState.PAUSED, EnrolmentState.PARKED])),
            done=Count("pk", filter=Q(state=EnrolmentState.DONE)),
            stopped=Count("pk", filter=Q(state=EnrolmentState.STOPPED)),
            replied=Count("pk", filter=Q(because=EnrolmentBecause.WROTE)),
            consulted=Count("pk", filter=Q(lead__stage__in=[Stage.CONSULTED, Stage.PATIENT])),
        )
        .values_list("key", "enrolled", "live", "waiting", "done", "stopped", "replied", "consulted")
    )
    mails = Message.objects.filter(theirs, enrolment__isnull=False, state=MessageState.SENT)
    sent = dict(mails.values("enrolment__key").annotate(count=Count("pk")).values_list("enrolment__key", "count"))
    return {row[0]: SequenceFigures(*row[1:], sent.get(row[0], 0)) for row in rows}


def why_stopped(key: str, user: User) -> list[tuple[str, int]]:
    """[(reason, how many)] of a sequence's enrolments that were stopped, the most frequent first."""
    theirs = Enrolment.objects.filter(in_sight(user, location="lead__location"))
    stopped = theirs.filter(key=key, state=EnrolmentState.STOPPED).values("reason")
    return list(stopped.annotate(count=Count("pk")).order_by("-count", "reason").values_list("reason", "count")[:10])
