"""How sending stands, and the two switches: hold everything, and go through the second server."""

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone

from crm.admin.base import PagesAdmin
from crm.admin.lead.page import user_of
from crm.enums.leads import NEEDS_A_PERSON, MessageState
from crm.mail import status as mail_status
from crm.models import Message, Sending, User
from crm.models.lead import visible_q
from crm.outbox import actions as outbox

SHOWN = 50


@admin.register(Sending)
class SendingAdmin(PagesAdmin):
    """One page on how sending stands, with its switches."""

    location_path, everywhere_because = None, "There is one switch for the whole installation."

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("", view(self.look), name="crm_sending_changelist"),
            path("switch/", view(self.switch), name="crm_sending_switch"),
        ]

    def look(self, request: HttpRequest) -> HttpResponse:
        """Show what is due now, what is tried again, and what waits for a decision."""
        self.may(request, "crm.view_message")
        rows = Message.objects.filter(self._of_theirs(user_of(request))).select_related("lead")
        late = list(rows.due().order_by("due_at", "pk")[:SHOWN])
        retrying = list(rows.filter(state=MessageState.QUEUED, attempts__gt=0).order_by("due_at", "pk")[:SHOWN])
        waiting = list(rows.filter(state__in=NEEDS_A_PERSON).order_by("-created_at", "-pk")[:SHOWN])
        return self.page(
            request,
            "crm/admin/sending.html",
            title="Sending",
            leads=[message.lead_id for message in [*late, *retrying, *waiting] if message.lead_id],
            standing=mail_status.standing(),
            switch=mail_status.switch(),
            has_to_wait=mail_status.has_to_wait(),
            has_second=settings.SECOND_MAIL_SERVER is not None,
            lists=[("Due now", late), ("Put off by the mail server", retrying), ("Waits for a decision", waiting)],
        )

    def _of_theirs(self, user: User) -> Q:
        """Return which messages this person may see: those that the list of messages shows."""
        return visible_q(user, location="lead__location", nowhere="lead")

    def switch(self, request: HttpRequest) -> HttpResponse:
        """Set a switch of sending: `pause`, `resume`, `second` or `first` (mail server); 404 for any other."""
        self.may(request, "crm.change_sending")
        what = request.POST.get("what", "") if request.method == "POST" else ""
        if what and what not in outbox.SWITCHES:
            raise Http404("There is no such switch.")
        if what:
            said = outbox.set_switch(
                what, by=user_of(request), reason=request.POST.get("reason", ""), now=timezone.now()
            )
            messages.success(request, said)
        return redirect("admin:crm_sending_changelist")
