"""Documents on the private page: sending them, seeing what became of them, fetching one's own."""

from uuid import UUID

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.documents import actions as documents
from crm.documents import upload_views
from crm.documents.upload_handler import CappedUpload
from crm.enums.documents import READABLE
from crm.enums.treatments import Source
from crm.models import Document, Lead
from crm.patient_portal.closed_page import of_its_person
from crm.patient_portal.entry import patient_page
from crm.patient_portal.requests import PatientRequest

SHOWN = Q(by_mail=False) | Q(state__in=READABLE)  # what came by mail may be a stranger's, until a person has looked


def own(request: PatientRequest) -> QuerySet[Document]:
    """Return what this patient, or whoever fills in for them, has sent; on a tablet only what was sent from it."""
    session = request.patient
    sent = Document.objects.filter(SHOWN, lead=session.lead).order_by("-created_at", "pk")
    here = Q(session=session)
    return sent.filter(here | Q(source=Source.PATIENT) if session.sees_record else here)


def may_fetch(request: PatientRequest) -> QuerySet[Document]:
    """Return what can be fetched here: one's own, and once it is proven who is reading also what we have scanned or
    been sent about them."""
    session = request.patient
    about = Document.objects.filter(lead=session.lead) if session.sees_record else own(request)
    return about.filter(state__in=READABLE)


def _sender(request: PatientRequest) -> documents.DocumentSender:
    session = request.patient
    return documents.DocumentSender(by=session.by if session.is_on_behalf else None, session=session)


@require_http_methods(["GET", "HEAD", "POST"])
@patient_page(reads=True, on_tablet=True, takes_files=True)
@upload_views.takes_files(CappedUpload)
@of_its_person
def page(request: PatientRequest) -> HttpResponse:
    """Show the list and the form. Browsers without scripts send a file in one go; 422 says why it is not accepted."""
    form = upload_views.PlainForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and upload_views.plain(form, request.patient.lead, _sender(request)):
        messages.success(request, gettext("We have your file. Thank you."))
        return redirect("my_documents:page")
    mine = own(request)
    ours = may_fetch(request).exclude(pk__in=mine.values("pk")).order_by("-created_at", "pk")
    context = {"documents": mine, "ours": ours, "form": form, "patient": request.patient, "readable": READABLE}
    return render(request, "crm/patient_portal/documents.html", context, status=422 if form.errors else 200)


@require_POST
@patient_page(reads=True, on_tablet=True)
def start(request: PatientRequest) -> HttpResponse:
    return upload_views.start(request, request.patient.lead, _sender(request))


@require_http_methods(["GET", "PUT"])
@patient_page(reads=True, on_tablet=True)
def piece(request: PatientRequest, document_id: UUID) -> HttpResponse:
    return upload_views.piece(request, own(request), document_id)


@require_POST
@patient_page(reads=True, on_tablet=True)
def finish(request: PatientRequest, document_id: UUID) -> HttpResponse:
    return upload_views.finish(own(request), document_id)


@require_POST
@patient_page(reads=True, on_tablet=True)
def take_back(request: PatientRequest, document_id: UUID) -> HttpResponse:
    """Delete a file that was sent by mistake, while nobody of ours has opened it."""
    document = own(request).filter(pk=document_id).first()
    if document is None and not documents.was_taken_back(request.patient.lead, document_id):
        raise Http404
    if document is None or documents.take_back(document, by=_sender(request).by, now=timezone.now()):
        messages.success(request, gettext("The file is taken back. We keep nothing of it."))
    else:
        messages.warning(request, gettext("We have opened this file already. Call us if it should not be here."))
    return redirect("my_documents:page")


@require_GET
@patient_page(reads=True, on_tablet=True)
def fetch(request: PatientRequest, document_id: UUID) -> HttpResponseBase:
    """Send one's own document, or one about oneself; not to a tablet handed over, on which the file would stay."""
    document = get_object_or_404(may_fetch(request), pk=document_id)
    if request.patient.handed_over:
        raise Http404
    by = request.patient.by  # staff in the patient's place: the tablet is out already
    try:
        pieces = documents.read_by_patient(document, by=by, now=timezone.now())
    except Document.DoesNotExist:
        raise Http404 from None
    return upload_views.download(document, pieces)


def panel(request: HttpRequest, lead: Lead) -> str:
    """Show on the private page how many files there are, and the way to them where there is one."""
    session = request.patient  # type: ignore[attr-defined]  # set by patient_page
    count = Document.objects.filter(SHOWN, lead=lead, source=Source.PATIENT).count() if session.sees_record else 0
    context = {"count": count, "may_open": session.is_proven or session.may_be_proven}
    return render_to_string("crm/patient_portal/documents_panel.html", context, request=request)


app_name = "my_documents"
urlpatterns = [
    path("", page, name="page"),
    path("uploads/", start, name="start"),
    path("uploads/<uuid:document_id>/", piece, name="piece"),
    path("uploads/<uuid:document_id>/finish/", finish, name="finish"),
    path("<uuid:document_id>/", fetch, name="fetch"),
    path("<uuid:document_id>/take-back/", take_back, name="take_back"),
]
