"""People around a patient: naming them, and taking them off the list."""

from datetime import datetime
from typing import Any

from django.db import transaction

from crm.enums import ActivityKind
from crm.models import Activity, ContactPerson, Lead, User


@transaction.atomic
def add(lead: Lead, *, by: User | None, now: datetime, **columns: Any) -> ContactPerson:
    """Name somebody; without `by` the patient does. Whoever is on the list with exactly this is there once.

    Locks the lead. Side effects: the row, and an Activity with what is allowed.
    """
    Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
    there = ContactPerson.objects.filter(lead=lead, ended_at__isnull=True, **columns).order_by("created_at", "pk")
    if same := there.first():
        return same
    person = ContactPerson.objects.create(lead=lead, created_by=by, created_at=now, **columns)
    _note(person, f"Named {person}: {_allowed(person)}", by=by, now=now)
    return person


@transaction.atomic
def end(person: ContactPerson, *, by: User | None, now: datetime) -> bool:
    """Takes somebody off the list; the row stays. False when that was done before."""
    if not ContactPerson.objects.filter(pk=person.pk, ended_at__isnull=True).update(ended_at=now):
        return False
    _note(person, f"No longer to be told anything: {person}", by=by, now=now)
    return True


def _allowed(person: ContactPerson) -> str:
    discuss = "may discuss" if person.may_discuss else "do not discuss"
    return f"{discuss}, {'may book' if person.may_book else 'may not book'}"


def _note(person: ContactPerson, summary: str, *, by: User | None, now: datetime) -> None:
    Activity.objects.create(lead=person.lead, kind=ActivityKind.DETAILS, at=now, by=by, summary=summary[:200])
