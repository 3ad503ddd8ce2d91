"""What the desk's pages say of stages: `{{ lead.stage|stage_name }}`."""

from django import template

from crm import stages

register = template.Library()


@register.filter
def stage_name(code: str) -> str:
    """As this centre calls it."""
    return stages.label(code)
