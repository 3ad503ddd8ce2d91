"""Links to pages that a public site may hold back until they are reviewed."""

from django import template

from intake.public import pages
from intake.public.articles import Article

register = template.Library()


@register.simple_tag
def published(slug: str) -> Article | None:
    """Return the page of this slug if visitors may read it: `{% published "sciatica" as page %}{% if page %}…`."""
    return pages.readable().get(slug)
