"""`manage.py explain_document FILE [--name NAME]`: whether a file would be kept as a document, and why not."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand

from crm.documents.formats import validation
from crm.enums.documents import Unfit
from crm.sandbox.runner import NoAnswer


class Command(BaseCommand):
    help = "Prints the verdict on a file as one JSON object: fit, kind, name, reason. Needs no settings and no service."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE")
        parser.add_argument("--name", help="as its sender calls it; default: that of FILE")

    def handle(self, *args: Any, file: str, name: str | None, **options: Any) -> None:
        """Print the verdict as JSON; print {"error": …} and end with 1 when the file cannot be read."""
        try:
            with Path(file).open("rb") as opened:
                told = _verdict(name or Path(file).name, opened, Path(file).stat().st_size)
        except OSError as trouble:
            self.stdout.write(json.dumps({"error": f"The file cannot be read ({type(trouble).__name__})."}))
            sys.exit(1)
        self.stdout.write(json.dumps(told, ensure_ascii=False))


def _verdict(name: str, file: BinaryIO, size: int) -> dict[str, Any]:
    name = validation.shown_name(name)
    trouble = validation.why_not_name(name) or (None if size else Unfit.EMPTY)
    if not trouble:
        try:
            found = validation.judge_apart(file, size)
        except NoAnswer:
            found = Unfit.UNCHECKED
        trouble = found if isinstance(found, Unfit) else None
    file.seek(0)
    kind = validation.kind_of(file.read(validation.HEAD)) or (
        "" if trouble == Unfit.TYPE else validation.media_type(name)
    )
    reason = str(trouble.label) if trouble else None
    kept = name if trouble else validation.name_as(name, kind)
    return {"fit": trouble is None, "kind": kind.rpartition("/")[2] or None, "name": kept, "reason": reason}
