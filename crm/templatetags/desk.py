"""What the desk's pages say of stages (`{{ lead.stage|stage_name }}`), notes and tasks."""

import re
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

from crm.desk import lapse
from crm.leads import imaging, reviews, stages, tasks
from crm.leads.versions_in_words import disputes_in_words
from crm.models import Task, Treatment, User
from crm.ops import heartbeat
from crm.values import telephone

# Neither HTML nor pictures; markdown-it itself refuses links that would run something.
_NOTES = MarkdownIt("commonmark", {"html": False, "breaks": True}).disable(["image", "html_block", "html_inline"])

_ISO_DAY = re.compile(r"\b\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])\b")

register = template.Library()


@register.simple_tag
def form_id() -> SafeString:
    """Return an id for one rendering of a form, so that two presses are one (crm/admin/once.py)."""
    return format_html('<input type="hidden" name="form_id" value="{}">', uuid4())


@register.filter
def stage_name(code: str) -> str:
    """Return the name of a stage as this center calls it."""
    return stages.label(code)


@register.filter
def long_since(moment: datetime, now: datetime) -> str:
    """Return how long ago it was, never as no time at all: "2 weeks, 1 day", "less than a minute"."""
    return lapse.in_words(moment, now)


@register.filter
def long_until(moment: datetime, now: datetime) -> str:
    """Return how long it is until `moment`, never as no time at all: "less than a minute"."""
    return lapse.in_words(now, moment)


@register.filter
def dialed(number: str) -> str:
    """Return what stands behind `tel:`, with the extension."""
    return telephone.dialed(number)


@register.filter
def with_days(text: str) -> str:
    """Return a sentence with the ISO days in it as pages show a day: what the rules say is stored as they print it."""
    return _ISO_DAY.sub(_day_in_words, text)


def _day_in_words(found: re.Match[str]) -> str:
    try:
        return date_format(date.fromisoformat(found[0]), "M j, Y")
    except ValueError:  # February 30
        return found[0]


@register.filter
def in_words(silent: list[dict[str, Any]]) -> list[str]:
    """Return sentences on who behind the site has not been heard of: see crm/ops/heartbeat.py."""
    return heartbeat.in_words(silent)


@register.filter
def as_note(text: str) -> SafeString:
    """Render what staff wrote down, in Markdown: emphasis, lists, links. HTML in it is shown, never run."""
    return SafeString(_NOTES.render(text))


@register.filter
def may_finish(user: User, task: Task) -> bool:
    """Tell whether a press on "Done" would finish the task."""
    return tasks.may_finish(task, user)


@register.filter
def study_of(task: Task) -> str:
    """Return the end of the address under which a review is decided: which imaging study it is about, if it is."""
    key = task.key or ""
    return f"?study={key.removeprefix(imaging.REVIEW_KEY)}" if key.startswith(imaging.REVIEW_KEY) else ""


@register.filter
def is_of_a_report(task: Task) -> bool:
    """Return whether a review is of what was sent in somebody's name: it ends by saying whether it was them."""
    return (task.key or "").startswith(reviews.OF_A_REPORT)


@register.filter
def may_put_off(user: User, task: Task) -> bool:
    """Tell whether a press on "Later" would put the task off."""
    return tasks.may_put_off(task, user)


@register.filter
def disputes(row: Treatment) -> list[tuple[str, str, str]]:
    """Return what was verified of a treatment, and what the patient says instead."""
    return disputes_in_words(row)
