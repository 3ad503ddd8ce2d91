"""Documents on the page of a lead: the panel, sending, releasing, fetching."""

from uuid import UUID

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator

from crm import registry
from crm.admin.lead.page import back, find_lead, user_of
from crm.documents import actions as documents
from crm.documents import upload_views
from crm.documents.upload_handler import CappedUpload
from crm.enums.documents import READABLE, DocumentState
from crm.models import Document, Lead

SHOWN = 50


def register() -> None:
    """Register the panel of documents, uploads and their release; called once, when the desk is made."""
    add = "crm.add_document"
    registry.route("documents/", page, permission=add, name="crm_lead_documents")
    registry.route("documents/uploads/", start, permission=add, name="crm_lead_upload")
    registry.route("documents/uploads/<uuid:document_id>/", piece, permission=add, name="crm_lead_upload_piece")
    registry.route("documents/uploads/<uuid:document_id>/finish/", finish, permission=add, name="crm_lead_upload_end")
    registry.route("documents/<uuid:document_id>/", fetch, permission="crm.view_document", name="crm_lead_document")
    registry.route(
        "documents/<uuid:document_id>/release/",
        release,
        permission="crm.release_document",
        name="crm_lead_document_release",
    )
    registry.panel("lead", title="Documents", permission="crm.view_document", render=panel, order=20)


def panel(request: HttpRequest, lead: Lead) -> str:
    """Render a lead's newest documents, and what may be done with each."""
    shown = list(Document.objects.filter(lead=lead).select_related("uploaded_by").order_by("-created_at", "pk")[:SHOWN])
    context = {"lead": lead, "documents": shown, "pending": DocumentState.PENDING}
    return render_to_string("crm/admin/lead/panel_documents.html", context, request=request)


@method_decorator(upload_views.takes_files(CappedUpload))
def page(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Show the page on which staff send documents on the patient's behalf, and take a file from its plain form."""
    lead, sender = find_lead(lead_id), _sender(request)
    form = upload_views.PlainForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and upload_views.plain(form, lead, sender):
        messages.success(request, "The document is stored.")
        return redirect(reverse("admin:crm_lead_documents", args=[lead.pk]))
    context = {
        **site.each_context(request),
        "title": f"Documents: {lead.full_name}",
        "opts": Lead._meta,
        "lead": lead,
        "form": form,
    }
    return TemplateResponse(request, "crm/admin/lead/documents.html", context, status=422 if form.errors else 200)


def start(site: AdminSite, request: HttpRequest, lead_id: UUID) -> HttpResponse:
    """Begin an upload from the desk."""
    return (
        upload_views.start(request, find_lead(lead_id), _sender(request)) if request.method == "POST" else back(lead_id)
    )


def piece(site: AdminSite, request: HttpRequest, lead_id: UUID, document_id: UUID) -> HttpResponse:
    """Take a piece of an upload from the desk, or say from where to go on."""
    return upload_views.piece(request, _uploads(lead_id), document_id)


def finish(site: AdminSite, request: HttpRequest, lead_id: UUID, document_id: UUID) -> HttpResponse:
    """End an upload from the desk."""
    return upload_views.finish(_uploads(lead_id), document_id) if request.method == "POST" else back(lead_id)


def fetch(site: AdminSite, request: HttpRequest, lead_id: UUID, document_id: UUID) -> HttpResponseBase:
    """Send the file itself; the access log says who took it."""
    document = get_object_or_404(Document, pk=document_id, lead_id=lead_id, state__in=READABLE)
    try:
        pieces = documents.read_by_staff(document, by=user_of(request), now=timezone.now())
    except Document.DoesNotExist:
        raise Http404 from None
    return upload_views.download(document, pieces)


def release(site: AdminSite, request: HttpRequest, lead_id: UUID, document_id: UUID) -> HttpResponse:
    """Let a document be read that no scanner has judged."""
    if request.method == "POST":
        document = get_object_or_404(Document.objects.select_related("lead"), pk=document_id, lead_id=lead_id)
        if documents.release(document, by=user_of(request), now=timezone.now()):
            messages.success(request, "The document is released.")
        else:
            messages.info(request, "The document does not wait for release.")
    return back(lead_id)


def _uploads(lead_id: UUID) -> QuerySet[Document]:
    """Return the lead's documents that staff uploaded; those of patients belong to their own page."""
    return Document.objects.filter(lead_id=lead_id, uploaded_by__isnull=False)


def _sender(request: HttpRequest) -> documents.DocumentSender:
    return documents.DocumentSender(by=user_of(request))
