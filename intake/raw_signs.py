"""Warning signs as they came over the wire, before any form, session or database has had a say."""

from urllib.parse import parse_qs

from django.http import HttpRequest, HttpResponse

from intake.questionnaire import alarming_among

FIELD = "safety_check"
_MARK = "leads_to_emergency_care"


def ticked_in(request: HttpRequest) -> list[str]:
    """Return every "yes" and "not sure" of block A in what was posted; [] when the body cannot be read."""
    try:
        if request.content_type == "application/x-www-form-urlencoded":
            posted = parse_qs(request.body.decode("latin-1")).get(FIELD, [])
        else:
            posted = request.POST.getlist(FIELD)
    except Exception:  # whatever is wrong with the body has its own answer already
        return []
    return alarming_among(posted)


def mark[Response: HttpResponse](response: Response) -> Response:
    """Say of an answer that it leads to the emergency page."""
    setattr(response, _MARK, True)
    return response


def is_marked(response: HttpResponse) -> bool:
    """Return whether an answer leads to the emergency page."""
    return getattr(response, _MARK, False)
