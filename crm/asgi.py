"""ASGI entry point: the WSGI application behind the door (crm/gateway/door.py)."""

import re

from crm.wsgi import application as site  # isort: skip - sets up Django, which everything below needs

from django.conf import settings
from django.db import connection

from crm.gateway import callers
from crm.gateway.door import Door
from crm.gateway.lanes import Lane, Share
from crm.gateway.request_body import RequestLimits
from crm.inbound import webhooks

_ID = r"[0-9a-f-]{36}"
_DOCUMENTS = rf"/(?:es/)?my/documents/|/admin/crm/lead/{_ID}/documents/"
_MORE_THAN_A_FORM = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 128 * 1024  # the frame of a multipart form, or one piece
_MORE_THAN_A_FILE = settings.DOCUMENT_MAX_BYTES + 1024 * 1024
_GET, _POST = frozenset({"GET"}), frozenset({"POST"})
# Half a gigabyte over the worst telephone connection: four and a half hours, and not for ever.
LARGE_FILES = RequestLimits(body_seconds=60, answer_seconds=60, bytes_a_second=32 * 1024)
PROVIDERS_CALLS = RequestLimits(body_seconds=30, bytes_a_second=256 * 1024)  # from one computing center to another

# Nobody has a lane for themselves: not one browser, and not one address, which may be a whole clinic's.
_FILE_SHARES = (
    Share(callers.patient, threads=2, waiting=4),
    Share(callers.staff, threads=2, waiting=4),
    Share(callers.connection, threads=3, waiting=20),
)

LANES = [
    # What has to answer whatever else goes on.
    Lane("express", re.compile(r"/(es/)?candidate/emergency/$"), threads=1, most_bytes=1024, is_express=True),
    Lane("health", re.compile(r"/healthz$"), threads=1, most_bytes=1024, is_express=True),
    # Passwords cost much time: those who work here do not wait for strangers who try some.
    Lane(
        "signing-in-again",
        re.compile(r"/admin/login/$"),
        methods=_POST,
        only=callers.known_browser,
        threads=1,
        most_bytes=64 * 1024,
        shares=(Share(callers.known_browser, threads=1, waiting=2),),
    ),
    Lane(
        "signing-in",
        re.compile(r"/admin/login/$"),
        methods=_POST,
        threads=1,
        most_bytes=64 * 1024,
        shares=(Share(callers.connection, threads=1, waiting=3),),
    ),
    # Files as they come: their views look at who sends them before they read, and nothing of a stranger's is kept.
    Lane(
        "hooks",
        re.compile(r"/hooks/mail/[^/]+/inbound/$"),
        threads=3,
        most_bytes=webhooks.MOST_BYTES + 1024 * 1024,
        as_it_comes=True,
        limits=PROVIDERS_CALLS,
        shares=(Share(callers.connection, threads=2, waiting=20),),
    ),
    Lane(
        "uploads",
        re.compile(rf"(?:{_DOCUMENTS})$|/admin/crm/location/"),
        methods=_POST,
        threads=4,
        most_bytes=_MORE_THAN_A_FILE,
        as_it_comes=True,
        limits=LARGE_FILES,
        shares=_FILE_SHARES,
    ),
    Lane(
        "downloads",
        re.compile(rf"(?:{_DOCUMENTS}){_ID}/$"),
        methods=_GET,
        threads=4,
        most_bytes=1024,
        in_blocks=True,
        limits=LARGE_FILES,
        shares=_FILE_SHARES,
    ),
    Lane(
        "logos",
        re.compile(r"/logo/"),
        methods=_GET,
        threads=2,
        most_bytes=1024,
        in_blocks=True,
        shares=(Share(callers.connection, threads=1, waiting=10),),
    ),
    Lane("pages", re.compile(""), threads=settings.WEB_THREADS, most_bytes=_MORE_THAN_A_FORM),
]

application = Door(
    site,
    LANES,
    limits=RequestLimits(body_seconds=settings.BODY_SECONDS),
    at_the_end=connection.close_pool,  # type: ignore[attr-defined]  # PostgreSQL's wrapper has it
)
