"""Brings locale/<language>/LC_MESSAGES/django.po up to date with the texts. In the place of Django's own command, which
needs GNU gettext and cannot see texts that are data."""

from io import BytesIO
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from django.core.management.base import BaseCommand

from crm.values.reviewed_text import LOCALE
from intake import translated_texts

HEAD = r"""msgid ""
msgstr ""
"Language: {language}\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: {plurals}\n"

"""


class Command(BaseCommand):
    help = "Adds new texts to every translation, untranslated, and drops those that are gone."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = translated_texts.catalogue()
        for file in sorted(LOCALE.glob("*/LC_MESSAGES/django.po")):
            catalog = read_po(BytesIO(file.read_bytes()), locale=file.parts[-3])
            catalog.update(wanted, no_fuzzy_matching=True)
            catalog.obsolete.clear()
            file.write_bytes(_written(catalog))
            missing = [message.id for message in catalog if message.id and not message.string]
            self.stdout.write(f"{file.parts[-3]}: {len(catalog)} texts, {len(missing)} not translated")


def _written(catalog: Catalog) -> bytes:
    """Return a catalog sorted, with places but no lines or days: what did not change shows no difference."""
    written = BytesIO()
    write_po(written, catalog, sort_output=True, include_lineno=False, omit_header=True, width=120)
    return HEAD.format(language=catalog.locale_identifier, plurals=catalog.plural_forms).encode() + written.getvalue()
