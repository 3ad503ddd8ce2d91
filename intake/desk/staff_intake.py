"""A request that somebody tells staff: on the telephone, on a voicemail, at the counter, by fax.

The warning signs come first and mean the same as on the web; what is stored goes through the same door
(intake/requests/actions.py). Only a name and one way to reach the person are needed.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.vary import vary_on_headers

from crm import locations
from crm.admin.forms import IN_COPY
from crm.audit import access
from crm.db.lookups import plain
from crm.enums.leads import AccessAction, CameBy
from crm.fields.text import TextField
from crm.leads import actions as leads
from crm.models import Lead, Location, User
from crm.safety import alerts
from crm.values import telephone
from crm.values.normalize import name_key, one_line
from intake.models import Submission
from intake.questionnaire import Section, consents, question
from intake.requests import actions
from intake.requests.forms import RequestForm
from intake.requests.rows import Request

_CONTACT = "first_name last_name phone email state language_spoken preferred_contact best_time ok_voicemail".split()
_PAIN = "pain_region onset pain_now_avg".split()
_MINUTES = "%Y-%m-%dT%H:%M"
_ABOUT_THE_CALL = {"came_by", "received_at", "language_spoken", "note"}
SPOKEN = [("en", "English"), ("es", "Spanish")]
FURTHEST_BACK = timedelta(days=31)
SCRIPT = (
    "What you told me can need care today. Please hang up and call 911 now, or have somebody drive you to the nearest "
    "emergency department. Do not wait for us. Can you do that right now?"
)


class NewRequest(RequestForm):
    """Safety, who it is, what it is about, and what they agreed to when it was read to them."""

    page = "staff"
    sections = (
        Section("safety", "Safety first", "", (question("safety_check"),)),
        Section("contact", "Who is it?", "", tuple(question(name) for name in _CONTACT if name != "language_spoken")),
        Section("about", "What is it about?", "", tuple(question(name) for name in _PAIN)),
    )
    came_by = forms.ChoiceField(choices=[pair for pair in CameBy.choices if pair[0] != CameBy.WEB], label="It came by")
    received_at = forms.DateTimeField(
        required=False,
        label="When it really came",
        help_text="Of a voicemail or a fax: its own time, on the center's clock. Empty: now.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_MINUTES),
        input_formats=[_MINUTES],
    )
    language_spoken = forms.ChoiceField(choices=SPOKEN, label="Speaks")
    note = TextField(required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3}), help_text=IN_COPY)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.required = name in {"safety_check", "first_name", "last_name", "came_by", "language_spoken"}

    def clean_received_at(self) -> datetime | None:
        """Refuse a time in the future, or longer ago than a month."""
        at: datetime | None = self.cleaned_data["received_at"]
        if at and at > timezone.now():
            raise forms.ValidationError("This time is still to come: check day and hour.")
        if at and at < timezone.now() - FURTHEST_BACK:
            raise forms.ValidationError("This is more than a month ago: check the day.")
        return at

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Return for the page everything but the warning signs, which stand above."""
        boxes = [self[wording.field] for wording in consents.WORDINGS]
        return [
            ("How it came", [self["came_by"], self["received_at"]]),
            ("Who is it?", [self[name] for name in _CONTACT]),
            ("What is it about?", [*(self[name] for name in _PAIN), self["note"]]),
            ("Read aloud, and they said yes", boxes),
        ]


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the route of this page, below /admin/."""
    return [path("new-request/", site.admin_view(lambda request: page(site, request)), name="intake_new_request")]


@vary_on_headers("HX-Request")
def page(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Show and take the form; to the page that asks while somebody types, show who is known by that number, address or
    name."""
    if not request.user.has_perm("crm.add_lead"):
        raise PermissionDenied
    if "HX-Request" in request.headers:
        return TemplateResponse(request, "intake/desk/new_request.html#known", {"known": _known(request)})
    center = _center_of(request)
    if center is None:
        messages.warning(request, "There is no location yet: an administrator adds one first.")
        return redirect("admin:index")
    fresh = {"came_by": CameBy.PHONE, "submission_id": uuid.uuid4()}
    form = NewRequest(request.POST if request.method == "POST" else None, center_name=center.name, initial=fresh)
    if request.method == "POST":
        form.is_valid()
        if form.is_emergency:
            return _emergency(request, form)
        if not form.errors:
            return _keep(request, form)
    known = _known(request) if form.errors else []
    context = {**site.each_context(request), "title": "New request", "form": form, "script": SCRIPT, "known": known}
    return TemplateResponse(request, "intake/desk/new_request.html", context, status=422 if form.errors else 200)


