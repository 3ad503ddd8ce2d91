"""How sequences go, in numbers."""

from dataclasses import dataclass

from django.db.models import Count, Q

from crm.enums.leads import EnrollmentBecause, EnrollmentState, MessageState, Stage
from crm.models import Enrollment, Message, User
from crm.models.lead import visible_q


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
    """Return {sequence: figures} of every sequence in which a lead ever was at the locations that `user` works for.
    Runs two queries."""
    theirs = visible_q(user, location="lead__location")
    rows = (
        Enrollment.objects.filter(theirs)
        .values("key")
        .annotate(
            enrolled=Count("pk"),
            live=Count("pk", filter=Q(state=EnrollmentState.LIVE)),
            waiting=Count("pk", filter=Q(state__in=[EnrollmentState.PAUSED, EnrollmentState.PARKED])),
            done=Count("pk", filter=Q(state=EnrollmentState.DONE)),
            stopped=Count("pk", filter=Q(state=EnrollmentState.STOPPED)),
            replied=Count("pk", filter=Q(because=EnrollmentBecause.WROTE)),
            consulted=Count("pk", filter=Q(lead__stage__in=[Stage.CONSULTED, Stage.PATIENT])),
        )
        .values_list("key", "enrolled", "live", "waiting", "done", "stopped", "replied", "consulted")
    )
    mails = Message.objects.filter(theirs, enrollment__isnull=False, state=MessageState.SENT)
    sent = dict(mails.values("enrollment__key").annotate(count=Count("pk")).values_list("enrollment__key", "count"))
    return {row[0]: SequenceFigures(*row[1:], sent.get(row[0], 0)) for row in rows}


def why_stopped(key: str, user: User) -> list[tuple[str, int]]:
    """Return [(reason, how many)] of a sequence's enrollments that were stopped at the locations that `user` works for:
    the ten most frequent reasons, the most frequent first."""
    theirs = Enrollment.objects.filter(visible_q(user, location="lead__location"))
    stopped = theirs.filter(key=key, state=EnrollmentState.STOPPED).values("reason")
    return list(stopped.annotate(count=Count("pk")).order_by("-count", "reason").values_list("reason", "count")[:10])
