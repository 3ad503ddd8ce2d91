"""Links to pages to read, for templates that cannot know which of them are published."""

from django import template
from django.urls import reverse
from django.utils.html import format_html

from intake import pages

register = template.Library()


@register.simple_tag
def learn(slug: str, words: str, css_class: str = "") -> str:
    """A link to the page, or "" where it is not published."""
    if slug not in pages.known_pages():
        return ""
    return format_html('<a class="{}" href="{}">{}</a>', css_class, reverse("intake:article", args=[slug]), words)
