"""What has to be settled before real patients read the pages."""

from typing import Any

from django.core.checks import CheckMessage, Warning

from intake import content


def check_reviews(**_: Any) -> list[CheckMessage]:
    """System check of `check --deploy`: one warning for each page of medical facts that no physician has reviewed."""
    return [
        Warning(
            f"The page '{page.slug}' has not been medically reviewed, so a public site does not show it.",
            hint=f"Set reviewed_by in intake/content/{page.language}/{page.slug}.md once a physician has approved it.",
            id="intake.W001",
        )
        for page in content.articles().values()
        if not page.is_ready
    ]
