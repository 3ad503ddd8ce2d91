"""Correcting what is known of a lead: contact details, treatments. Treatments are mended where they stand.

A form is read under the lock of its row: what a colleague has changed meanwhile is seen, said, and not overwritten.
"""

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone

from crm import registry
from crm.admin.forms import DetailsForm
from crm.admin.lead.page import back, find_lead, form_page, user_of
from crm.admin.treatment_form import TreatmentForm
from crm.desk import queries
from crm.errors import AssignmentRefused, TreatmentRefused
from crm.leads import actions as leads
from crm.leads import treatments
from crm.models import Lead, Treatment

NEW_ROW = "treatment-new"
IDS = "treatment_%s"  # other forms stand on the same page


def register() -> None:
    """Register the forms that correct details and treatments; called once, when the desk is made."""
    add, change = "crm.add_treatment", "crm.change_treatment"
    registry.route("details/", details, permission="crm.change_lead", name="crm_lead_details")
    registry.route("treatments/", ledger, permission="crm.view_treatment", name="crm_lead_treatments")
    registry.route("treatments/add/", add_treatment, permission=add, name="crm_lead_treatment_add")
    registry.route("treatments/<uuid:treatment_id>/", correct_treatment, permission=change, name="crm_lead_treatment")
    settle = "treatments/<uuid:treatment_id>/settle/"
    registry.route(settle, settle_treatment, permission=change, name="crm_lead_treatment_settle")


@transaction.atomic
def details(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Correct a lead's contact details; a new e-mail address may wait until a coordinator has confirmed it."""
    lead = find_lead(lead_id, locked=request.method == "POST")
    by = user_of(request)
    form = DetailsForm(request.POST or None, instance=lead, colleague=_colleague(lead), by=by)
    if form.is_valid():
        try:
            was_theirs = not form.cleaned_data.get("never_theirs")
            leads.correct_details(lead, by=by, changes=form.changes(), was_their_address=was_theirs)
        except AssignmentRefused as refused:
            form.add_error("owner", refused.message)
        else:
            messages.success(request, form.saved("The details are saved."))
            if "email" in form.changed_data and not leads.may_change_email(by):
                messages.warning(request, "The e-mail address waits until a coordinator has confirmed it.")
            return back(lead_id)
    return form_page(site, request, lead, form, title="Contact details")


def ledger(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Show the table of treatments alone to a page that fetches it; send anybody else to the lead's page."""
    return _ledger(request, find_lead(lead_id)) if _in_place(request) else back(lead_id)


def add_treatment(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Add a treatment, beside the patient's own words."""
    lead = find_lead(lead_id)
    form = TreatmentForm(request.POST or None, auto_id=IDS)
    if form.is_valid():
        try:
            added = treatments.add(lead, by=user_of(request), **form.values())
        except TreatmentRefused as refused:
            form.refuse(refused)
        else:
            another = TreatmentForm(auto_id=IDS) if "another" in request.POST else None
            if _in_place(request):
                return _ledger(request, lead, said=f"Added: {added}", form=another)
            messages.success(request, f"Added: {added}")
            return redirect(request.path) if another else back(lead_id)
    if _in_place(request):
        return _row(request, lead, form, row=NEW_ROW)
    return form_page(site, request, lead, form, title="Add a treatment", another=True)


@transaction.atomic
def correct_treatment(site: AdminSite, request: HttpRequest, lead_id: UUID, treatment_id: UUID) -> HttpResponse:
    """Correct a treatment; the timeline keeps what it said before."""
    found = Treatment.objects.select_related("lead__location")
    if request.method == "POST":
        found = found.select_for_update(no_key=True, of=("self",))
    treatment = get_object_or_404(found, pk=treatment_id, lead_id=lead_id)
    lead, was_verified = treatment.lead, treatment.verified_at is not None
    form = TreatmentForm(request.POST or None, instance=treatment, auto_id=IDS, colleague=_colleague(lead))
    if form.is_valid():
        try:
            with transaction.atomic():
                corrected = treatments.correct(treatment, by=user_of(request), **form.changes())
        except TreatmentRefused as refused:
            form.refuse(refused)
        else:
            said = form.saved(f"Saved: {treatment}")
            if was_verified and corrected.verified_at is None:
                said += " It was verified before: compare it with the records again."
            if _in_place(request):
                return _ledger(request, lead, said=said)
            messages.success(request, said)
            return back(lead_id)
    if _in_place(request):
        return _row(request, lead, form, row=f"treatment-{treatment_id}")
    return form_page(site, request, lead, form, title="Correct a treatment")


def settle_treatment(site: AdminSite, request: HttpRequest, lead_id: UUID, treatment_id: UUID) -> HttpResponse:
    """End a contradiction: what was verified stays, or what the patient says takes its place."""
    treatment = get_object_or_404(Treatment, pk=treatment_id, lead_id=lead_id)
    which = request.POST.get("settle")
    if request.method == "POST" and which in {"keep", "accept"}:
        seen, now = request.POST.get("seen", ""), timezone.now()
        try:
            treatments.settle(treatment, accept=which == "accept", seen=seen, by=user_of(request), now=now)
        except TreatmentRefused as refused:
            messages.warning(request, refused.message)
        else:
            words = "What the patient says stands now: verify it again." if which == "accept" else "Kept as verified."
            messages.success(request, words)
    return back(lead_id)


def _in_place(request: HttpRequest) -> bool:
    """Tell whether the lead's page fetches a part of itself (HTMX)."""
    return "HX-Request" in request.headers


def _ledger(request: HttpRequest, lead: Lead, *, said: str = "", form: TreatmentForm | None = None) -> HttpResponse:
    """Return the table of treatments. With `said` it replaces the old one, and what is computed from it reloads."""
    context = {"lead": lead, "treatments": queries.treatments_of(lead), "said": said, "form": form, "row": NEW_ROW}
    headers = {"HX-Retarget": "#ledger", "HX-Reswap": "outerHTML", "HX-Trigger": registry.LEDGER_CHANGED}
    return TemplateResponse(
        request, "crm/admin/lead/ledger.html", context | {"another": True}, headers=headers if said else None
    )


def _row(request: HttpRequest, lead: Lead, form: TreatmentForm, *, row: str) -> HttpResponse:
    """Return one form in the place of a row, the cursor where work begins; 422 when something has to be mended."""
    first = next((name for name in form.errors if name in form.fields), next(iter(form.fields)))
    form.fields[first].widget.attrs["autofocus"] = True
    context = {"lead": lead, "form": form, "row": row, "another": row == NEW_ROW}
    return TemplateResponse(request, "crm/admin/lead/ledger.html#row", context, status=422 if form.errors else 200)


def _colleague(lead: Lead) -> Callable[[], str]:
    return partial(queries.last_to_correct, lead)
