"""What has to be settled before real patients read the pages."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.utils.translation import gettext, override

from crm.values import reviewed_text
from intake import translated_texts
from intake.public import articles


def check_reviews(**_: Any) -> list[CheckMessage]:
    """Warn in `check --deploy` of each page of medical facts that no physician has reviewed."""
    pages = [page for code, _name in settings.LANGUAGES for page in articles.articles(code).values()]
    return [
        Warning(
            f"The page '{page.language}/{page.slug}' was not medically reviewed, so a public site does not show it.",
            hint=f"Set reviewed_by in intake/content/{page.language}/{page.slug}.md once a physician has approved it.",
            id="intake.W001",
        )
        for page in dict.fromkeys(pages)
        if not page.is_ready
    ]


def check_translations(**_: Any) -> list[CheckMessage]:
    """Check in `check --deploy` that translations are compiled, and safety texts read by qualified people."""
    found: list[CheckMessage] = []
    for language, name in settings.LANGUAGES:
        if language == reviewed_text.ORIGINAL:
            continue
        if not (reviewed_text.LOCALE / language / "LC_MESSAGES" / "django.mo").exists():
            found.append(Error(f"{name} is not compiled.", hint="Run manage.py compilemessages.", id="intake.E001"))
        if unchecked := _unchecked(language):
            found.append(
                Warning(
                    f"{unchecked} safety texts in {name} were not checked: each is shown below its English text.",
                    hint=f"manage.py review_translations {language} lists them.",
                    id="intake.W002",
                )
            )
    return found


def _unchecked(language: str) -> int:
    checked = reviewed_text.reviewed(language)
    with override(language):
        return sum(reviewed_text.digest(text, gettext(text)) not in checked for text in translated_texts.safety_texts())
