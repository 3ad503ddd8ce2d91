"""Tell workers, desk and monitoring whether mail goes out now, through which server, and how the outbox stands."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Count, F, Func, Min, Q, Value
from django.db.models.functions import Greatest, Now

from crm.enums.leads import LEASED_STATES, NEEDS_A_PERSON, MessageState
from crm.environment import Provider, SmtpServer
from crm.models import Message
from crm.models.message import LATE_AFTER
from crm.models.sending import ONLY, Sending

RECENT = timedelta(hours=1)
MOST_COUNTED = 10_000


def switch() -> Sending:
    """Return the switch of all sending as it stands now; every run of a worker reads it."""
    return Sending.objects.filter(pk=ONLY).first() or Sending()


def is_paused() -> bool:
    """Tell whether all mail is held, by the environment or by somebody at the desk: nothing goes out, all is kept."""
    return _holds(switch())


def _holds(now: Sending) -> bool:
    return settings.SENDING == "paused" or now.is_paused


def commercial_is_paused() -> bool:
    """Tell whether commercial mail is held, because too many people reported it as unwanted."""
    return switch().commercial_paused


def server() -> SmtpServer | Provider:
    """Return the server to hand mail over to: the second one while the switch says so and there is one."""
    second: SmtpServer | Provider | None = settings.SECOND_MAIL_SERVER
    first: SmtpServer | Provider = settings.MAIL_SERVER
    return second if second and switch().through_second else first


def has_to_wait() -> bool:
    """Return whether the server refused us a moment ago, or asked us to come again later."""
    return Sending.objects.filter(pk=ONLY, waits_until__gt=Now()).exists()


def wait_for(span: timedelta) -> None:
    """Leave the server alone, by all workers, for so long from now, or for as long as it asked before."""
    Sending.objects.bulk_create([Sending(pk=ONLY)], ignore_conflicts=True)
    Sending.objects.filter(pk=ONLY).update(waits_until=Greatest("waits_until", Now() + span))


def count_fenced() -> None:
    """Count one more refusal of a worker that had lost its lease: many of these say that leases are too short."""
    Sending.objects.bulk_create([Sending(pk=ONLY)], ignore_conflicts=True)
    Sending.objects.filter(pk=ONLY).update(fenced=F("fenced") + 1)


def count_broken_off(mail_id: UUID) -> int:
    """Note that the server hung up over this mail; return over how many it did since it last answered about one."""
    Sending.objects.bulk_create([Sending(pk=ONLY)], ignore_conflicts=True)
    others = Sending.objects.filter(pk=ONLY).exclude(broken_off__contains=[mail_id])
    others.update(broken_off=Func(F("broken_off"), Value(mail_id), function="array_append"))
    return len(switch().broken_off)


def forget_broken_off() -> None:
    """Forget over which mails the server hung up: it has answered about one again."""
    Sending.objects.filter(pk=ONLY).exclude(broken_off=[]).update(broken_off=[])


@dataclass(frozen=True)
class OutboxStatus:
    """`due` wait for a worker now, `late` for longer than LATE_AFTER; `retrying` were put off by the server; `parked`
    and `failed` wait for a person; `oldest_seconds` is how long the oldest due one has waited."""

    due: int = 0
    late: int = 0
    late_people: int = 0
    retrying: int = 0
    going: int = 0
    parked: int = 0
    failed: int = 0
    sent_last_hour: int = 0
    oldest_seconds: float = 0.0
    is_paused: bool = False
    through_second: bool = False
    commercial_paused: bool = False
    fenced: int = 0


def standing() -> OutboxStatus:
    """Count what the outbox holds, by PostgreSQL's clock, from partial indexes: as quick with five million old mails as
    with none."""
    is_late = Q(due_at__lt=Now() - LATE_AFTER)
    due = Message.objects.due().aggregate(
        due=Count("pk"),
        late=Count("pk", filter=is_late),
        people=Count("lead", filter=is_late, distinct=True),
        oldest=Now() - Min("due_at"),
    )
    queued = Message.objects.filter(state=MessageState.QUEUED)
    now = switch()
    return OutboxStatus(
        due=due["due"],
        late=due["late"],
        late_people=due["people"],
        retrying=queued.filter(attempts__gt=0, due_at__gt=Now()).count(),
        going=Message.objects.filter(state__in=LEASED_STATES).count(),
        parked=_count(MessageState.UNKNOWN),
        failed=_count(MessageState.FAILED),
        sent_last_hour=Message.objects.filter(state=MessageState.SENT, finished_at__gt=Now() - RECENT).count(),
        oldest_seconds=due["oldest"].total_seconds() if due["oldest"] else 0.0,
        is_paused=_holds(now),
        through_second=now.through_second,
        commercial_paused=now.commercial_paused,
        fenced=now.fenced,
    )


def _count(state: MessageState) -> int:
    return Message.objects.filter(state=state, state__in=NEEDS_A_PERSON)[:MOST_COUNTED].count()


def oldest_due_seconds() -> float | None:
    """Return how long the message that waits longest has been due, by PostgreSQL's clock; None if nothing is due."""
    age = Message.objects.due().aggregate(age=Now() - Min("due_at"))["age"]
    return None if age is None else float(age.total_seconds())
