"""`{% load clock %}{{ made.starts_at|moment:zone }}`: the words of scheduling/time_format.py in templates."""

from django import template
from django.utils.translation import get_language

from scheduling import time_format
from scheduling.models import AppointmentType

register = template.Library()
register.filter("moment", time_format.moment)
register.filter("clock", time_format.clock)
register.filter("day", time_format.day)
register.filter("month", time_format.month)
register.filter("zone_name", time_format.zone)


@register.filter
def called(kind: AppointmentType) -> str:
    """Return what a kind of appointment is called in the language in force."""
    return kind.label_in(get_language())
