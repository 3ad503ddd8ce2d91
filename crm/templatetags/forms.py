"""What every form carries: `{% csrf_token %}`, and on the private page whose page it stands on."""

from django import template
from django.conf import settings
from django.template.base import Parser, Token
from django.template.context import Context
from django.template.defaulttags import CsrfTokenNode
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from crm import registry
from crm.accounts import desk_session
from crm.patient_portal import access as patient_access
from crm.patient_portal import page_owner

register = template.Library()


class FormTokens(CsrfTokenNode):
    """Django's CSRF token, and the one of crm/patient_portal/page_owner.py: no form of the private page is sent without
    either."""

    def render(self, context: Context) -> SafeString:
        ours = super().render(context)
        session = getattr(context.get("request"), "patient", None)
        if session is None:
            return SafeString(ours)
        token = page_owner.token_of(session)
        theirs = format_html('<input type="hidden" name="{}" value="{}">', page_owner.FIELD, token)
        return SafeString(ours + theirs)


@register.tag
def csrf_token(_parser: Parser, _token: Token) -> FormTokens:
    """Stand in for Django's tag of this name, so that whoever writes a form has to think of one thing."""
    return FormTokens()


@register.simple_tag(takes_context=True)
def warnings(context: Context) -> list[tuple[str, str]]:
    """Return (title, safe HTML) of what stands above everything on a private page."""
    request = context["request"]
    return registry.filled_panels("warning", request, request.patient.lead)


@register.simple_tag(takes_context=True)
def closes_after(context: Context) -> int:
    """Return the seconds after which a private page closes when nothing is pressed. Where staff fill in it ends with
    their time at the desk, if that is shorter."""
    idle = int(patient_access.IDLE.total_seconds())
    return min(idle, settings.DESK_IDLE_SECONDS) if context["request"].patient.is_on_behalf else idle


@register.simple_tag(takes_context=True)
def closes_at_last(context: Context) -> int:
    """Return the seconds after which a private page closes whatever is pressed; where staff fill in, with their time at
    the desk at the latest."""
    request = context["request"]
    ends_at = patient_access.ends_at_last(request.patient)
    if request.patient.is_on_behalf:
        ends_at = min(ends_at, desk_session.ends_at_last(request))
    return int((ends_at - timezone.now()).total_seconds())


@register.simple_tag(takes_context=True)
def channels(context: Context) -> str:
    """Return the names under which this page hears of the others of its person in this browser."""
    return " ".join(page_owner.channels_of(context["request"].patient))
