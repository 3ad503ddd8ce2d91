"""`manage.py fhir_appointment ID`: one appointment as FHIR R4 JSON."""

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from scheduling.calendars import fhir
from scheduling.models import Appointment


class Command(BaseCommand):
    help = "Prints an appointment as an HL7 FHIR R4 Appointment (JSON)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=UUID)

    def handle(self, *args: Any, **options: Any) -> None:
        found = Appointment.objects.select_related("kind", "provider", "room", "location").filter(pk=options["id"])
        made = found.first()
        if made is None:
            raise CommandError(f"There is no appointment {options['id']}.")
        self.stdout.write(json.dumps(fhir.as_resource(made), indent=1, ensure_ascii=False))
