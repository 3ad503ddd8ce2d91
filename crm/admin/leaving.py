"""Say at the desk what becomes of a mail that somebody asked for: that it leaves, or that it waits with all others."""

from django.contrib import messages
from django.http import HttpRequest

from crm.mail import status as mail_status

AGAIN = "The message is in the queue again."
HELD = "All mail is held: it leaves when somebody lets mail go out again."


def say(request: HttpRequest, leaves: str, *, waits: str) -> None:
    """Tell in the words of `leaves` that a mail is on its way; while all mail is held, in those of `waits` that it is
    kept. One query."""
    if mail_status.is_paused():
        messages.warning(request, f"{waits} {HELD}")
    else:
        messages.success(request, leaves)
