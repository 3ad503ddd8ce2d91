"""What can go wrong with a booking."""

from dataclasses import replace
from datetime import datetime
from functools import cached_property

from django.utils.translation import gettext

from crm.errors import DomainError
from scheduling.actions import availability
from scheduling.actions.availability import Free, SlotQuery


class BookingRefused(DomainError):
    """The rules do not allow it. `message` says what to do instead."""


class SlotTaken(BookingRefused):
    """Somebody was faster, or the time is not offered."""

    def __init__(self, asked: SlotQuery, start: datetime, *, now: datetime) -> None:
        super().__init__(gettext("This time is no longer free. Please choose another one."))
        self.start = start
        self._looked_for = (asked, now)

    @cached_property
    def instead(self) -> list[Free]:
        """Return the nearest times that are free, of the same provider if there are any; looked for when somebody wants
        to see them, in no transaction."""
        asked, now = self._looked_for
        theirs = availability.nearest(asked, self.start, now=now)
        return theirs or availability.nearest(replace(asked, provider=None), self.start, now=now)


class ChangedMeanwhile(BookingRefused):
    """The appointment is not as the page showed it."""

    def __init__(self) -> None:
        super().__init__(gettext("This appointment was changed in the meantime. Here is how it stands now."))
