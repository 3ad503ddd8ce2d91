"""Lists of the desk about what only intake knows."""

from datetime import timedelta
from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from crm.admin.base import DeskAdmin, ReadOnlyAdmin
from crm.admin.scoped import ScopedFilter
from crm.audit import access
from crm.desk import site as desk
from crm.enums.leads import AccessAction
from crm.models import User
from crm.values import telephone
from intake.assessment import signs
from intake.desk import staff_intake
from intake.models import Plan, Quarantine, QuarantinedRequest, Question
from intake.requests import bot_protection, quarantine
from intake.requests.answers_in_words import in_words

BALANCE_DAYS = 14

desk.add_pages(staff_intake.urls)


class AnsweredFilter(admin.SimpleListFilter):
    """Open questions unless asked otherwise."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("answered", "Answered"), ("suspicious", "Perhaps made by a machine"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [first | {"display": "Open"}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Question]) -> QuerySet[Question]:
        if self.value() == "all":
            return queryset
        if self.value() == "answered":
            return queryset.filter(answered_at__isnull=False)
        waiting = queryset.filter(answered_at__isnull=True)
        return waiting.exclude(reasons=[]) if self.value() == "suspicious" else waiting.filter(reasons=[])


@admin.register(Question)
class QuestionAdmin(ReadOnlyAdmin):
    """General questions, oldest first: they wait for an answer and are in nobody's pipeline."""

    location_path = "location"
    list_display = ["who", "topic_label", "at", "answered_by"]
    list_filter = [AnsweredFilter, ("topic", ChoicesDropdownFilter)]
    list_select_related = ["answered_by"]
    ordering = ["at", "pk"]
    fields = [
        "topic",
        "message_text",
        "name",
        "email",
        "telephone",
        "at",
        "why",
        "answered_at",
        "answered_by",
        "answer",
    ]
    readonly_fields = fields

    def get_urls(self) -> list[URLPattern]:
        answered = self.admin_site.admin_view(self.mark_answered)
        return [path("<uuid:pk>/answered/", answered, name="intake_question_answered"), *super().get_urls()]

    @display(description="From", ordering="name")
    def who(self, question: Question) -> str:
        return question.name

    @display(description="Phone")
    def telephone(self, question: Question) -> str:
        return telephone.in_words(question.phone)

    @display(description="Topic", ordering="topic")
    def topic_label(self, question: Question) -> str:
        return str(question.get_topic_display())

    @display(description="Perhaps made by a machine")
    def why(self, question: Question) -> str:
        return bot_protection.in_words(question.reasons) or "No"

    @display(description="Message")
    def message_text(self, question: Question) -> str:
        return str(question.message)

    @display(description="")
    def answer(self, question: Question) -> str:
        """Return the button to mark a question as answered, or "Answered"; its form stands outside of Django's own."""
        if question.answered_at:
            return "Answered"
        address = reverse("admin:intake_question_answered", args=[question.pk])
        button = '<button type="submit" class="desk-button" formaction="{}">Mark as answered</button>'
        return format_html(button, address)

    def mark_answered(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Mark a question as answered by somebody: by telephone, by letter or by mail."""
        if not request.user.has_perm("intake.change_question"):
            return HttpResponse(status=403)
        question = get_object_or_404(self.get_queryset(request), pk=pk)
        if request.method == "POST":
            self._record(request, AccessAction.EDIT, [question])
            Question.objects.filter(pk=question.pk, answered_at__isnull=True).update(
                answered_at=timezone.now(), answered_by=cast(User, request.user)
            )
        return redirect("admin:intake_question_changelist")


@admin.register(QuarantinedRequest)
class QuarantinedRequestAdmin(ReadOnlyAdmin):
    """Requests that a machine may have made, oldest first, and the balance of everything that arrived."""

    location_path = "location"
    list_display = ["reference", "why", "at", "state_label", "decided_by"]
    list_filter = [("state", ChoicesDropdownFilter)]
    list_select_related = ["decided_by", "location"]
    ordering = ["decided_at", "at", "pk"]
    fields = ["reference", "why", "at", "answers", "state_label", "decided_by", "decided_at", "note", "decide"]
    readonly_fields = fields

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("balance/", view(self.balance), name="intake_balance"),
            path("<uuid:pk>/decide/", view(self.decide_view), name="intake_quarantine_decide"),
            *super().get_urls(),
        ]

    @display(description="Why")
    def why(self, held: QuarantinedRequest) -> str:
        told = [f"Warning sign: {signs.in_words(sign)}" for sign in quarantine.signs_of(held)]
        return ". ".join([*told, bot_protection.in_words(held.reasons)])

    @display(description="State", ordering="state")
    def state_label(self, held: QuarantinedRequest) -> str:
        return str(held.get_state_display())

    @display(description="What was sent")
    def answers(self, held: QuarantinedRequest) -> str:
        rows = [row for section in in_words(held.data) for row in section["rows"]]
        told = ((row["label"], ", ".join(row["values"])) for row in rows)
        return format_html_join("", "<p><strong>{}</strong><br>{}</p>", told)

    @display(description="")
    def decide(self, held: QuarantinedRequest) -> str:
        """Show buttons with a form of their own around them: nothing of Django's is saved."""
        if held.state != Quarantine.HELD:
            return "Decided"
        return render_to_string(
            "intake/desk/quarantine_decide.html", {"address": reverse("admin:intake_quarantine_decide", args=[held.pk])}
        )

    def decide_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Release or discard a held request; what cannot be done is said."""
        if not request.user.has_perm("intake.decide_quarantine"):
            return HttpResponse(status=403)
        held = get_object_or_404(self.get_queryset(request), pk=pk)
        user, now = cast(User, request.user), timezone.now()
        if request.method == "POST":
            try:
                if "release" in request.POST:
                    lead = quarantine.release(held, by=user, now=now)
                    access.record(AccessAction.EDIT, by=user, object_type="lead", ids=[lead.pk])
                    self._record(request, AccessAction.EDIT, [held])
                    return redirect("admin:crm_lead_change", lead.pk)
                quarantine.discard(held, by=user, note=request.POST.get("note", ""), now=now)
                self._record(request, AccessAction.EDIT, [held])
            except quarantine.QuarantineRefused as refused:
                messages.warning(request, refused.message)
                return redirect("admin:intake_quarantinedrequest_change", held.pk)
        return redirect("admin:intake_quarantinedrequest_changelist")

    def balance(self, request: HttpRequest) -> HttpResponse:
        """Show the balance, day by day: received = leads + attached + held + emergencies without contact."""
        if not self.has_view_permission(request):
            return HttpResponse(status=403)
        today = timezone.localdate()
        days = quarantine.by_day(
            first=today - timedelta(days=BALANCE_DAYS - 1), last=today, user=cast(User, request.user)
        )
        context = {**self.admin_site.each_context(request), "title": "What arrived", "days": days, "opts": self.opts}
        return TemplateResponse(request, "intake/desk/balance.html", context)


@admin.register(Plan)
class PlanAdmin(DeskAdmin):
    """Which plans each location takes, and since when somebody knows."""

    location_path = "location"
    list_display = ["insurer", "name", "location", "network", "as_of"]
    list_filter = [("location", ScopedFilter), ("network", ChoicesDropdownFilter)]
    list_select_related = ["location"]
    search_fields = ["insurer", "name"]
    ordering = ["insurer", "name", "pk"]
    fields = ["location", "insurer", "name", "network", "as_of", "note"]
