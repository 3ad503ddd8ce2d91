"""On the lead's page: whom else one may speak to, and about what."""

from uuid import UUID

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils import timezone

from crm import registry
from crm.admin.lead.page import back, find_lead, form_page, user_of
from crm.leads import contacts
from crm.models import ContactPerson, Lead
from crm.patient_portal.contact_form import ContactPersonForm


def register() -> None:
    """Register the panel of people around a lead and its forms; called once, when the desk is made."""
    registry.route("people/add/", add, permission="crm.add_contactperson", name="crm_lead_person_add")
    registry.route(
        "people/<uuid:person_id>/end/", end, permission="crm.change_contactperson", name="crm_lead_person_end"
    )
    registry.panel(
        "lead", title="People around", permission="crm.view_contactperson", render=panel, order=0, at_once=True
    )


def panel(request: HttpRequest, lead: Lead) -> str:
    """Render whom one may speak to about this lead, and what to say to anybody else."""
    people = ContactPerson.objects.filter(lead=lead, ended_at__isnull=True).order_by("created_at", "pk")
    return render_to_string("crm/admin/lead/panel_people.html", {"lead": lead, "people": people}, request=request)


def add(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Put somebody on the list of those whom one may speak to, as the patient wishes."""
    lead = find_lead(lead_id)
    form = ContactPersonForm(request.POST or None)
    if form.is_valid():
        person = contacts.add(lead, by=user_of(request), now=timezone.now(), **form.cleaned_data)
        messages.success(request, f"{person} is on the list.")
        return back(lead_id)
    return form_page(site, request, lead, form, title="Name somebody")


def end(site: AdminSite, request: HttpRequest, lead_id: UUID, person_id: UUID) -> HttpResponse:
    """Take somebody off the list of those whom one may speak to."""
    if request.method == "POST":
        person = get_object_or_404(ContactPerson, pk=person_id, lead_id=lead_id)
        if contacts.end(person, by=user_of(request), now=timezone.now()):
            messages.success(request, f"{person} is off the list: discuss nothing.")
    return back(lead_id)
