"""People who sign in, and who looked at what."""

from http import HTTPStatus
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, Field, OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserCreationForm

from crm.accounts import actions as accounts
from crm.admin import leaving
from crm.admin.base import MOST_COUNTED, DeskAdmin, ReadOnlyAdmin, colours
from crm.admin.fields import HoursField, LinesField
from crm.admin.lead.page import user_of
from crm.admin.scoped import ScopedFilter
from crm.audit import access
from crm.enums.leads import AccessAction
from crm.errors import AssignmentRefused
from crm.leads import assignment
from crm.models import Absence, AccessEvent, Lead, User

_CLOSED = "Their old password is void; a link to set a new one goes to their own address."
_NO_LOCATION = "There is no location yet to write from: add one, then mail a link to set the password."

# Groups follow the table in crm/roles.py; editing one here would be undone.
admin.site.unregister(Group)


class AbsenceInline(TabularInline):
    model = Absence
    extra = 0


class HandOverForm(forms.Form):
    to = forms.ModelChoiceField(
        User.objects.none(), required=False, empty_label="In turn, to everybody who may", label="To whom"
    )

    def __init__(self, *args: Any, heirs: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ModelChoiceField, self.fields["to"]).queryset = heirs.order_by("name", "pk")


@admin.register(User)
class UserAdmin(DjangoUserAdmin, DeskAdmin):  # type: ignore[misc]  # both narrow ModelAdmin
    location_path = "locations"
    form = forms.ModelForm  # Django's own shows what is kept of the password
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["name", "email", "roles", "is_staff", "is_active", "last_login", "hand_over_link"]
    list_filter = [("groups", ScopedFilter), "is_staff", "is_active"]
    search_fields = ["name", "email"]
    ordering = ["name", "pk"]
    filter_horizontal = ["groups", "locations"]
    readonly_fields = ["last_login", "date_joined", "password_link"]
    fieldsets = [
        (None, {"fields": ["name", "email", "password_link"]}),
        ("What they may do", {"fields": ["is_active", "is_staff", "groups", "locations"]}),
        ("New leads", {"fields": ["takes_leads", "languages", "licensed_states", "hours"]}),
        ("Notices", {"fields": ["digest_at"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"fields": ["name", "email", "password1", "password2", "is_staff", "groups"]})]

    def get_inlines(self, request: HttpRequest, obj: User | None) -> list[type]:
        return [AbsenceInline] if obj else []

    def sighted(self, user: User) -> Q:
        """Return the people who work for one of the same locations, or for all; everybody to whoever works for all."""
        works = User.locations.through.objects.filter(user=OuterRef("pk"))
        bound = User.locations.through.objects.filter(user=user)
        shared = works.filter(location__in=bound.values("location"))
        return Q(Exists(shared)) | ~Q(Exists(works)) | ~Q(Exists(bound))

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "hours":
            return HoursField(required=False, help_text="A line a day; empty: those of the location.")
        if db_field.name in {"languages", "licensed_states"}:
            return LinesField(required=False, help_text=f"One a line. {db_field.help_text}")
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Tell whether this person may change an account: a superuser's only if they are one."""
        out_of_reach = obj is not None and obj.is_superuser and not request.user.is_superuser
        return not out_of_reach and super().has_change_permission(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Leave out the button that mails a password link for whoever may only look."""
        shown = super().get_fieldsets(request, obj)
        if self.has_change_permission(request, obj):
            return shown
        return [(None, {"fields": ["name", "email"]}), *shown[1:]]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Fix what this person may not change: nobody widens their own rights, nor takes anything from whoever works
        elsewhere too; and the address of an account is the way into it."""
        fixed, by = list(super().get_readonly_fields(request, obj)), user_of(request)
        if obj is not None and obj.pk == by.pk and not by.is_superuser:
            fixed += ["is_active", "is_staff", "groups", "locations"]
        elif obj is not None and not accounts.works_within(obj, by):
            fixed += ["is_active", "is_staff", "groups", "locations", "takes_leads"]
        if obj is not None and not accounts.may_take_over(by, obj):
            fixed.append("email")
        return fixed

    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "email" in form.changed_data:
            accounts.tell_old_address(form.initial["email"], now=timezone.now())

    def save_related(self, request: HttpRequest, form: forms.ModelForm, formsets: Any, change: bool) -> None:
        """Save what belongs to an account, and void the password of one that may now do more than whoever saved it:
        its owner is mailed a link, which alone opens it."""
        by, now = user_of(request), timezone.now()
        was_in_reach = not change or accounts.may_take_over(by, form.instance)
        super().save_related(request, form, formsets, change)
        if (not change or was_in_reach) and accounts.keep_within(form.instance, by=by) and change:
            messages.warning(request, f"{form.instance} works for your locations: you cannot let them work for all.")
        if not change or {"email", "groups"} & set(form.changed_data):
            accounts.set_up(form.instance, by=by, now=now)
        if was_in_reach and not accounts.may_take_over(by, form.instance):
            said = _CLOSED if accounts.close_password(form.instance, now=now) else _NO_LOCATION
            messages.warning(request, f"{form.instance} may do more than you. {said}")

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Set somebody's password: only of accounts that may do nothing more than one's own."""
        user, by = self.get_object(request, unquote(id)), user_of(request)
        if user is None:
            raise Http404("There is no such person.")
        if not accounts.may_take_over(by, user):
            raise PermissionDenied
        response: HttpResponse = super().user_change_password(request, id, form_url)
        if response.status_code == HTTPStatus.FOUND:
            accounts.set_up(user, by=by, now=timezone.now())
        return response

    def mail_password(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Mail somebody a link to set their password; the old one works until they do."""
        user = get_object_or_404(self.get_queryset(request), pk=pk, is_active=True)
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        if request.method == "POST":
            if accounts.mail_password_link(user, now=timezone.now()):
                self._record(request, AccessAction.EDIT, [user])
                what = "A link to set a password"
                leaving.say(request, f"{what} is on its way to {user.email}.", waits=f"{what} to {user.email} is kept.")
            else:
                messages.warning(request, _NO_LOCATION)
        return redirect("admin:crm_user_change", pk)

    @display(description="Password")
    def password_link(self, user: User) -> str:
        """Return a button that mails a link: nothing of the password itself is ever shown."""
        if not user.is_active or user._state.adding:
            return "—"
        address = reverse("admin:crm_user_mail_password", args=[user.pk])
        press = '<button type="submit" class="desk-button is-quiet" formnovalidate formaction="{}">{}</button>'
        return format_html(press, address, "Mail a link to set it")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<uuid:pk>/hand-over/", view(self.hand_over), name="crm_user_hand_over"),
            path("<uuid:pk>/mail-password/", view(self.mail_password), name="crm_user_mail_password"),
            *super().get_urls(),
        ]

    def hand_over(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Hand over all open leads of one person to another, or in turn to all who may own them."""
        if not request.user.has_perm("crm.assign_lead") or not request.user.has_perm("crm.view_user"):
            raise PermissionDenied
        leaver = get_object_or_404(self.get_queryset(request), pk=pk)
        heirs = assignment.may_own().filter(self.sighted(user_of(request))).exclude(pk=leaver.pk)
        theirs = Lead.objects.open().filter(owner=leaver).visible_to(user_of(request))
        form = HandOverForm(request.POST or None, heirs=heirs)
        if form.is_valid():
            ids = list(theirs.values_list("pk", flat=True))
            try:
                count = assignment.hand_over(
                    leaver, to=form.cleaned_data["to"], by=user_of(request), now=timezone.now()
                )
            except AssignmentRefused as refused:
                form.add_error("to", refused.message)
            else:
                self._record(request, AccessAction.EDIT, [leaver])
                access.record(AccessAction.EDIT, by=user_of(request), object_type="lead", ids=ids)
                messages.success(request, f"{count} open lead{'' if count == 1 else 's'} of {leaver} handed over.")
                return redirect("admin:crm_user_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": f"Hand over: {leaver}",
            "form": form,
            "leaver": leaver,
        }
        context |= {"open_leads": theirs[:MOST_COUNTED].count(), "opts": self.opts}
        return TemplateResponse(request, "crm/admin/hand_over.html", context, status=422 if form.errors else 200)

    @display(description="Leads")
    def hand_over_link(self, user: User) -> str:
        return format_html('<a href="{}">Hand over</a>', reverse("admin:crm_user_hand_over", args=[user.pk]))

    def roles(self, user: User) -> str:
        return ", ".join(sorted(group.name for group in user.groups.all())) or "—"


@admin.register(AccessEvent)
class AccessEventAdmin(ReadOnlyAdmin):
    """Answers "who saw this record": the page of a lead links here with its id as the search."""

    location_path, everywhere_because = None, "It holds ids and codes; who saw a record may work anywhere."
    list_display = ["at", "who", "action_label", "object_type", "how_many"]
    list_filter = [("action", ChoicesDropdownFilter)]
    search_fields = ["object_ids"]  # shows the box; get_search_results does the work
    search_help_text = "Id of a record, or of a person who signs in"
    ordering = ["-at", "-pk"]
    fields = readonly_fields = [
        "at",
        "who",
        "action_in_words",
        "object_type",
        "object_ids",
        "keyed_hash",
        "address_hash",
    ]

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
