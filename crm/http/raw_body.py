"""A body as it came over the wire, for what has to be found in it however many fields it has."""

from typing import Any, cast
from urllib.parse import parse_qs

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest, QueryDict


def fields_in(request: HttpRequest) -> dict[str, list[str]]:
    """Return what was posted, in a form of more fields than Django reads too; {} when the body cannot be read."""
    try:
        if request.content_type == "application/x-www-form-urlencoded":
            return parse_qs(request.body.decode("latin-1"))
        return {name: [str(value) for value in values] for name, values in request.POST.lists()}
    except Exception:  # whatever is wrong with the body has its own answer already
        return {}


def read_whole(request: HttpRequest) -> None:
    """Let whatever reads `request.POST` from now on find all that was posted, in a form of more fields than Django
    reads too. A body that cannot be read stays so."""
    try:
        is_read = bool(request.POST)  # Django empties it after it has refused the body
    except TooManyFieldsSent:
        is_read = False
    except Exception:  # as in fields_in
        return
    if not is_read:
        whole = QueryDict(mutable=True)
        for name, values in fields_in(request).items():
            whole.setlist(name, values)
        whole._mutable = False
        request.POST = cast(Any, whole)
