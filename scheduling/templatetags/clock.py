"""`{% load clock %}{{ made.starts_at|moment:zone }}`: the words of scheduling/words.py in templates."""

from django import template

from scheduling import words

register = template.Library()
register.filter("moment", words.moment)
register.filter("clock", words.clock)
register.filter("day", words.day)
register.filter("month", words.month)
register.filter("zone_name", words.zone)
