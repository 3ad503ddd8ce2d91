"""Reads, one function a page."""

from crm.models import Location


def main_location() -> Location | None:
    """The location whose name, telephone and hours the public pages show; None before one is set up."""
    return Location.objects.main()
