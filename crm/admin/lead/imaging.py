"""Imaging studies on the page of a lead: the panel, the form, the steps, and the pages to print."""

from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils import timezone

from crm import registry
from crm.admin.correction_form import CorrectionForm
from crm.admin.lead.page import back, find_lead, form_page, user_of
from crm.desk import printing, queries
from crm.enums.documents import DocumentKind, DocumentState, ImagingModality
from crm.enums.treatments import BodyRegion, DatePrecision
from crm.errors import ImagingRefused
from crm.fields.partial_dates import SaidDate, SaidDateField
from crm.leads import imaging
from crm.models import Document, ImagingStudy, Lead

PAGES = {"request": "crm/admin/lead/print_request.html", "fax": "crm/admin/lead/print_fax.html"}


class StudyForm(CorrectionForm):
    """Take what is known about an imaging study."""

    modality = forms.ChoiceField(choices=[("", "Choose …"), *ImagingModality.choices], label="What was made")
    region = forms.ChoiceField(choices=[("", "Choose …"), *BodyRegion.choices], label="Of which part")
    made = SaidDateField(required=False, label="When", help_text="2026, 03/2026 or 03/15/2026")

    class Meta:
        model = ImagingStudy
        fields = ["modality", "region", "medium", "place", "facility", "facility_phone"]
        labels = {"medium": "How we get it", "place": "Where the disc or film is now"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.made_on:
            said = SaidDate(self.instance.made_on, DatePrecision(self.instance.made_precision))
            self.initial["made"] = str(said)

    def validate_constraints(self) -> None:
        """Check no constraint: nothing on this page can break one."""

    def values(self) -> dict[str, Any]:
        """Return the columns of an ImagingStudy. Call when valid."""
        return _as_columns(self.cleaned_data)

    def changes(self) -> dict[str, Any]:
        """Return the columns that were changed on the page. Call when valid."""
        return _as_columns(super().changes())

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        """Return the fields under their headings, for the template."""
        return [
            ("Study", [self[name] for name in ("modality", "region", "made")]),
            ("Where it is", [self[name] for name in ("facility", "facility_phone", "medium", "place")]),
        ]


def _as_columns(cleaned: dict[str, Any]) -> dict[str, Any]:
    columns = dict(cleaned)
    if "made" in columns:
        said = columns.pop("made")
        columns["made_on"] = said.date if said else None
        columns["made_precision"] = said.precision if said else DatePrecision.MONTH
    return columns


def register() -> None:
    """Register the panel of imaging studies and its forms; called once, when the desk is made."""
    change, one = "crm.change_imagingstudy", "imaging/<uuid:study_id>/"
    registry.route("imaging/add/", add, permission="crm.add_imagingstudy", name="crm_lead_imaging_add")
    registry.route(one, correct, permission=change, name="crm_lead_imaging")
    registry.route(f"{one}step/", step, permission=change, name="crm_lead_imaging_step")
    registry.route(f"{one}link/", link, permission=change, name="crm_lead_imaging_link")
    registry.route(f"{one}print/<str:which>/", to_print, permission=change, name="crm_lead_imaging_print")
    registry.panel("lead", title="Imaging", permission="crm.view_imagingstudy", render=panel, order=15)


def panel(request: HttpRequest, lead: Lead) -> str:
    """Render every imaging study of a lead, where it stands, and the next step."""
    studies = ImagingStudy.objects.filter(lead=lead).select_related("reviewed_by", "requested_by")
    kinds = [DocumentKind.REPORT, DocumentKind.IMAGES]
    loose = Document.objects.filter(lead=lead, study=None, kind__in=kinds).exclude(state=DocumentState.REFUSED)
    context = {
        "lead": lead,
        "studies": list(studies.prefetch_related("documents").order_by("-made_on", "-created_at")),
        "loose": [] if not studies else list(loose.order_by("-created_at")[:20]),
    }
    return render_to_string("crm/admin/lead/panel_imaging.html", context, request=request)


def add(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Add an imaging study to a lead."""
    lead, form = find_lead(lead_id), StudyForm(request.POST or None)
    if form.is_valid():
        try:
            study = imaging.add(lead, by=user_of(request), now=timezone.now(), **form.values())
        except ImagingRefused as refused:
            form.add_error(refused.field or None, refused.message)
        else:
            messages.success(request, f"Added: {study}")
            return back(lead_id)
    return form_page(site, request, lead, form, title="Add an imaging study")


@transaction.atomic
def correct(site: AdminSite, request: HttpRequest, lead_id: UUID, study_id: UUID) -> HttpResponse:
    """Correct what is said about a study; what a colleague has changed meanwhile is seen, and not overwritten."""
    study = _find(lead_id, study_id, locked=request.method == "POST")
    form = StudyForm(request.POST or None, instance=study, colleague=partial(queries.last_to_correct, study.lead))
    if form.is_valid():
        try:
            imaging.correct(study, by=user_of(request), now=timezone.now(), **form.changes())
        except ImagingRefused as refused:
            form.add_error(refused.field or None, refused.message)
        else:
            messages.success(request, form.saved(f"Saved: {study}"))
            return back(lead_id)
    return form_page(site, request, study.lead, form, title="Correct an imaging study")


def step(site: AdminSite, request: HttpRequest, lead_id: UUID, study_id: UUID) -> HttpResponse:
    """Take the step that the button names: requested, report or images received or not here after all, reviewed."""
    if request.method != "POST":
        return back(lead_id)
    study, which = _find(lead_id, study_id), request.POST.get("step", "")
    user, now = user_of(request), timezone.now()
    try:
        if which == "request":
            imaging.request(study, by=user, now=now)
        elif which in {"report", "images"}:
            imaging.receive(study, part=which, by=user, now=now)
        elif which in {"no report", "no images"}:
            imaging.take_back(study, part=which.removeprefix("no "), by=user, now=now)
        elif which == "review":
            if not user.has_perm("crm.review_imagingstudy"):
                raise PermissionDenied
            imaging.review(study, by=user, now=now, seen=request.POST.get("seen", ""))
        else:
            raise Http404
    except ImagingRefused as refused:
        messages.warning(request, refused.message)
    return back(lead_id)


def link(site: AdminSite, request: HttpRequest, lead_id: UUID, study_id: UUID) -> HttpResponse:
    """Record which study a document belongs to."""
    form, study = LinkForm(request.POST), _find(lead_id, study_id)
    if request.method == "POST" and form.is_valid():
        document = get_object_or_404(Document, pk=form.cleaned_data["document"], lead_id=lead_id)
        try:
            imaging.link(document, study, by=user_of(request), now=timezone.now())
        except ImagingRefused as refused:
            messages.warning(request, refused.message)
    return back(lead_id)


class LinkForm(forms.Form):
    document = forms.UUIDField()


def to_print(site: AdminSite, request: HttpRequest, lead_id: UUID, study_id: UUID, which: str) -> HttpResponse:
    """Show a page to print: the request for the records with the release to sign, or the cover of a fax."""
    if which not in PAGES:
        raise Http404
    study = _find(lead_id, study_id)
    context = {"study": study, "lead": study.lead, "place": study.lead.location, "now": timezone.now()}
    return printing.on_paper(request, PAGES[which], context, name=f"{which}-{study.lead.reference}")


def _find(lead_id: UUID, study_id: UUID, *, locked: bool = False) -> ImagingStudy:
    found = ImagingStudy.objects.select_related("lead__location")
    if locked:
        found = found.select_for_update(no_key=True, of=("self",))
    return get_object_or_404(found, pk=study_id, lead_id=lead_id)
