"""Mail that came in: a panel on the page of its lead, and a list in which what belongs to nobody is found."""

from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from crm import registry
from crm.admin.base import ReadOnlyAdmin, colours, link_to
from crm.models import InboundMail, Lead
from crm.models.inbound import InboundKind

SHOWN = 10


def hang_in() -> None:
    """Called once, when the desk is made."""
    registry.panel("lead", title="E-mail from the patient", permission="crm.view_inboundmail", render=panel, order=21)


def panel(request: HttpRequest, lead: Lead) -> str:
    """The latest mails; "" while there are none."""
    mails = InboundMail.objects.filter(lead=lead).order_by("-at", "-pk")[:SHOWN]
    return render_to_string("crm/panel_inbound.html", {"mails": mails}, request=request) if mails else ""


@admin.register(InboundMail)
class InboundMailAdmin(ReadOnlyAdmin):
    """Newest first. Without a lead it is of no location."""

    location_path = "lead__location"
    list_display = ["at", "kind_label", "of", "status"]
    list_filter = [("kind", ChoicesDropdownFilter), ("lead", admin.EmptyFieldListFilter)]
    list_select_related = ["lead"]
    ordering = ["-at", "-pk"]
    fields = readonly_fields = ["at", "kind", "of", "status", "words"]

    @display(description="Kind", label=colours(InboundKind, hard_bounce="danger", complaint="danger", reply="info"))
    def kind_label(self, mail: InboundMail) -> tuple[str, str]:
        return mail.kind, str(InboundKind(mail.kind).label)

    @display(description="Lead", ordering="lead__last_name")
    def of(self, mail: InboundMail) -> str:
        return link_to(mail.lead)

    @display(description="Text")
    def words(self, mail: InboundMail) -> str:
        return format_html('<pre class="mail-text">{}</pre>', mail.text)
