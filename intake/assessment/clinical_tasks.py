"""Tasks for which somebody clinical is needed, as rows: an urgent call, a review. Nothing here touches the database."""

from datetime import datetime

from crm.enums.leads import ActivityKind, TaskKind
from crm.leads.reviews import OF_A_REPORT
from crm.models import Activity, Lead, Task
from crm.values import opening_hours

ON_HOLD = "Routine messages and booking are on hold"


def urgent_call(lead: Lead, *, key: object, now: datetime) -> Task:
    """Make the task to call at once, one for each `key`. Its title says nothing of why: more people read tasks."""
    title = "Urgent: call now"
    return Task(lead=lead, kind=TaskKind.URGENT_CALL, title=title, due_at=now, key=f"urgent:{key}", created_at=now)


def review(lead: Lead, *, key: str, now: datetime) -> Task:
    """Make the task for a clinician, due within a business day of the center."""
    center = lead.location
    due = opening_hours.end_of_next_day(now, hours=center.hours, holidays=center.holidays, zone=center.zone)
    title = "A clinician should look at this"
    return Task(lead=lead, kind=TaskKind.REVIEW, title=title, due_at=due, key=key, created_at=now)


def report_review(lead: Lead, report: object, *, now: datetime) -> Task:
    """Make the review of what a report says, one a report (its key): it ends with the decision about the report."""
    made = review(lead, key=f"{OF_A_REPORT}{report}", now=now)
    made.title = "A clinician should look at what was sent in this name"
    return made


def hold_noted(lead: Lead, *, now: datetime) -> Activity:
    """Make the entry on the timeline of a safety hold that begins."""
    return Activity(lead=lead, kind=ActivityKind.SAFETY_HOLD, at=now, summary=ON_HOLD)
