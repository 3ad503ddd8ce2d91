"""How somebody who opened a link shows who they are: a mailed code, a code told on the phone, or the date of birth.

Each stands behind a link and never instead of one: a name, an address and a birthday are known to many.

A mailed code proves that one reads a mailbox. Where two people share one, it proves nothing about which of them is
reading, so it is not offered there. A date of birth is easy to guess by machine: few tries a day, counted by lead,
because a link may be opened again and again.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F, Sum

from crm import patient_access
from crm.models import Lead, PatientSession

TRIES_A_DAY = 5


@dataclass(frozen=True)
class Ways:
    """What may be offered beside the telephone, which always may."""

    mail: bool
    birthday: bool


def ways(session: PatientSession, *, now: datetime) -> Ways:
    """What this browser may use; nothing before it has opened a link, whoever is asked about."""
    lead = session.lead
    if not session.may_be_proven:
        return Ways(mail=False, birthday=False)
    return Ways(
        mail=bool(lead.email) and not patient_access.shares_address(lead),
        birthday=_may_try(lead, now),
    )


@transaction.atomic
def check_birthday(session: PatientSession, typed: date, *, now: datetime) -> bool:
    """True, and the session is proven, for the date of birth on record. Each try counts; too many close this way."""
    lead = Lead.objects.select_for_update().get(pk=session.lead_id)
    if not session.may_be_proven or not _may_try(lead, now):
        return False
    PatientSession.objects.filter(pk=session.pk).update(birthday_tries=F("birthday_tries") + 1)
    right = bool(lead.date_of_birth == typed.isoformat())
    if right:
        PatientSession.objects.filter(pk=session.pk).update(proven_at=now)
    return right


def _may_try(lead: Lead, now: datetime) -> bool:
    return bool(lead.date_of_birth) and _tries(lead, now) < TRIES_A_DAY


def _tries(lead: Lead, now: datetime) -> int:
    recent = PatientSession.objects.filter(lead=lead, created_at__gt=now - timedelta(days=1), proven_at__isnull=True)
    return recent.aggregate(sum=Sum("birthday_tries"))["sum"] or 0
