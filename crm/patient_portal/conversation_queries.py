"""Reads the conversation between the center and a patient."""

from datetime import datetime, timedelta
from uuid import UUID

from crm.enums.leads import TaskKind
from crm.models import InboundMail, Lead, PrivateMessage, Task
from crm.models.inbound import InboundKind

SHOWN = 20
_INSTANT = timedelta(microseconds=1)


def latest(lead: Lead, *, to_patient: bool, everything: bool = False) -> tuple[list[PrivateMessage], bool]:
    """Return the latest messages, newest first, and whether there are older ones. What the reader has not read yet is
    always among them."""
    both = PrivateMessage.objects.filter(lead=lead).select_related("by").order_by("-at", "-pk")
    if everything:
        return list(both), False
    new = both.filter(by__isnull=not to_patient, read_at__isnull=True)
    shown = list(both[: SHOWN + 1])
    if len(shown) <= SHOWN:
        return shown, False
    if (oldest := new.last()) and oldest.at < shown[SHOWN - 1].at:
        shown = list(both.filter(at__gte=oldest.at))
        return shown, both.filter(at__lt=oldest.at).exists()
    return shown[:SHOWN], True


def moment_after(latest: PrivateMessage | InboundMail | None, *, now: datetime) -> datetime:
    """Return the moment of what comes `now` behind the `latest` of a locked lead: whoever has seen that one has seen
    nothing later, however long something was on its way."""
    return max(now, latest.at + _INSTANT) if latest else now


def awaits_answer(lead: Lead) -> bool:
    """Tell whether something that the patient wrote is still to be answered."""
    return Task.objects.open().filter(lead=lead, kind=TaskKind.ANSWER).exists()


def newest_mail(lead: Lead) -> InboundMail | None:
    """Return the latest e-mail that the patient wrote."""
    return InboundMail.objects.filter(lead=lead, kind=InboundKind.REPLY).order_by("-at", "-pk").first()


def mail_after(lead: Lead, seen: UUID | None) -> InboundMail | None:
    """Return the latest e-mail of the patient, unless it is this one or came before it."""
    newest = newest_mail(lead)
    if newest is None or newest.pk == seen:
        return None
    known = InboundMail.objects.filter(lead=lead, pk=seen).first() if seen else None
    return newest if known is None or newest.at > known.at else None
