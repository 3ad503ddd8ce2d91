"""A private address under which a calendar program reads one resource's appointments."""

from django.db import models
from django.utils.timezone import now

from crm.models.base import Row
from scheduling.models.resource import Resource


class CalendarFeed(Row):
    """One a resource. Only the hash of the token is kept: whoever loses the address gets a new one, and the old one is
    dead."""

    resource = models.OneToOneField(Resource, on_delete=models.CASCADE, related_name="feed")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=now, editable=False)

    def __str__(self) -> str:
        return f"Feed of {self.resource}"
