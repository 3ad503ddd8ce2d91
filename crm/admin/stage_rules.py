"""The stages as the center wants them: names, order, how soon, how long, and what entering one asks for."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Field
from django.http import HttpRequest
from unfold.decorators import display

from crm.admin.base import DeskAdmin
from crm.enums.leads import Requirement, Stage
from crm.leads import stages
from crm.models import StageRule


@admin.register(StageRule)
class StageRuleAdmin(DeskAdmin):
    location_path, everywhere_because = None, "All locations work in the same stages."
    list_display = ["label", "code", "position", "answer_within_minutes", "rots_after_days", "asks"]
    ordering = ["position", "stage"]
    fields = ["label", "position", "answer_within_minutes", "rots_after_days", "requires"]

    @display(description="Stands for")
    def code(self, rule: StageRule) -> str:
        return str(Stage(rule.stage).label)

    @display(description="Asks for")
    def asks(self, rule: StageRule) -> str:
        return ", ".join(str(Requirement(code).label).lower() for code in rule.requires) or "—"

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "requires":
            help_text = db_field.help_text
            return forms.MultipleChoiceField(
                choices=Requirement.choices,
                required=False,
                widget=forms.CheckboxSelectMultiple,
                help_text=help_text,
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def _record(self, request: HttpRequest, action: Any, rows: Any, term: str = "") -> None:
        """Record no AccessEvent: stages are about nobody."""

    def save_model(self, request: HttpRequest, obj: StageRule, form: forms.ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        stages.forget_rules()
