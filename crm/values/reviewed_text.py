"""Safety texts in the visitor's language, and whether a translation may stand alone.

A wrong word in a warning can cost somebody's health, so a translation that nobody qualified has checked is shown
beside the English text, never instead of it (45 CFR 92.201(c)(3) asks for qualified human review of critical text).
`locale/<language>/reviewed.json` holds a digest of each pair that was checked, with who and when: a changed word wants
a new check. `manage.py review_translations` lists and marks them.
"""

import json
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from django.utils.translation import get_language, gettext

ORIGINAL = "en"
LOCALE = Path(__file__).resolve().parents[2] / "locale"


@dataclass(frozen=True)
class Version:
    language: str
    text: str


def versions(english: str) -> list[Version]:
    """Return what to show of a safety text: one version, or English and the translation that is not checked yet."""
    language, translated = get_language() or ORIGINAL, gettext(english)
    if language == ORIGINAL:
        return [Version(ORIGINAL, english)]
    if digest(english, translated) in reviewed(language):
        return [Version(language, translated)]
    return [Version(ORIGINAL, english), Version(language, translated)]


def plain(english: str) -> str:
    """Return the versions of a safety text as one line, for places that know no markup."""
    return " / ".join(version.text for version in versions(english))


def digest(english: str, translated: str) -> str:
    """Return what tells this very pair of texts from any other."""
    return sha256(f"{english}\0{translated}".encode()).hexdigest()[:16]


@cache
def reviewed(language: str) -> frozenset[str]:
    """Return the digests of the pairs of texts that were checked; none where there is no list."""
    file = reviews_file(language)
    return frozenset(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else frozenset()


def reviews_file(language: str) -> Path:
    return LOCALE / language / "reviewed.json"
