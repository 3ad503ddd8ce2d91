"""What a person agreed to, and which mails they want no more: beside the page of their lead."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from crm import queries, registry
from crm.actions import opt_out
from crm.models import Lead, Scope

# What the patient reads on their own pages, in our words.
CHOICE = {
    None: "All mail, educational mail too",
    Scope.EDUCATION: "No educational mail",
    Scope.MOST: "Mail about appointments only",
    Scope.EVERYTHING: "None, not even about appointments",
}


def hang_in() -> None:
    """Called once, when the desk is made."""
    registry.panel("lead", title="Consents", permission="crm.view_consentrecord", render=panel, order=9)


def panel(request: HttpRequest, lead: Lead) -> str:
    """The latest word on each kind, who heard it, and what is stopped for the address."""
    context = {
        "consents": queries.consents(lead),
        "stopped": queries.suppressions(lead),
        "choice": CHOICE[opt_out.choice_of(lead)],
    }
    return render_to_string("crm/panel_consents.html", context, request=request)
