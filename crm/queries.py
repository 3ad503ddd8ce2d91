"""Reads, one function a page."""

from django.db.models import Min
from django.db.models.functions import Now

from crm.models import Location, Message


def main_location() -> Location | None:
    """The location whose name, telephone and hours the public pages show; None before one is set up."""
    return Location.objects.main()


def oldest_due_seconds() -> float | None:
    """How long the message that waits longest has been due, by PostgreSQL's clock; None when nothing is due."""
    age = Message.objects.due().aggregate(age=Now() - Min("due_at"))["age"]
    return None if age is None else float(age.total_seconds())
