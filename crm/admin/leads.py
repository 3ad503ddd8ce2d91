"""The list of leads: newest first, filtered by stage, owner and outcome, searched by name, telephone or reference."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from crm.admin.base import DeskAdmin, colours
from crm.admin.lead import page as lead_page
from crm.admin.scoped import ScopedFilter
from crm.desk import lapse, queries
from crm.enums.leads import Stage
from crm.leads import search, stages
from crm.models import Lead, PrivateMessage

_STAGE_COLOURS = colours(
    Stage,
    new="info",
    contacting="primary",
    qualifying="primary",
    records="warning",
    review="warning",
    booking="warning",
    booked="success",
    consulted="success",
    patient="success",
    lost="danger",
)


OUTCOME_FILTER = ("outcome", ChoicesDropdownFilter)


class OwnerFilter(admin.SimpleListFilter):
    """Leads by owner: mine, nobody's, or everybody's."""

    title = "owner"
    parameter_name = "whose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("mine", "Mine"), ("none", "Nobody's")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Lead]) -> QuerySet[Lead]:
        if self.value() == "mine":
            return queryset.filter(owner_id=request.user.pk)
        return queryset.filter(owner__isnull=True) if self.value() == "none" else queryset


class MessagesFilter(admin.SimpleListFilter):
    """Leads with something on the private page that one side has not read yet."""

    title = "messages"
    parameter_name = "messages"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("ours", "Waiting for our answer"), ("theirs", "Not read by the patient")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Lead]) -> QuerySet[Lead]:
        if self.value() not in {"ours", "theirs"}:
            return queryset
        unread = PrivateMessage.objects.filter(lead=OuterRef("pk"), read_at__isnull=True)
        return queryset.filter(Exists(unread.filter(by__isnull=self.value() == "ours")))


@admin.register(Lead)
class LeadAdmin(DeskAdmin):
    location_path = "location"
    list_display = ["person", "stage_label", "since", "next_step", "how_to_reach", "state", "owner_name", "hold"]
    list_filter = [
        ("stage", ChoicesDropdownFilter),
        OwnerFilter,
        MessagesFilter,
        OUTCOME_FILTER,
        "safety_hold",
        ("location", ScopedFilter),
    ]
    list_before_template = "crm/admin/stage_bar.html"
    search_fields = (*search.NAMES, "email", "phone")
    search_help_text = "Name, e-mail, telephone or reference"
    ordering = ["-created_at", "-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lead]:
        return queries.lead_list(super().get_queryset(request))

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Leave out the filter by assessment for whoever may not read one: it is an answer."""
        if request.user.has_perm("intake.view_assessment"):
            return list(self.list_filter)
        return [one for one in self.list_filter if one != OUTCOME_FILTER]

    def get_urls(self) -> list[URLPattern]:
        listing = [url for url in super().get_urls() if url.name == "crm_lead_changelist"]
        return [*listing, *lead_page.urls(self.admin_site)]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Lead], search_term: str
    ) -> tuple[QuerySet[Lead], bool]:
        """Search leads; a reference may lack its dash, and a telephone number be written in any way."""
        return search.matching(queryset, search_term), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        shown = [("", "All"), *((stage.value, rule.label) for stage, rule in stages.rules().items())]
        return super().changelist_view(request, {"title": "Leads", "stages": shown, **(extra_context or {})})

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @display(description="Person", header=True, ordering="last_name")
    def person(self, lead: Lead) -> list[str]:
        return [lead.full_name, lead.reference]

    @display(description="Stage", label=_STAGE_COLOURS, ordering="stage")
    def stage_label(self, lead: Lead) -> tuple[str, str]:
        return lead.stage, stages.label(lead.stage)

    @display(description="In stage for", ordering="-stage_since")
    def since(self, lead: Lead) -> str:
        return lapse.in_words(lead.stage_since, timezone.now(), depth=1)

    @display(description="Next task", ordering="next_due")
    def next_step(self, lead: Lead) -> str:
        due = lead.next_due  # type: ignore[attr-defined]  # annotated by queries.lead_list
        if due is None:
            return "—"
        now = timezone.now()
        late, left = (lapse.in_words(*span, depth=1) for span in ((due, now), (now, due)))
        return f"overdue {late}" if due < now else f"in {left}"

    @display(description="Reach by")
    def how_to_reach(self, lead: Lead) -> str:
        return lead.phone_in_words or lead.email

    @display(description="Owner", ordering="owner__name")
    def owner_name(self, lead: Lead) -> str:
        return str(lead.owner or "—")

    @display(description="Hold", label={"Safety hold": "danger"})
    def hold(self, lead: Lead) -> str | None:
        return "Safety hold" if lead.safety_hold else None
