"""Collect what a decision about a lead stands on: shown above its form, and carried along in it, so that one that is
outdated comes back with the news."""

from collections.abc import Iterable

from django import forms
from django.db.models import Model
from django.http import HttpRequest
from django.template.loader import render_to_string

from crm.enums.leads import OPEN_STAGES
from crm.errors import OutOfDate
from crm.leads import decisions
from crm.models import Lead, ReviewDecision
from crm.registry import Basis


class SeenVersionForm(forms.Form):
    """A form that carries along what its page showed: the number of the record as it was then. One that carries nothing
    has shown nothing."""

    seen = forms.IntegerField(min_value=0, required=False, widget=forms.HiddenInput)

    def clean_seen(self) -> int:
        seen: int | None = self.cleaned_data["seen"]
        return decisions.NOTHING if seen is None else seen

    def has_looked(self, number: int, **others: str) -> None:
        """Mark what is new as seen: the form is shown again with it, and knows when it is sent once more."""
        self.data = {**self.data.dict(), "seen": str(number)} | others  # type: ignore[attr-defined]  # a QueryDict


class FollowingForm(SeenVersionForm):
    """A SeenVersionForm that also carries along the id of the decision before this one, as far as known; "": none."""

    earlier = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    @property
    def knew(self) -> str | None:
        """Return the id of the decision before, as carried along; None when nothing is. Call when validated."""
        return self.cleaned_data.get("earlier", "") if "seen" in self.data else None

    def came_since(self, lead: Lead, *, number: int, latest: Model | None, words: str) -> tuple[str, ...]:
        """Return what came since the page of a form was made that is not valid: what it chose may be gone for that very
        reason. `number`, `latest`: the record and the newest decision as they are now, `words` what that one says."""
        seen = self.cleaned_data.get("seen", decisions.NOTHING)
        if seen == decisions.NOTHING:
            return ()
        if seen != number:
            return decisions.news_since(lead, seen=seen)
        try:
            decisions.follows(latest, earlier=self.knew, words=lambda: words)
        except OutOfDate as late:
            return late.news
        return ()


def id_of(made: Model | None) -> str:
    """Return what a FollowingForm carries along."""
    return str(made.pk) if made else ""


def above(
    request: HttpRequest,
    lead: Lead,
    basis: Basis,
    news: tuple[str, ...],
    *,
    earlier: Iterable[ReviewDecision] = (),
    otherwise: Iterable[str] = (),
    calls: bool = False,
) -> str:
    """Return what a decision stands on, as HTML above its form. `otherwise`: what counts once it is made. `calls`: that
    an alert has to be answered before."""
    context = {
        "lead": lead,
        "basis": basis,
        "news": news,
        "earlier": earlier,
        "otherwise": otherwise,
        "calls": calls,
        "closed": lead.stage not in OPEN_STAGES,
    }
    return render_to_string("crm/admin/lead/basis.html", context, request=request)