def _center_of(request: HttpRequest) -> Location | None:
    """Return the first location that this person works for: who writes a request down can open it afterwards."""
    theirs = cast(User, request.user).locations.filter(is_active=True)
    return theirs.order_by("position", "pk").first() or locations.main()


def _known(request: HttpRequest) -> list[Lead]:
    """Return at most ten leads, of the locations this person works for. What was looked for is kept as a hash."""
    given, user = request.POST, cast(User, request.user)
    phone = telephone.read(given.get("phone", ""))
    email, last_name = one_line(given.get("email", "")).lower(), one_line(given.get("last_name", ""))
    has_name = len(name_key(last_name)) > 1
    found = Lead.objects.none()
    if phone or "@" in email:
        found = Lead.objects.reached_by(email=email if "@" in email else "", phone=phone)
    elif has_name:
        found = Lead.objects.filter(last_name__plain__startswith=plain(last_name)).order_by("-created_at", "-pk")
    rows = list(found.visible_to(user)[:10])
    if phone or "@" in email or has_name:
        ids = [lead.pk for lead in rows]
        access.record(AccessAction.SEARCH, by=user, object_type="lead", ids=ids, term=phone or email or last_name)
    return rows


def _request(request: HttpRequest, form: NewRequest, *, urgent: bool) -> Request:
    center, data = _center_of(request), form.cleaned_data
    assert center is not None  # noqa: S101 - the page does not open without one
    kept = {name: value for name, value in data.items() if name not in _ABOUT_THE_CALL}
    return Request(
        form_id=data.get("submission_id") or uuid.uuid4(),
        data={name: value for name, value in kept.items() if value not in (None, "", [])},
        location=center,
        now=timezone.now(),
        urgent=urgent,
        page=form.page,
        language=data.get("language_spoken") or "en",
        by=cast(User, request.user),
        came_by=CameBy(data.get("came_by") or CameBy.PHONE),
        received_at=data.get("received_at"),
    )


def _keep(request: HttpRequest, form: NewRequest) -> HttpResponse:
    sent = _submit(request, form, _request(request, form, urgent=False))
    messages.success(request, f"{_who(sent)} The reference is {sent.lead.reference}.")
    return redirect("admin:crm_lead_change", sent.lead_id)


def _who(sent: Submission) -> str:
    """Return whether the request has made its lead, or stands with the others of somebody who was known."""
    name = sent.lead.full_name
    if sent.lead.created_at == sent.at:
        return f"{name} is a lead now."
    return f"{name} was a lead already, and this request stands with the others."


def _emergency(request: HttpRequest, form: NewRequest) -> HttpResponse:
    """Say what to do, on the next page too. Without a name or a number nobody can be called: that is counted."""
    messages.error(request, f"Say now: “{SCRIPT}”")
    asked = _request(request, form, urgent=True)
    if not form.has_contact:
        alerts.count_without_contact(asked.location, now=asked.now)
        return redirect("admin:intake_new_request")
    return redirect("admin:crm_lead_change", _submit(request, form, asked).lead_id)


def _submit(request: HttpRequest, form: NewRequest, asked: Request) -> Submission:
    """Store it with its note; who wrote it down leaves an event about that person."""
    sent, user = actions.submit(asked), cast(User, request.user)
    if text := form.cleaned_data.get("note"):
        leads.add_note(sent.lead, by=user, text=text)
    access.record(AccessAction.EDIT, by=user, object_type="lead", ids=[sent.lead_id])
    return sent
