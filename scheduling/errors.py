"""What can go wrong with a booking."""

from django.utils.translation import gettext

from crm.errors import DomainError
from scheduling.availability import Free


class BookingRefused(DomainError):
    """The rules do not allow it. `message` says what to do instead."""


class SlotTaken(BookingRefused):
    """Somebody was faster, or the time is not offered. `instead`: the nearest ones that are."""

    def __init__(self, instead: list[Free]) -> None:
        super().__init__(gettext("This time is no longer free. Please choose another one."))
        self.instead = instead


class ChangedMeanwhile(BookingRefused):
    """The appointment is not as the page showed it."""

    def __init__(self) -> None:
        super().__init__(gettext("This appointment was changed in the meantime. Here is how it stands now."))
