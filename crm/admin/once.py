"""A form of the desk that is sent twice is done once: the page that shows it gave it an id."""

from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import salted_hmac

from crm.models import SentForm

FIELD = "form_id"  # {% form_id %} puts it into a form
KEPT = timedelta(days=2)
_TYPED = "application/x-www-form-urlencoded"


def was_not_refused(answer: HttpResponseBase) -> bool:
    """Return whether a form was done: ours answer 422 when something has to be mended."""
    return answer.status_code < HTTPStatus.BAD_REQUEST


def leads_on(answer: HttpResponseBase) -> bool:
    """Return whether a form was done: Django's own shows the page once more when something has to be mended."""
    return answer.status_code == HTTPStatus.FOUND


def once[Answer: HttpResponseBase](
    request: HttpRequest, act: Callable[[], Answer], *, is_done: Callable[[HttpResponseBase], bool] = was_not_refused
) -> Answer | None:
    """Do what a form asks for; None when this form with the same content was done before.

    What is refused may be sent again. Of two presses at once the second waits for the first. With
    another content it is another form: what was added before the second press is not lost.
    """
    if request.method != "POST" or not _is_form(request) or not request.POST.get(FIELD):
        return act()
    with transaction.atomic():
        sent, is_new = SentForm.objects.get_or_create(key=_key(request))
        if not is_new:
            return None
        answer = act()
        if not is_done(answer):
            sent.delete()  # and not all of it: who was shown on the page stays on record
        return answer


def forget_old(*, now: datetime) -> int:
    """Delete what nobody presses any more; return how many."""
    return SentForm.objects.filter(at__lt=now - KEPT).delete()[0]


def _is_form(request: HttpRequest) -> bool:
    """Tell whether looking into the request takes nothing from a view that reads a file itself."""
    return request.content_type == _TYPED or hasattr(request, "_post")


def _key(request: HttpRequest) -> UUID:
    content = {name: values for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"}
    named = f"{request.user.pk}\n{request.path}\n{sorted(content.items())}"
    return UUID(bytes=salted_hmac("crm.sent_form", named, algorithm="sha256").digest()[:16], version=4)
