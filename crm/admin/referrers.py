"""The practices that refer, with what became of the people whom they sent."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Field
from django.http import HttpRequest
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from crm.admin.base import DeskAdmin
from crm.admin.lead.page import user_of
from crm.desk import queries
from crm.fields.text import TelephoneField
from crm.models import ReferringPractice


class WithFigures(ChangeList):
    """A list whose rows on show get their figures in one more query, however many practices there are."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        figures = queries.referral_figures([row.pk for row in self.result_list], user_of(request))
        for row in self.result_list:
            row.figures = figures[row.pk]


@admin.register(ReferringPractice)
class ReferringPracticeAdmin(DeskAdmin):
    location_path, everywhere_because = None, "One practice refers to several locations."
    list_display = ["__str__", "city", "sent", "open", "consulted", "became_patients", "lost", "to_tell", "last_on"]
    list_filter = ["is_active"]
    search_fields = ["name", "provider", "npi"]
    ordering = ["name", "provider", "pk"]
    fieldsets = [
        ("Who refers", {"fields": ["name", "provider", "npi", ("city", "state"), "is_active"]}),
        ("How to tell them", {"fields": ["phone", "fax", "email", "note"]}),
    ]

    def formfield_for_dbfield(self, db_field: Field, request: HttpRequest, **kwargs: Any) -> Any:
        """Take telephone and fax numbers as people write them."""
        if db_field.name in {"phone", "fax"}:
            widget = UnfoldAdminTextInputWidget()
            return TelephoneField(required=False, help_text="Such as (212) 555-0100.", widget=widget)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return WithFigures

    @display(description="Sent")
    def sent(self, practice: ReferringPractice) -> int:
        return _figures(practice).sent

    @display(description="Open")
    def open(self, practice: ReferringPractice) -> int:
        return _figures(practice).open

    @display(description="Consulted")
    def consulted(self, practice: ReferringPractice) -> int:
        return _figures(practice).consulted

    @display(description="Patients")
    def became_patients(self, practice: ReferringPractice) -> int:
        return _figures(practice).patients

    @display(description="Lost")
    def lost(self, practice: ReferringPractice) -> int:
        return _figures(practice).lost

    @display(description="Still to be told")
    def to_tell(self, practice: ReferringPractice) -> int:
        return _figures(practice).to_tell

    @display(description="Last referral")
    def last_on(self, practice: ReferringPractice) -> Any:
        return _figures(practice).last_on or "—"


def _figures(practice: ReferringPractice) -> queries.ReferralFigures:
    figures: queries.ReferralFigures = practice.figures  # type: ignore[attr-defined]  # set by WithFigures
    return figures
