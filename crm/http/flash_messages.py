"""What is said of a press ("... is stored") is for the person who pressed, and for the page that follows.

A browser holds such messages in a cookie until a page shows them, whoever it is open for by then.
"""

from collections.abc import Iterator
from typing import Any

from django.contrib.messages.storage.base import Message
from django.contrib.messages.storage.fallback import FallbackStorage

_PRIVATE = "session-"


class PageMessages(FallbackStorage):
    """Django's storage; on the private page a message belongs to its session, and pages of others drop it."""

    def add(self, level: int, message: Any, extra_tags: str | None = "") -> None:
        """Mark what is said on the private page with its session."""
        super().add(level, message, self._session() or extra_tags)

    def __iter__(self) -> Iterator[Message]:
        return iter([one for one in super().__iter__() if self._is_for_this_page(one)])

    def __len__(self) -> int:
        held: Any = self
        return sum(self._is_for_this_page(one) for one in [*held._loaded_messages, *held._queued_messages])

    def _is_for_this_page(self, message: Message) -> bool:
        tags, session = str(message.extra_tags or ""), self._session()
        return tags == session if session else not tags.startswith(_PRIVATE)

    def _session(self) -> str:
        session = getattr(self.request, "patient", None)
        return f"{_PRIVATE}{session.pk.hex}" if session else ""
