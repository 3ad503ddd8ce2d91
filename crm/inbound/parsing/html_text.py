"""HTML as the words that a person would have seen, by html-to-markdown (docs/decisions/0021-reading-mail.md).

Pure. Linear in what it is given: a sender cannot make it work long.
"""

import html
import re

from html_to_markdown import ConversionOptions, PreprocessingOptions, convert

_OPTIONS = ConversionOptions(
    output_format="plain",
    extract_metadata=False,
    skip_images=True,
    preprocessing=PreprocessingOptions(enabled=True, remove_forms=False, remove_navigation=False),
)
_TAG = re.compile(r"<[^<>]*>")
_GAP = re.compile(r"\n\s*\n")


def of(source: str) -> str:
    """Return the words of a page; "" when there are none. Never raises."""
    try:
        found = convert(source, _OPTIONS).content or ""
    except Exception:  # whatever it stumbles over, the words are there
        found = ""
    return (found if found.strip() else _without_tags(source)).replace("\xa0", " ").strip()


def _without_tags(source: str) -> str:
    """Return all text, for what is nested so deeply that the library gives up (1,000 elements)."""
    return _GAP.sub("\n\n", html.unescape(_TAG.sub("\n", source)))
