"""The layout that all mails share: MJML compiled once, filled in for each mail."""

from functools import lru_cache
from typing import Any

import mrml
from django.template import Template, engines
from django.template.backends.django import DjangoTemplates
from django.template.context import make_context

CONTENT_MARK = "<!-- content -->"


def fill(template: Template, values: dict[str, Any]) -> str:
    return str(template.render(make_context(values)))


@lru_cache(maxsize=64)
def plain(path: str) -> Template:
    template: Template = _engine().get_template(path).template
    return template


def in_layout(content: str, values: dict[str, Any]) -> str:
    """Put MJML, which is a Django template, into the common layout and fill it in; return HTML."""
    return fill(_compiled(content), values)


def in_text_layout(words: str, values: dict[str, Any]) -> str:
    """Return the plain-text part of a mail whose words staff may change."""
    return fill(plain("emails/text.txt"), {**values, "words": words}).strip() + "\n"


def in_sheet(words: str) -> str:
    """Put the MJML of words that staff may change on the sheet that all such mails share."""
    return str(plain("emails/text.mjml").source).replace(CONTENT_MARK, words)


@lru_cache(maxsize=256)
def _compiled(content: str) -> Template:
    """Compile the common layout with this content to HTML, once; Django's tags pass through untouched."""
    layout = plain("emails/layout.mjml").source
    # No web fonts: opening a mail must not tell anyone that it was opened.
    options = mrml.RenderOptions(disable_comments=False, social_icon_origin=None, fonts={})
    html = mrml.to_html(str(layout).replace(CONTENT_MARK, content), render_options=options)
    return _engine().from_string(html.content).template


def _engine() -> DjangoTemplates:
    engine = engines["django"]
    assert isinstance(engine, DjangoTemplates)  # noqa: S101 - for the type checker; settings name this backend
    return engine
