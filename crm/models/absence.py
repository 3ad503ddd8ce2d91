"""Days on which somebody is away: they get no new leads, and what falls due is everybody's."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from uuid import UUID

from django.db import models

from crm.models.base import Row


class Absence(Row):
    user = models.ForeignKey("crm.User", on_delete=models.CASCADE, related_name="absences")
    first_day = models.DateField()
    last_day = models.DateField(help_text="The last day away.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(last_day__gte=models.F("first_day")), name="absence_ends_after_it_begins"
            )
        ]

    def __str__(self) -> str:
        return f"{self.first_day} to {self.last_day}"

    def covers(self, day: date) -> bool:
        """Return whether they are away on that day; the last day counts."""
        return self.first_day <= day <= self.last_day


def away_on(day: date) -> models.Q:
    """Return the filter for users who are away on a day."""
    return models.Q(absences__first_day__lte=day, absences__last_day__gte=day)


def absences_of(users: Iterable[UUID | None]) -> dict[UUID | None, list[Absence]]:
    """Return the absences of each of these users. One query, none for nobody."""
    found: dict[UUID | None, list[Absence]] = defaultdict(list)
    for absence in Absence.objects.filter(user__in={user for user in users if user}):
        found[absence.user_id].append(absence)
    return found
