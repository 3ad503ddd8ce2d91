"""People around a patient: naming them, and taking them off the list."""

from datetime import datetime
from typing import Any

from django.db import transaction

from crm.enums.leads import ActivityKind
from crm.models import Activity, ContactPerson, Lead, User
from crm.values.normalize import name_key


@transaction.atomic
def add(lead: Lead, *, by: User | None, now: datetime, **columns: Any) -> ContactPerson:
    """Name somebody; without `by` the patient does. Whoever is on the list is there once: what is said now takes the
    place of what was said before.

    Locks the lead. Side effects: the row, and an Activity with what is allowed.
    """
    Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
    there = _of(lead, columns["name"], columns["relation"])
    if len(there) == 1 and all(getattr(there[0], name) == value for name, value in columns.items()):
        return there[0]
    _end(there, now=now)
    person = ContactPerson.objects.create(lead=lead, created_by=by, created_at=now, **columns)
    _note(person, f"Named {person}: {_allowed(person)}", by=by, now=now)
    return person


@transaction.atomic
def end(person: ContactPerson, *, by: User | None, now: datetime) -> bool:
    """Take somebody off the list, however often they stand on it; the rows stay. False when that was done before."""
    Lead.objects.select_for_update(no_key=True).get(pk=person.lead_id)
    if not _end([person, *_of(person.lead, person.name, person.relation)], now=now):
        return False
    _note(person, f"No longer to be told anything: {person}", by=by, now=now)
    return True


def _of(lead: Lead, name: str, relation: str) -> list[ContactPerson]:
    """Return the rows in force of one person, however the name was typed."""
    listed = ContactPerson.objects.filter(lead=lead, ended_at__isnull=True).order_by("created_at", "pk")
    wanted = (name_key(name), name_key(relation))
    return [one for one in listed if (name_key(one.name), name_key(one.relation)) == wanted]


def _end(people: list[ContactPerson], *, now: datetime) -> int:
    rows = ContactPerson.objects.filter(pk__in=[one.pk for one in people], ended_at__isnull=True)
    return rows.update(ended_at=now)


def _allowed(person: ContactPerson) -> str:
    discuss = "may discuss" if person.may_discuss else "do not discuss"
    return f"{discuss}, {'may book' if person.may_book else 'may not book'}"


def _note(person: ContactPerson, summary: str, *, by: User | None, now: datetime) -> None:
    Activity.objects.create(lead=person.lead, kind=ActivityKind.DETAILS, at=now, by=by, summary=summary[:200])
