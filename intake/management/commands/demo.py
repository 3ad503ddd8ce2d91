"""`manage.py demo`: fills an empty database with invented people. Does nothing when a center exists already."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from intake.demo import fill


class Command(BaseCommand):
    help = "Fills an empty database with a center, staff and 40 invented requests, to try things out on."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IS_PUBLIC:
            raise CommandError("This site is public (SITE_URL): demo data and its known password are refused here.")
        if fill.exists():
            self.stdout.write("This database holds a center already: nothing was added.")
            return
        fill.make(now=timezone.now())
        self.stdout.write(f"Demo data made: {fill.LEADS} invented requests.")
