"""Safety texts in templates: `{% safety_text "Call {911} now." %}`."""

import re

from django import template
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from crm.values import reviewed_text as texts

NUMBER = re.compile(r"\{(\d{3})\}")

register = template.Library()


@register.simple_tag
def safety_text(english: str) -> SafeString:
    """Show a safety text in the visitor's language; while its translation is unchecked, below the English.

    A number in braces becomes a telephone link.
    """
    shown = [(version.language, _with_links(version.text)) for version in texts.versions(english)]
    if len(shown) == 1:
        return shown[0][1]
    return format_html('<span class="both">{}</span>', format_html_join(" ", '<span lang="{}">{}</span>', shown))


@register.simple_tag
def safety_plain(english: str) -> str:
    """Return a safety text as one line of plain text, for text mails."""
    return texts.plain(english)


def _with_links(text: str) -> SafeString:
    return mark_safe(NUMBER.sub(r'<a href="tel:\1">\1</a>', escape(text)))
