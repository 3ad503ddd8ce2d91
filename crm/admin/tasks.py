"""Tasks of all leads, in one list."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from crm.admin.base import ReadOnlyAdmin, colours, link_to
from crm.enums.leads import TaskKind
from crm.models import Task


class OpenFilter(admin.SimpleListFilter):
    """Tasks by state: the open ones unless asked otherwise."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("done", "Done"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [first | {"display": "Open"}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        if self.value() == "all":
            return queryset
        return queryset.filter(done_at__isnull=self.value() != "done")


@admin.register(Task)
class TaskAdmin(ReadOnlyAdmin):
    """List what has to be done, most urgent first. Tasks are finished on the page of their lead."""

    location_path = "lead__location"
    list_display = ["title", "kind_label", "of", "due_at", "first_due_at", "done_by"]
    list_display_links = None
    list_filter = [OpenFilter, ("kind", ChoicesDropdownFilter)]
    list_select_related = ["lead", "done_by"]
    ordering = ["due_at", "pk"]

    @display(description="Kind", label=colours(TaskKind, urgent_call="danger", mail_problem="warning"))
    def kind_label(self, task: Task) -> tuple[str, str]:
        return task.kind, str(TaskKind(task.kind).label)

    @display(description="Lead", ordering="lead__last_name")
    def of(self, task: Task) -> str:
        return link_to(task.lead)
