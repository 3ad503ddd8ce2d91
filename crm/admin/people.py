"""People who sign in, and who looked at what."""

from uuid import UUID

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from crm.admin.base import DeskAdmin, ReadOnlyAdmin, colours
from crm.enums import AccessAction
from crm.models import AccessEvent, User

# Groups follow the table in crm/roles.py; editing one here would be undone.
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, DeskAdmin):  # type: ignore[misc]  # both narrow ModelAdmin
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["name", "email", "roles", "is_staff", "is_active", "last_login"]
    list_filter = ["groups", "is_staff", "is_active"]
    search_fields = ["name", "email"]
    ordering = ["name", "pk"]
    filter_horizontal = ["groups"]
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["name", "email", "password"]}),
        ("What they may do", {"fields": ["is_active", "is_staff", "groups"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"fields": ["name", "email", "password1", "password2", "is_staff", "groups"]})]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody gets hold of an account that may do more than their own."""
        out_of_reach = obj is not None and obj.is_superuser and not request.user.is_superuser
        return not out_of_reach and super().has_change_permission(request, obj)

    def roles(self, user: User) -> str:
        return ", ".join(sorted(group.name for group in user.groups.all())) or "—"


@admin.register(AccessEvent)
class AccessEventAdmin(ReadOnlyAdmin):
    """Answers "who saw this record": the page of a lead links here with its id as the search."""

    list_display = ["at", "who", "action_label", "object_type", "how_many"]
    list_filter = [("action", ChoicesDropdownFilter)]
    search_fields = ["object_ids"]  # shows the box; get_search_results does the work
    search_help_text = "Id of a record, or of a person who signs in"
    ordering = ["-at", "-pk"]
    fields = readonly_fields = ["at", "who", "action_in_words", "object_type", "object_ids", "keyed_hash"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessEvent]:
        name = User.objects.filter(pk=OuterRef("user_id")).values("name")
        return super().get_queryset(request).annotate(user_name=Subquery(name))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AccessEvent], search_term: str
    ) -> tuple[QuerySet[AccessEvent], bool]:
        if not search_term.strip():
            return queryset, False
        try:
            wanted = UUID(search_term.strip())
        except ValueError:
            return queryset.none(), False
        return queryset.filter(Q(object_ids__contains=[wanted]) | Q(user_id=wanted)), False

    @display(description="Who", ordering="user_id")
    def who(self, event: AccessEvent) -> str:
        return event.user_name or "—"  # type: ignore[attr-defined]  # annotated above

    @display(description="Did", label=colours(AccessAction, login_failed="danger"), ordering="action")
    def action_label(self, event: AccessEvent) -> tuple[str, str]:
        return event.action, str(AccessAction(event.action).label)

    @display(description="Did")
    def action_in_words(self, event: AccessEvent) -> str:
        return str(AccessAction(event.action).label)

    @display(description="Records")
    def how_many(self, event: AccessEvent) -> int:
        return len(event.object_ids)
