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
from crm.models.inbound import OF_A_PERSON, OF_AN_ADDRESS, InboundKind

SHOWN = 10
BEGINNING = 80


def register() -> None:
    """Register the panel of mail that came in beside a lead's page; called once, when the desk is made."""
    registry.panel("lead", title="E-mail from the patient", permission="crm.view_inboundmail", render=panel, order=21)


def panel(request: HttpRequest, lead: Lead) -> str:
    """Render the latest mails that came in from a lead; "" while there are none."""
    mails = InboundMail.objects.filter(lead=lead).select_related("lead").order_by("-at", "-pk")[:SHOWN]
    return render_to_string("crm/admin/panel_inbound.html", {"mails": mails}, request=request) if mails else ""


@admin.register(InboundMail)
class InboundMailAdmin(ReadOnlyAdmin):
    """Mail that came in, newest first. Without a lead it belongs to no location."""

    location_path = "lead__location"
    list_display = ["at", "of", "written_by", "kind_label", "excerpt", "status"]
    list_filter = [("kind", ChoicesDropdownFilter), ("lead", admin.EmptyFieldListFilter)]
    list_select_related = ["lead"]
    ordering = ["-at", "-pk"]
    fields = readonly_fields = ["at", "written_by", "kind", "effect", "of", "status", "words"]

    @display(description="Kind", label=colours(InboundKind, hard_bounce="danger", complaint="danger", reply="info"))
    def kind_label(self, mail: InboundMail) -> tuple[str, str]:
        return mail.kind, str(InboundKind(mail.kind).label)

    @display(description="Lead", ordering="lead__last_name")
    def of(self, mail: InboundMail) -> str:
        return link_to(mail.lead)

    @display(description="From, as it says")
    def written_by(self, mail: InboundMail) -> str:
        """Return who is to be answered; of a lead's own mail, that it is theirs."""
        if mail.lead_id and mail.sender and mail.kind in OF_A_PERSON and not mail.from_elsewhere:
            return "The address on record"
        return mail.sender or "—"

    @display(description="Begins with")
    def excerpt(self, mail: InboundMail) -> str:
        """Return the first line of what is nobody's yet; the words of a lead are read on a page that is recorded."""
        return "" if mail.lead_id else mail.text.strip().partition("\n")[0][:BEGINNING]

    @display(description="What it did")
    def effect(self, mail: InboundMail) -> str:
        if mail.is_unproven:
            return "Nothing was stopped: it names no mail of ours, and anybody can write one."
        return "It is about a mail of ours." if mail.kind in OF_AN_ADDRESS else "—"

    @display(description="Text")
    def words(self, mail: InboundMail) -> str:
        return format_html('<pre class="mail-text">{}</pre>', mail.text)
