"""What was measured of a lead, beside its page: ratings and questionnaire totals, kind by kind."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from crm import queries, registry
from crm.models import Lead


def hang_in() -> None:
    """Called once, when the desk is made."""
    registry.panel("lead", title="Ratings and scores", permission="crm.view_measurement", render=panel, order=6)


def panel(request: HttpRequest, lead: Lead) -> str:
    """Series of values, oldest first, and the way to record another."""
    return render_to_string("crm/panel_scores.html", {"lead": lead, "scores": queries.scores(lead)}, request=request)
