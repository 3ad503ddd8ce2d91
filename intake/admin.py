"""Lists of the desk about what only intake knows."""

from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from crm.admin.base import ReadOnlyAdmin
from crm.models import User
from intake.models import Question


class AnsweredFilter(admin.SimpleListFilter):
    """Open questions unless asked otherwise."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("answered", "Answered"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        return [first | {"display": "Open"}, *others]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Question]) -> QuerySet[Question]:
        if self.value() == "all":
            return queryset
        return queryset.filter(answered_at__isnull=self.value() != "answered")


@admin.register(Question)
class QuestionAdmin(ReadOnlyAdmin):
    """General questions, oldest first: they wait for an answer and are in nobody's pipeline."""

    list_display = ["who", "topic_label", "at", "answered_by"]
    list_filter = [AnsweredFilter, ("topic", ChoicesDropdownFilter)]
    list_select_related = ["answered_by"]
    ordering = ["at", "pk"]
    fields = ["topic", "message_text", "name", "email", "phone", "at", "answered_at", "answered_by", "answer"]
    readonly_fields = fields

    def get_urls(self) -> list[URLPattern]:
        answered = self.admin_site.admin_view(self.mark_answered)
        return [path("<uuid:pk>/answered/", answered, name="intake_question_answered"), *super().get_urls()]

    @display(description="From", ordering="name")
    def who(self, question: Question) -> str:
        return question.name

    @display(description="Topic", ordering="topic")
    def topic_label(self, question: Question) -> str:
        return str(question.get_topic_display())

    @display(description="Message")
    def message_text(self, question: Question) -> str:
        return str(question.message)

    @display(description="")
    def answer(self, question: Question) -> str:
        """The button; its form stands outside of Django's own."""
        if question.answered_at:
            return "Answered"
        address = reverse("admin:intake_question_answered", args=[question.pk])
        button = '<button type="submit" class="desk-button" formaction="{}">Mark as answered</button>'
        return format_html(button, address)

    def mark_answered(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Somebody has answered: by telephone, by letter or by mail."""
        question = get_object_or_404(Question, pk=pk)
        if not request.user.has_perm("intake.change_question"):
            return HttpResponse(status=403)
        if request.method == "POST":
            Question.objects.filter(pk=question.pk, answered_at__isnull=True).update(
                answered_at=timezone.now(), answered_by=cast(User, request.user)
            )
        return redirect("admin:intake_question_changelist")
