"""The bell: what is new for whoever is signed in."""

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.vary import vary_on_headers

from crm import registry
from crm.admin import view_audit
from crm.admin.lead.page import user_of
from crm.leads import notifications


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the address of the bell, below /admin/."""
    return [path("bell/", site.admin_view(lambda request: bell(site, request)), name="crm_bell")]


@vary_on_headers("HX-Request")
def bell(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Show the list; for the page that asks by itself, how many are new, and how much waits behind the links of the
    sidebar. A POST says that those were seen which its page showed."""
    user = user_of(request)
    if request.method == "POST":
        notifications.mark_seen(
            user, shown=request.POST.get("shown", "").split()[: notifications.MOST_SHOWN], now=timezone.now()
        )
        return redirect("admin:crm_bell")
    if "HX-Request" in request.headers:
        counts = {"unseen": notifications.unseen_count(user), "waiting": registry.waiting_for(user)}
        return TemplateResponse(request, "crm/admin/bell.html#count", counts)
    found = notifications.latest(user)
    view_audit.record(request, "bell", [notice.lead_id for notice in found if notice.lead_id])
    context = {**site.each_context(request), "title": "Notices", "notices": found}
    return TemplateResponse(request, "crm/admin/bell.html", context)
