"""What every public page shows: the center, its telephone, and how to reach emergency help."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse, translate_url
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language, override

from crm import locations


def site(request: HttpRequest) -> dict[str, Any]:
    """Return `center`, the Location whose pages these are, and `languages`, the same page in each language. Both are
    made only when a template asks for them."""
    return {"center": SimpleLazyObject(locations.main), "languages": SimpleLazyObject(lambda: _languages(request))}


def _languages(request: HttpRequest) -> list[dict[str, Any]]:
    """Return [{"code", "name", "path", "here"}]: this page in each language, or else the start page in it."""
    spoken = get_language()
    found = []
    for code, name in settings.LANGUAGES:
        path = translate_url(request.path, code)
        if code != spoken and path == request.path:
            with override(code):
                path = reverse("intake:home")
        found.append({"code": code, "name": name, "path": path, "here": code == spoken})
    return found
