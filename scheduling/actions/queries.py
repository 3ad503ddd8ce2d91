"""Reads of scheduling, one function a page."""

from datetime import date, datetime, time, timedelta

from django.db.models import Q

from crm.enums.leads import Outcome
from crm.leads import reviews
from crm.models import Lead, Location, User
from crm.models.lead import visible_q
from scheduling.enums import Status
from scheduling.models import Appointment, AppointmentType, BusyCalendar, Resource, ScheduleException, WaitlistEntry
from scheduling.models.appointment import AppointmentQuerySet


def of_lead(lead: Lead) -> AppointmentQuerySet:
    """Select every appointment of a lead, newest first."""
    found = Appointment.objects.filter(lead=lead).select_related("kind", "provider", "room", "location", "lead")
    return found.order_by("-starts_at", "-pk")


def ahead(lead: Lead, *, now: datetime) -> list[Appointment]:
    """Return what is still to come, the next one first. One query."""
    return list(of_lead(lead).standing().filter(ends_at__gt=now).order_by("starts_at"))


def ahead_of_kind(lead: Lead, kind: AppointmentType, *, now: datetime) -> Appointment | None:
    """Return the next appointment of one kind, or None. One query."""
    return next((one for one in ahead(lead, now=now) if one.kind_id == kind.pk), None)


def may_wait(lead: Lead) -> bool:
    """Return whether an appointment is what comes next: no warning sign, and no look of a clinician, comes before it.
    One query, none for whoever is urgent."""
    return not lead.safety_hold and lead.outcome != Outcome.URGENT and not reviews.is_looked_at(lead)


def bookable(lead: Lead) -> list[AppointmentType]:
    """Return the kinds of appointment that a patient can book without us. At most one query."""
    if lead.safety_hold or not lead.outcome:
        return []
    return [one for one in given_at(lead.location) if one.may_be_booked_by(lead)]


def given_at(location: Location) -> list[AppointmentType]:
    """Return the kinds of appointment that somebody at this location gives. One query."""
    given = AppointmentType.objects.filter(is_active=True, providers__is_active=True, providers__location=location)
    return list(given.distinct())


def providers_of(kind: AppointmentType, location: Location) -> list[Resource]:
    """Return who gives this kind at that location. One query."""
    return list(kind.providers.filter(is_active=True, location=location))


def waits(lead: Lead) -> list[WaitlistEntry]:
    """Return where a lead waits for an earlier time, or has one on offer."""
    return list(
        WaitlistEntry.objects.filter(lead=lead, state__in=["waiting", "offered"]).select_related("kind", "location")
    )


def between(location: Location, first: date, last: date) -> list[Appointment]:
    """Return what stands, or stood, on these days of a location's clock; canceled ones are left out. One query."""
    begin = datetime.combine(first, time(), tzinfo=location.zone)
    end = datetime.combine(last + timedelta(days=1), time(), tzinfo=location.zone)
    rows = Appointment.objects.filter(location=location, starts_at__gte=begin, starts_at__lt=end)
    rows = rows.exclude(status=Status.CANCELLED).select_related("lead", "kind", "provider", "room", "location")
    return list(rows.order_by("starts_at", "pk"))


def of_resource(resource: Resource, begin: datetime, end: datetime) -> list[Appointment]:
    """Return what stands, or stood, with a provider or in a room, without whom it is for. One query."""
    mine = Appointment.objects.filter(Q(provider=resource) | Q(room=resource), starts_at__gte=begin, starts_at__lt=end)
    return list(mine.exclude(status=Status.CANCELLED).select_related("kind", "location").order_by("starts_at", "pk"))


def to_rebook(user: User) -> list[Appointment]:
    """Return what waits for another time, the next one first (at most 50), at the locations that this person works for;
    also when its time has passed, until somebody has spoken with the patient. One query."""
    waiting = Appointment.objects.standing().filter(rebook_since__isnull=False)
    rows = waiting.filter(visible_q(user)).select_related("lead", "kind", "provider", "room", "location")
    return list(rows.order_by("starts_at", "pk")[:50])


def unmarked(user: User, *, before: datetime) -> list[Appointment]:
    """Return what was over before a moment and of which nobody has said what came of it, the newest first, of the
    locations that this person works for. One query."""
    over = Appointment.objects.standing().filter(visible_q(user), ends_at__lt=before, rebook_since=None)
    return list(over.select_related("lead", "kind", "provider", "location").order_by("-starts_at", "pk")[:50])


def closings(location: Location, shown: list[Resource], first: date, last: date) -> list[ScheduleException]:
    """Return what closes a location, or one of these resources, on these days, with its reason. One query."""
    rows = ScheduleException.objects.filter(Q(location=location) | Q(resource__in=shown), is_open=False)
    return list(rows.filter(to_day__gte=first, from_day__lte=last).select_related("resource", "location")[:10])


def silent_calendars(location: Location) -> list[BusyCalendar]:
    """Return providers' own calendars that did not answer, or not so that all of it could be read. One query."""
    rows = BusyCalendar.objects.filter(resource__location=location, is_active=True).exclude(trouble="", left_out="")
    return list(rows.select_related("resource").order_by("resource__position", "pk"))
