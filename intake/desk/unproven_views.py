"""Requests in somebody's name at the desk: the box on the lead's page, and the decision."""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils import timezone

from crm import registry
from crm.admin.lead.page import back, find_lead, form_page, user_of
from crm.fields.text import TextField
from crm.models import Lead
from crm.values import telephone
from intake.assessment import signs
from intake.models import Submission, UnprovenRequest
from intake.requests import known_people, unproven
from intake.requests.answers_in_words import in_words, page_title
from intake.requests.unproven import UnprovenRefused

PERMISSION, SEES_IT = "intake.decide_unproven", "intake.view_submission"
LABELS = {"first_name": "First name", "last_name": "Last name", "email": "E-mail", "phone": "Telephone"}
THEIRS, NOT_THEIRS = "theirs", "not-theirs"
KEPT, TYPED = "on-record", "typed"


class IdentityDecisionForm(forms.Form):
    """Was it them? What was typed otherwise than it is on record is offered, and taken over only when ticked."""

    decision = forms.ChoiceField(
        label="Was it them?",
        choices=[(THEIRS, "Yes: the answers count from now on"), (NOT_THEIRS, "No: nothing of it counts")],
        widget=forms.RadioSelect,
        error_messages={"required": "Ask the person, by the telephone or address on record, and choose."},
    )
    accept = forms.MultipleChoiceField(
        label="Take over what differs", required=False, widget=forms.CheckboxSelectMultiple
    )
    address = forms.ChoiceField(
        label="Which e-mail address is theirs?",
        required=False,
        widget=forms.RadioSelect,
        help_text="Ask by telephone. Links and codes go there and open what was sent; the other opens nothing more.",
    )
    seen = forms.UUIDField(required=False, widget=forms.HiddenInput)
    note = TextField(
        label="How you know",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Needed for a no; it stays beside the request.",
    )

    def __init__(self, *args: Any, waits: UnprovenRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        differing, on_record = known_people.differing(waits.lead, waits.data), waits.lead.email
        others = {name: value for name, value in differing.items() if name != "email"}
        self._offer("accept", [(name, f"{LABELS[name]}: {_shown(name, value)}") for name, value in others.items()])
        other = f"Typed: {differing['email']}" if "email" in differing else "Not theirs: take it off the record"
        addresses = [(KEPT, f"On record: {on_record or 'none'}"), (TYPED, other)]
        self._offer("address", addresses if unproven.address_is_open(waits) else [])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = choices
        if not choices:
            del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """Want an address chosen with a yes; none is chosen beforehand."""
        data = super().clean() or {}
        if "address" in self.fields and data.get("decision") == THEIRS and not data.get("address"):
            self.add_error("address", "Choose which address is theirs.")
        return data

    def clean_seen(self) -> UUID:
        """Return what the page had shown; one that says nothing has shown nothing."""
        seen: UUID | None = self.cleaned_data["seen"]
        return seen or unproven.NOTHING

    def has_looked(self, seen: UUID | None) -> None:
        """Take what came for seen: the form is shown again beside it, and knows when it is pressed once more."""
        data = cast(QueryDict, self.data).copy()
        data["seen"] = str(seen or "")
        self.data = data

    @property
    def accepted(self) -> list[str]:
        """Return what replaces what is on record."""
        chosen = self.cleaned_data.get("address") == TYPED
        return [*self.cleaned_data.get("accept", []), *(["email"] if chosen else [])]

    @property
    def keeps_email(self) -> bool:
        """Return whether the address on record was chosen."""
        return self.cleaned_data.get("address") == KEPT

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [("Your decision", self.visible_fields())]


def register() -> None:
    """Add the box and its page to the desk. Called once, when the app is ready."""
    registry.panel(
        "lead",
        title="Sent in this name",
        permission=SEES_IT,
        render=panel,
        order=-1,
        at_once=True,
    )
    registry.route("in-this-name/<uuid:request_id>/", decide, permission=PERMISSION, name="intake_unproven")


def panel(request: HttpRequest, lead: Lead) -> str:
    """Render what waits for somebody to look: what was typed, and what differs. "" when nothing waits."""
    shown = [_shown_request(waits, lead) for waits in unproven.waiting(lead)]
    if not shown:
        return ""
    context = {"lead": lead, "shown": shown, "may_decide": request.user.has_perm(PERMISSION)}
    return render_to_string("intake/desk/panel_unproven.html", context, request=request)


def _shown_request(waits: UnprovenRequest, lead: Lead) -> dict[str, Any]:
    sent = sorted(waits.submissions.all(), key=lambda one: (one.at, one.pk))
    pages = [{"title": page_title(one.page), "rows": in_words(one.answers)} for one in sent]
    differing = [
        (LABELS[name], _shown(name, value)) for name, value in known_people.differing(lead, waits.data).items()
    ]
    reported = [signs.in_words(sign) for sign in unproven.signs_of(waits)]
    return {
        "waits": waits,
        "reference": _reference(sent),
        "pages": pages,
        "differing": differing,
        "signs": reported,
        "is_of_a_page": not waits.data and bool(reported),
    }


def _reference(sent: list[Submission]) -> str:
    return next((str(one.reference) for one in sent if one.reference), "")


def _shown(name: str, value: str) -> str:
    return telephone.in_words(value) if name == "phone" else value


def decide(site: AdminSite, request: HttpRequest, lead_id: UUID, request_id: UUID) -> HttpResponse:
    """Take a request over, or set it aside. 422 keeps what was typed, and so does 409 where more was sent meanwhile,
    which is shown beside it."""
    lead, now = find_lead(lead_id), timezone.now()
    waits = get_object_or_404(UnprovenRequest.objects.select_related("lead"), pk=request_id, lead_id=lead_id)
    typed = request.POST if request.method == "POST" else None
    form, status = IdentityDecisionForm(typed, initial={"seen": unproven.latest(waits)}, waits=waits), None
    if form.is_valid():
        data, by = form.cleaned_data, user_of(request)
        try:
            newer: list[str] = []
            if data["decision"] == THEIRS:
                newer = unproven.take_over(
                    waits, by=by, accept=form.accepted, keeps_email=form.keeps_email, seen=data["seen"], now=now
                )
            else:
                unproven.set_aside(waits, by=by, note=data["note"], seen=data["seen"], now=now)
        except unproven.MoreWasSent as more:
            form.add_error("note", more.message)
            form.has_looked(unproven.latest(waits))
            status = 409
        except UnprovenRefused as refused:
            form.add_error("note", refused.message)
        else:
            messages.success(request, "Your decision is kept.")
            if newer:
                messages.info(request, f"Newer on record, and left as they are: {unproven.in_words(newer)}.")
            return back(lead_id)
    about = _about(request, waits, lead)
    return form_page(site, request, lead, form, title="Was it them?", about=about, status=status)


def _about(request: HttpRequest, waits: UnprovenRequest, lead: Lead) -> str:
    """Return the request that is decided about, above its form: there may be several in one name."""
    if not request.user.has_perm(SEES_IT):
        return ""
    one = _shown_request(waits, lead)
    return render_to_string("intake/desk/panel_unproven.html#box", {"lead": lead, "one": one}, request=request)
