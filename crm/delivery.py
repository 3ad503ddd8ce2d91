"""placeholder"""


def send_due(*, first: "list[str] | None" = None) -> int:
    """In the making: leaves everything in the outbox."""
    return 0
