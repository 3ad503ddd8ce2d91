"""From the desk to the patient's private page: filling it in together, handing over a tablet, links and codes."""

from uuid import UUID

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import override

from crm import registry
from crm.admin import leaving
from crm.admin.lead.page import back, find_lead, user_of
from crm.audit import access
from crm.enums.leads import AccessAction, ProofWay
from crm.mail import suppression
from crm.models import Lead, User
from crm.outbox import actions as outbox
from crm.patient_portal import access as patient_access
from crm.patient_portal import attempts, desk_tabs
from crm.patient_portal.access import FILLS_IN, OPENS_IT
from crm.patient_portal.requests import enter, id_in


def register() -> None:
    """Register the ways to the patient's private page; called once, when the desk is made."""
    registry.route("fill-in/", fill_in, permission=FILLS_IN, name="crm_lead_fill_in")
    registry.route("hand-over/", hand_over, permission=FILLS_IN, name="crm_lead_hand_over")
    registry.route("send-link/", send_link, permission=OPENS_IT, name="crm_lead_send_link")
    registry.route("tell-code/", tell_code, permission=OPENS_IT, name="crm_lead_tell_code")


def begin_for(request: HttpRequest, lead: Lead, user: User) -> patient_access.NewSession:
    """Open the private page in the patient's place, for as long as this sign-in lasts."""
    return patient_access.begin(lead, now=timezone.now(), by=user, desk=request.session.session_key or "")


def fill_in(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Open the patient's own questions, to be filled in with them on the telephone."""
    if request.method != "POST":
        return back(lead_id)
    lead, user = find_lead(lead_id), user_of(request)
    access.record(AccessAction.VIEW, by=user, object_type="lead", ids=[lead.pk])
    return enter(begin_for(request, lead, user), to="private:page")


def hand_over(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Sign the staff member out and leave this browser with the patient's questions and nothing else: tabs in which
    they filled in with somebody are emptied."""
    if request.method != "POST":
        return back(lead_id)
    lead, user = find_lead(lead_id), user_of(request)
    access.record(AccessAction.VIEW, by=user, object_type="lead", ids=[lead.pk])
    entry = patient_access.begin(lead, now=timezone.now(), by=user, handed_over=True)
    list(messages.get_messages(request))  # what the desk had to say is not for the tablet
    logout(request)
    with override(lead.language):
        entered = enter(entry, to="private:page")
    entered["Location"] = desk_tabs.telling_tabs(request, entered["Location"])
    return entered


def send_link(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Mail the patient a link to the private page."""
    if request.method == "POST":
        lead = find_lead(lead_id)
        if lead.email and suppression.answers_are_stopped(lead):
            messages.warning(request, "No mail goes to this address: add another, or fill the questions in together.")
        elif outbox.send_link(lead, by=user_of(request), now=timezone.now(), asked=id_in(request, "asked")):
            leaving.say(request, f"A link is on its way to {lead.email}.", waits=f"A link to {lead.email} is kept.")
        else:
            messages.warning(request, "There is no e-mail address: add one, or fill the questions in together.")
    return back(lead_id)


def tell_code(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Show a code to read out to somebody on the telephone who has opened the link and waits for one."""
    if request.method == "POST":
        lead, now = find_lead(lead_id), timezone.now()
        session = patient_access.waiting_session(lead, now=now)
        if session is None:
            messages.warning(request, "Nobody waits for a code: ask the person to open the link first.")
        elif not attempts.may_try(lead, ProofWay.CODE, address="", now=now):
            messages.warning(request, "Wrong codes were tried too often today: fill the questions in together.")
        else:
            code = patient_access.tell_code(session, now=now)
            access.record(AccessAction.VIEW, by=user_of(request), object_type="patient_code", ids=[session.pk])
            messages.success(request, f"Read out: {code[:3]} {code[3:]}. It works for ten minutes. Be sure who it is.")
    return back(lead_id)
