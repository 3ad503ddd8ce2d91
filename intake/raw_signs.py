"""Warning signs as they came over the wire, before any form, session or database has had a say."""

from collections.abc import Mapping
from urllib.parse import parse_qs

from django.http import HttpRequest, HttpResponse

from intake import derived_signs
from intake.questionnaire import alarming_among

FIELD = "safety_check"
_MARK = "leads_to_emergency_care"


def ticked_in(request: HttpRequest) -> list[str]:
    """Return every "yes" and "not sure" of block A in what was posted, ticked or told by another answer; [] when the
    body cannot be read."""
    try:
        if request.content_type == "application/x-www-form-urlencoded":
            posted = parse_qs(request.body.decode("latin-1"))
        else:
            posted = dict(request.POST.lists())
    except Exception:  # whatever is wrong with the body has its own answer already
        return []
    return among(posted)


def among(posted: Mapping[str, list[str]]) -> list[str]:
    """Return the same of fields as a form reads them."""
    return list(dict.fromkeys([*alarming_among(posted.get(FIELD, [])), *derived_signs.emergencies_in(posted)]))


def mark[Response: HttpResponse](response: Response) -> Response:
    """Say of an answer that it leads to the emergency page."""
    setattr(response, _MARK, True)
    return response


def is_marked(response: HttpResponse) -> bool:
    """Return whether an answer leads to the emergency page."""
    return getattr(response, _MARK, False)
