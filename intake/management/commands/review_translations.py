"""Lists safety texts whose translation nobody has checked, and marks them as checked."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext, override

from crm.values import reviewed_text
from intake import translated_texts


class Command(BaseCommand):
    help = "Prints each safety text with its unchecked translation; with --by, marks them as checked by that person."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "language", choices=[code for code, _ in settings.LANGUAGES if code != reviewed_text.ORIGINAL]
        )
        parser.add_argument("--by", default="", help="who has read every pair, with their qualification")

    def handle(self, *args: Any, language: str, by: str, **options: Any) -> None:
        with override(language):
            pairs = [(english, gettext(english)) for english in translated_texts.safety_texts()]
        marks = {reviewed_text.digest(*pair): pair for pair in pairs}
        waiting = {mark: pair for mark, pair in marks.items() if mark not in reviewed_text.reviewed(language)}
        for english, translated in waiting.values():
            self.stdout.write(f"{english}\n    {translated}\n")
        if by:
            self._mark(language, waiting, by=by)
        self.stdout.write(f"{len(waiting)} of {len(marks)} {'marked as checked' if by else 'not checked'}.")

    def _mark(self, language: str, waiting: dict[str, tuple[str, str]], *, by: str) -> None:
        """Add the pairs to the list that goes into the repository."""
        if len(by.strip()) < 3:
            raise CommandError("Give the full name of the person who has checked the texts.")
        file = reviewed_text.reviews_file(language)
        known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        today = timezone.localdate().isoformat()
        known |= {mark: {"text": english, "by": by, "on": today} for mark, (english, _) in waiting.items()}
        file.write_text(json.dumps(known, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
