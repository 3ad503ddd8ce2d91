"""ASGI entry point: the WSGI application behind the door (crm/door.py)."""

import re

from crm.wsgi import application as site  # isort: skip - sets up Django, which everything below needs

from django.conf import settings
from django.db import connection

from crm.door import Door, Lane
from crm.taking_in import Limits

_ID = r"[0-9a-f-]{36}"
# Files as they come: their views look at who sends them before they read, and nothing of a stranger's is kept.
_FILES = re.compile(
    rf"/(es/)?my/documents/({_ID}/)?$|/admin/crm/lead/{_ID}/documents/({_ID}/)?$"
    r"|/admin/crm/location/|/hooks/mail/[^/]+/inbound/$"
)
# What has to answer whatever else goes on.
_EXPRESS = re.compile(r"/(es/)?candidate/emergency/$|/healthz$")
_MORE_THAN_A_FORM = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 128 * 1024  # the frame of a multipart form, or one piece
_MORE_THAN_A_FILE = settings.DOCUMENT_MAX_BYTES + 1024 * 1024

LANES = [
    Lane("express", _EXPRESS, threads=1, most_bytes=1024),
    Lane("signing-in", re.compile(r"/admin/login/$"), threads=1, most_bytes=64 * 1024),  # passwords cost much time
    Lane("files", _FILES, threads=2, most_bytes=_MORE_THAN_A_FILE, as_it_comes=True),
    Lane("pages", re.compile(""), threads=settings.WEB_THREADS, most_bytes=_MORE_THAN_A_FORM),
]

application = Door(
    site,
    LANES,
    limits=Limits(body_seconds=settings.BODY_SECONDS),
    at_the_end=connection.close_pool,  # type: ignore[attr-defined]  # PostgreSQL's wrapper has it
)
