"""Figures without people: for whoever may see numbers and no record."""

from datetime import timedelta

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from crm import registry
from crm.admin.lead.page import user_of
from crm.desk import pipeline_stats

PERIOD = timedelta(days=30)


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the address of the figures, below /admin/."""
    return [path("figures/", site.admin_view(lambda request: page(site, request)), name="crm_figures")]


def page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Show the last thirty days in numbers, of the locations that this person works for."""
    if not request.user.has_perm("crm.view_figures"):
        raise PermissionDenied
    user = user_of(request)
    found = pipeline_stats.since(timezone.now() - PERIOD, user)
    more = [table for table in registry.figures_of_all(user) if table[1]]
    context = {**site.each_context(request), "title": "Figures of 30 days", "figures": found, "more": more}
    return TemplateResponse(request, "crm/admin/figures.html", context)
