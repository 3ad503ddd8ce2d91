"""A body as it came over the wire, for what has to be found in it however many fields it has."""

from urllib.parse import parse_qs

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest


def fields_in(request: HttpRequest) -> dict[str, list[str]]:
    """Return what was posted, in a form of more fields than Django reads too; {} when the body cannot be read."""
    try:
        if request.content_type == "application/x-www-form-urlencoded":
            return parse_qs(request.body.decode("latin-1"))
        return {name: [str(value) for value in values] for name, values in request.POST.lists()}
    except Exception:  # whatever is wrong with the body has its own answer already
        return {}


def field_in(request: HttpRequest, name: str) -> str:
    """Return one field of what was posted, "" when it is not there; over a limit it is looked for all the same."""
    try:
        return request.POST.get(name, "")
    except SuspiciousOperation:
        return fields_in(request).get(name, [""])[-1]
