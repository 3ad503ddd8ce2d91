"""`{% load clock %}{{ made.starts_at|moment:zone }}`: the words of scheduling/words.py in templates."""

from django import template
from django.utils.translation import get_language

from scheduling import words
from scheduling.models import AppointmentType

register = template.Library()
register.filter("moment", words.moment)
register.filter("clock", words.clock)
register.filter("day", words.day)
register.filter("month", words.month)
register.filter("zone_name", words.zone)


@register.filter
def called(kind: AppointmentType) -> str:
    """What a kind of appointment is called in the language in force."""
    return kind.label_in(get_language())
