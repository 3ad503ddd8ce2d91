"""WSGI entry point."""

import os
import re
from typing import Any

import django
from django.core.handlers.wsgi import WSGIHandler
from django.http.response import HttpResponseBase

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
django.setup(set_prefix=False)

from crm.db import checks  # noqa: E402 - needs the settings that the line above loads

_CHARSET = re.compile(r";\s*charset\s*\*?[0-9]*\*?\s*=[^;]*", re.IGNORECASE)


class Site(WSGIHandler):
    """Django's application, which decodes everything as UTF-8, as our pages ask for.

    Django would take whatever charset a request names: with one that has no "replace", such as idna, making the
    request fails before anything is there that could answer.
    """

    def __call__(self, environ: dict[str, Any], start_response: Any) -> HttpResponseBase:
        environ["CONTENT_TYPE"] = _CHARSET.sub("", environ.get("CONTENT_TYPE", ""))
        return super().__call__(environ, start_response)


application = Site()
checks.refuse_unsafe_database()
