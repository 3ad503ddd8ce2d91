"""What every public page shows: the centre, its telephone, and how to reach emergency help."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from crm import queries


def site(request: HttpRequest) -> dict[str, Any]:
    """`centre`: the Location whose pages these are. Read from the database only when a template asks for it."""
    return {"centre": SimpleLazyObject(queries.main_location)}
