"""The upload protocol over HTTP, one for the private page and the desk. docs/documents.md describes it.

start: POST name, size, stamp, kind -> 201 {"id", "offset", "piece"}; 422 {"reason"}
piece: PUT with Upload-Offset and at most "piece" bytes -> 200 {"offset"}; 409 {"offset"} for any but the next; 404
       {"reason"} once it was taken back
where: GET -> 200 {"offset"}
end:   POST -> 200 {"state", "reason"}; 409 {"offset"} when something is missing
"""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, cast
from uuid import UUID

from django import forms
from django.core.exceptions import BadRequest
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.request import UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from crm.documents import actions as documents
from crm.documents import storage
from crm.documents.formats import validation
from crm.enums.documents import DocumentKind, DocumentState, Unfit
from crm.errors import DomainError, UploadRefused, WrongOffset
from crm.models import Document, Lead


def takes_files[V: Callable[..., Any]](handler: type[FileUploadHandler]) -> Callable[[V], V]:
    """Let a view take files, by `handler`; no other view takes any. It goes inside the check of who asks: Django looks
    for the CSRF token, and reads the whole body for it, before it calls any view; here that waits until the sender is
    known."""

    def decorate(view: V) -> V:
        guarded = csrf_protect(view)

        @wraps(view)
        def taking(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.method == "POST":
                request.upload_handlers = [handler(request)]
            return guarded(request, *args, **kwargs)

        return cast(V, csrf_exempt(taking))

    return decorate


class UploadStartForm(forms.Form):
    """What a browser says before it sends. A name that is wrong is refused by the action, in words."""

    name = forms.CharField(max_length=4000, strip=False)
    size = forms.IntegerField(min_value=0)
    stamp = forms.IntegerField(required=False, min_value=0, max_value=2**62)
    kind = forms.ChoiceField(choices=DocumentKind)


class PlainForm(forms.Form):
    """One file in one go, for browsers without scripts."""

    kind = forms.ChoiceField(
        choices=DocumentKind, label=_("What is it?"), widget=forms.Select(attrs={"class": "form-select"})
    )
    file = forms.FileField(
        label=_("File"),
        max_length=4000,
        allow_empty_file=True,  # refused by the action, in words
        error_messages={
            "required": _("Please choose a file. If it is very large, send it in smaller parts, or bring it on a disc.")
        },
        widget=forms.FileInput(attrs={"accept": validation.ACCEPT, "class": "form-control"}),
    )


def start(request: HttpRequest, lead: Lead, sender: documents.DocumentSender) -> HttpResponse:
    """Begin an upload, or take up the one that was cut off."""
    form = UploadStartForm(request.POST)
    if not form.is_valid():
        raise BadRequest
    data = form.cleaned_data
    try:
        document = documents.start(
            lead,
            sender=sender,
            name=data["name"],
            size=data["size"],
            stamp=data["stamp"] or 0,
            kind=DocumentKind(data["kind"]),
            now=timezone.now(),
        )
    except UploadRefused as refused:
        return JsonResponse({"reason": refused.message}, status=422)
    begun = {"id": str(document.pk), "offset": document.received, "piece": storage.CHUNK}
    return JsonResponse(begun, status=201)


def piece(request: HttpRequest, uploads: QuerySet[Document], document_id: UUID) -> HttpResponse:
    """Take one piece, or say from where to go on. A piece that arrives cut off counts as none."""
    document = uploads.filter(pk=document_id).first()
    if document is None:
        return _gone()
    if request.method != "PUT":
        return JsonResponse({"offset": document.received})
    try:
        offset, length = int(request.headers.get("Upload-Offset", "")), int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise BadRequest from None
    if not 0 < length <= storage.CHUNK:
        return JsonResponse({"offset": document.received}, status=413)
    try:
        body = request.read(length)
        return JsonResponse({"offset": documents.put(document.pk, offset=offset, piece=body, now=timezone.now())})
    except UnreadablePostError:
        raise BadRequest from None
    except WrongOffset as wrong:
        return JsonResponse({"offset": wrong.offset}, status=409)
    except Document.DoesNotExist:
        return _gone()


def _gone() -> HttpResponse:
    """Answer 404 for an upload that was taken back, or never was one of these. In JSON: a page means that nobody gets
    in."""
    return JsonResponse({"reason": gettext("This file was taken back.")}, status=404)


def finish(uploads: QuerySet[Document], document_id: UUID) -> HttpResponse:
    """End an upload and say what became of it."""
    document = uploads.filter(pk=document_id).first()
    try:
        if document is None:
            return _gone()
        done = documents.finish(document, now=timezone.now())
    except WrongOffset as wrong:
        return JsonResponse({"offset": wrong.offset}, status=409)
    except Document.DoesNotExist:
        return _gone()
    return JsonResponse({"state": done.state, "reason": done.get_reason_display() if done.reason else ""})


def plain(form: PlainForm, lead: Lead, sender: documents.DocumentSender) -> Document | None:
    """Store the one file of a plain form; return None, with the reason at the field, when it is not accepted."""
    if not form.is_valid():
        return None
    file: UploadedFile[Any] = form.cleaned_data["file"]
    try:
        done = documents.store_whole(
            lead,
            file.file,  # type: ignore[arg-type]  # a temporary file on disk
            sender=sender,
            name=file.name or "",
            size=file.size or 0,
            kind=DocumentKind(form.cleaned_data["kind"]),
            now=timezone.now(),
        )
    except DomainError as refused:
        form.add_error("file", refused.message)
        return None
    if done.state == DocumentState.REFUSED:
        form.add_error("file", str(Unfit(done.reason).label))
        return None
    return done


def download(document: Document, pieces: Iterator[bytes]) -> HttpResponseBase:
    """Send a file as an attachment that nothing caches, guesses at or runs. Holds one piece in memory at a time."""
    response = StreamingHttpResponse(pieces, content_type="application/octet-stream")
    response["Content-Length"] = str(document.size)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    add_never_cache_headers(response)
    response.headers["Content-Disposition"] = _attachment(document.name)
    return response


def _attachment(name: str) -> str:
    return content_disposition_header(as_attachment=True, filename=name) or "attachment"
