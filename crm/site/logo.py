"""The center's logo as an administrator uploaded it."""

import mimetypes
from typing import Any
from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.csp import CSP
from django.views.decorators.cache import cache_control
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_GET

from crm.models import Location

# An SVG is a document and may carry scripts. Shown as a picture they never run; opened by itself it is shut in here.
SHUT_IN: dict[str, Any] = {"default-src": [CSP.NONE], "style-src": [CSP.UNSAFE_INLINE], "sandbox": True}


@require_GET
@cache_control(public=True, max_age=300)
@csp_override(SHUT_IN)
def logo(request: HttpRequest, location_id: UUID) -> FileResponse:
    """Show the logo of a location, under the content type of its file. 404 for an unknown location, one without a logo,
    or a lost file."""
    location = get_object_or_404(Location, pk=location_id)
    if not location.logo:
        raise Http404("This center has no logo.")
    try:
        return FileResponse(location.logo.open(), content_type=mimetypes.guess_type(str(location.logo))[0])
    except FileNotFoundError:
        raise Http404("The logo's file is missing.") from None
