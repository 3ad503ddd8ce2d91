"""What a person agreed to, and which mails they want no more: beside the page of their lead."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from crm import queries, registry
from crm.models import Lead


def hang_in() -> None:
    """Called once, when the desk is made."""
    registry.panel("lead", title="Consents", permission="crm.view_consentrecord", render=panel, order=9)


def panel(request: HttpRequest, lead: Lead) -> str:
    """The latest word on each kind, who heard it, and what is stopped for the address."""
    context = {"consents": queries.consents(lead), "stopped": queries.suppressions(lead)}
    return render_to_string("crm/panel_consents.html", context, request=request)
