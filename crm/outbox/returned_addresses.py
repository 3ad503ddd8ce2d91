"""Addresses to which no mail goes because it was returned, and what makes mail go there again."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from crm.enums.leads import CLOSED_STAGES, ActivityKind, TaskKind
from crm.leads import next_steps, tasks
from crm.mail import opt_out, suppression
from crm.models import Activity, Lead, Scope, SuppressedBecause, Suppression, Task, User
from crm.models.activity import BY_ITSELF
from crm.values.normalize import mailbox_key

ASK_FOR_ANOTHER = "The e-mail address does not work: ask for another"  # how, their page says
_ASKS = "bounce:"  # how the keys of these tasks begin


def give_up(address: str, *, lead: Lead | None, now: datetime) -> bool:
    """Stop all mail to an address, and have somebody ask its person for another, if it is the one on record and
    anything is ahead of them. False when nobody is asked. Inside the transaction of the returned mail."""
    is_new = opt_out.record(address, lead_id=None, scope=Scope.EVERYTHING, because=SuppressedBecause.BOUNCE, now=now)
    is_in_use = lead is not None and mailbox_key(lead.email) == mailbox_key(address)
    if lead and is_in_use and (lead.stage not in CLOSED_STAGES or next_steps.is_expected(lead)):
        key = _key(address, lead)
        task = Task(lead=lead, kind=TaskKind.MAIL_PROBLEM, title=ASK_FOR_ANOTHER, due_at=now, key=key)
        (tasks.open_again if is_new else tasks.open_once)(task)
        return True
    return False


@transaction.atomic
def works_again(address: str, *, lead: Lead, why: str, now: datetime, by: User | None = None, note: str = "") -> bool:
    """Let mail go to an address again that was given up; False when it was not. `why`: they wrote from it, they gave it
    anew, or a person (`by`) has a reason (`note`). Lifts nothing that anybody has wished. Who is wrong gains nothing:
    the next returned mail stops it again. Side effects: the calls that asked for another address are closed; a line on
    the timeline of the lead."""
    if not _of(address).update(lifted_at=now):
        return False
    summary = f"Mail goes to the address again: {why}"
    Activity.objects.create(
        lead=lead, kind=ActivityKind.DETAILS, at=now, by=by, summary=summary, note=note, details={BY_ITSELF: True}
    )
    has_calls = [lead, *Lead.objects.with_address(address).exclude(pk=lead.pk)]
    tasks.close(*(_key(address, one) for one in has_calls), now=now)
    return True


def replaced(lead: Lead, *, now: datetime) -> None:
    """Close the tasks that asked a lead for another address: there is one. The one that gave out may have been taken
    out long before."""
    Task.objects.open().filter(lead=lead, key__startswith=_ASKS).update(done_at=now)


def _of(address: str) -> "QuerySet[Suppression]":
    hashes = suppression.hashes_of(address)
    return Suppression.objects.filter(address_hash__in=hashes, because=SuppressedBecause.BOUNCE, lifted_at=None)


def _key(address: str, lead: Lead) -> str:
    return f"{_ASKS}{suppression.hash_of(address)}:{lead.pk}"[:100]
