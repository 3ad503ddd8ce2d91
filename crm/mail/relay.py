"""What can come of handing a mail over, in four words, whether by SMTP (crm/mail/smtp.py) or to a provider
(crm/mail/provider.py): accepted (no exception), MailRefused, Unreachable (RefusesUs) or Interrupted, Lost.

Their texts hold reply codes and nothing else, because servers quote addresses in their replies.
"""

from datetime import timedelta
from typing import Protocol


class Unreachable(Exception):
    """No conversation came about: nothing is wrong with any mail, and none was handed over."""


class RefusesUs(Unreachable):
    """The far end takes nothing from us for now: our sign-in, sender, quota or account is the matter, not the mail.

    With `only_sender` it refuses whom this mail is from, and others may still send. `is_passing`: it said so itself.
    `wait`: for how long it asked us to wait.
    """

    def __init__(
        self, said: str, *, only_sender: bool = False, is_passing: bool = False, wait: timedelta = timedelta()
    ) -> None:
        super().__init__(said)
        self.only_sender, self.is_passing, self.wait = only_sender, is_passing, wait


class Interrupted(Exception):
    """The conversation broke off before this mail's content: it was not handed over."""


class Lost(Exception):
    """The conversation broke off after the content began: nobody can know whether the mail was accepted.

    With `repeatable` the far end promises to take the same mail once, however often it is handed over.
    """

    def __init__(self, said: str, *, repeatable: bool = False) -> None:
        super().__init__(said)
        self.repeatable = repeatable


class MailRefused(Exception):
    """The server said no to this mail, for good or for now."""

    def __init__(self, said: str, *, is_permanent: bool, is_greylisting: bool = False) -> None:
        super().__init__(said)
        self.is_permanent, self.is_greylisting = is_permanent, is_greylisting


class Relay(Protocol):
    """One way out. Connects when the first mail is offered and stays connected for the next."""

    def offer(self, *, sender: str, recipient: str) -> None:
        """Begin one mail by its envelope. Raises Unreachable, Interrupted or MailRefused."""

    def hand_over(self, content: bytes) -> None:
        """Send the mail that was offered; returning means accepted. Raises MailRefused, Unreachable or Lost."""

    def withdraw(self) -> None:
        """Take back the offer of a mail that is not to be handed over after all."""

    def abort(self) -> None:
        """Break off whatever is being waited for. Made for a signal handler."""

    def close(self) -> None:
        """Hang up."""
