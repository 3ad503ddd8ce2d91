"""Who would like an earlier time, in the order in which they asked; and the times that have become free for them."""

from django.db import models
from django.db.models import Q
from django.utils.timezone import now

from crm.models.base import Row
from scheduling.enums import WaitState
from scheduling.models.kind import AppointmentType


class WaitlistEntry(Row):
    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, related_name="waits")
    kind = models.ForeignKey(AppointmentType, on_delete=models.CASCADE, related_name="waits")
    location = models.ForeignKey("crm.Location", on_delete=models.CASCADE, related_name="+")
    first_day = models.DateField(help_text="Not before this day.")
    last_day = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=WaitState, default=WaitState.WAITING)
    since = models.DateTimeField(default=now, editable=False)
    hold = models.UUIDField(null=True, blank=True, help_text="Of the time that is offered.")
    offered_until = models.DateTimeField(null=True, blank=True)
    lapsed_start = models.DateTimeField(null=True, blank=True, help_text="The last offer that was not answered.")
    offered_start = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "place in the waiting list"
        verbose_name_plural = "waiting list"
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "kind"], condition=Q(state__in=["waiting", "offered"]), name="waits_once"
            ),
            models.CheckConstraint(
                condition=~Q(state=WaitState.OFFERED)
                | Q(hold__isnull=False, offered_until__isnull=False, offered_start__isnull=False),
                name="offer_has_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "location", "since"], condition=Q(state="waiting"), name="waits_in_turn"),
            models.Index(fields=["offered_until"], condition=Q(state="offered"), name="offer_ends"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.get_state_display().lower()}"


class FreedTime(Row):
    """A time that was given back while somebody waited. The sweep offers it to whoever is next, and forgets it."""

    kind = models.ForeignKey(AppointmentType, on_delete=models.CASCADE, related_name="+")
    location = models.ForeignKey("crm.Location", on_delete=models.CASCADE, related_name="+")
    start = models.DateTimeField()
    at = models.DateTimeField(default=now, editable=False)
    by = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "location", "start"], name="freed_once")]

    def __str__(self) -> str:
        return f"{self.kind}: {self.start:%Y-%m-%d %H:%M} UTC"
