"""Writes docs/roles.md anew from crm/roles.py. Needs no database."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from crm import roles

PAGE = Path(__file__).resolve().parents[3] / "docs" / "roles.md"
STALE = "docs/roles.md does not say what crm/roles.py says. Write it anew: .venv/bin/python manage.py roles_page"


class Command(BaseCommand):
    help = "Writes the roles and their permissions into docs/roles.md, as crm/roles.py has them."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing, and fail when the page is stale")

    def handle(self, *_args: Any, check: bool, **_options: Any) -> None:
        """Raise CommandError with `check` for a page that has to be written anew."""
        page = PAGE.read_text("utf-8")
        wanted = roles.as_page(page)
        if check and page != wanted:
            raise CommandError(STALE)
        PAGE.write_text(wanted, "utf-8")
