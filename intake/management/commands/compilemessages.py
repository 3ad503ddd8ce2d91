"""Makes from each django.po the django.mo that Django reads. In the place of Django's own command, which needs GNU
gettext."""

from io import BytesIO
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.core.management.base import BaseCommand

from crm.values.reviewed_text import LOCALE


class Command(BaseCommand):
    help = "Compiles the translations. Needs no settings, no database, no services."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        for file in sorted(LOCALE.glob("*/LC_MESSAGES/django.po")):
            compiled = BytesIO()
            write_mo(compiled, read_po(BytesIO(file.read_bytes()), locale=file.parts[-3], abort_invalid=True))
            file.with_suffix(".mo").write_bytes(compiled.getvalue())
