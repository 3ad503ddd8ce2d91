"""Warning signs as they came over the wire, before any form, session or database has had a say."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.forms import Form, MultipleChoiceField
from django.http import HttpRequest, HttpResponse

from crm.http import raw_body
from intake.questionnaire import alarming_among
from intake.questionnaire.red_flags import ASKED_AS_SIGNS, EMERGENCY_QUESTIONS
from intake.rules import derived_signs

FIELD = "safety_check"
# Heard on every page, whatever it asks.
ANYWHERE = {*ASKED_AS_SIGNS, *EMERGENCY_QUESTIONS}
_SEVERAL = {*ASKED_AS_SIGNS, "since_then"}  # of these, those that take several answers
_MARK = "leads_to_emergency_care"


def ticked_in(request: HttpRequest) -> list[str]:
    """Return every "yes" and "not sure" of block A in what was posted, ticked or told by another answer; [] when the
    body cannot be read."""
    return among(raw_body.fields_in(request))


def among(posted: Mapping[str, list[str]]) -> list[str]:
    """Return the same of fields as a form reads them."""
    return list(dict.fromkeys([*alarming_among(posted.get(FIELD, [])), *derived_signs.emergencies_in(posted)]))


def unread(form: Form) -> dict[str, Any]:
    """Return what was ticked of warning signs where a checked form keeps no answer, or another one: boxes that
    contradict each other, two answers to a question that takes one, and signs that its page does not ask for. No sign
    may get lost."""
    wanted = [name for name in sorted(ANYWHERE | form.fields.keys()) if _is_unread(form, name)]
    ticked = {name: derived_signs.telling_among(name, posted_list(form.data, name)) for name in wanted}
    return {name: boxes if _takes_several(form, name) else boxes[0] for name, boxes in ticked.items() if boxes}


def _is_unread(form: Form, name: str) -> bool:
    if name not in form.fields or name in form.errors:
        return True
    return not _takes_several(form, name) and len(posted_list(form.data, name)) > 1


def _takes_several(form: Form, name: str) -> bool:
    return isinstance(form.fields[name], MultipleChoiceField) if name in form.fields else name in _SEVERAL


def posted_list(data: Any, name: str) -> list[str]:
    """Return all that was posted in one field."""
    return data.getlist(name) if hasattr(data, "getlist") else list(data.get(name, []))


def is_too_much(request: HttpRequest) -> bool:
    """Return whether what was posted is over a limit, so that nobody has read which signs are in it."""
    try:
        if request.content_type == "application/x-www-form-urlencoded":
            _ = request.body  # however many fields it has, its signs are found
        else:
            request.POST.getlist(FIELD)
    except SuspiciousOperation:
        return True
    except Exception:
        return False
    return False


def mark[Response: HttpResponse](response: Response) -> Response:
    """Say of an answer that it leads to the emergency page."""
    setattr(response, _MARK, True)
    return response


def is_marked(response: HttpResponse) -> bool:
    """Return whether an answer leads to the emergency page."""
    return getattr(response, _MARK, False)
