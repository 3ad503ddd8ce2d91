"""The second path of an alert: a signed POST to an address of the operator's, such as a pager service.

Body: {"alert", "level", "center", "link"}; nothing about anybody. The header X-Nucleus-Signature is "t=<unix seconds>,
v1=<hex>", the HMAC-SHA256 of "<t>.<body>" under ALERT_WEBHOOK_SECRET: the receiver checks it, and that t is recent.
"""

import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request
from datetime import timedelta

import structlog
from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now
from django.urls import reverse

from crm.models import AlertPost

TIMEOUT_SECONDS = 5.0
LEASE = timedelta(seconds=60)
RUN_SECONDS = 20.0  # a receiver that hangs costs a run so much and no more; the next one goes on
WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 30, 60, 120, 300))
GIVE_UP_AFTER = 20  # tries: about an hour and a half; by then two more levels have had calls of their own

log = structlog.get_logger("nucleus.alerts")


def post_due() -> int:
    """Make the call for every alert for which one is due; return how many were accepted. Does nothing without
    ALERT_WEBHOOK_URL, and begins none after RUN_SECONDS."""
    if not settings.ALERT_WEBHOOK_URL:
        return 0
    accepted, ends_at = 0, time.monotonic() + RUN_SECONDS
    for pk in list(AlertPost.objects.due().order_by("due_at", "pk").values_list("pk", flat=True)):
        if time.monotonic() > ends_at:
            break
        if AlertPost.objects.due().filter(pk=pk).update(lease_until=Now() + LEASE, attempts=F("attempts") + 1):
            accepted += _post(AlertPost.objects.select_related("alert__lead__location").get(pk=pk))
    return accepted


def signature(body: bytes, *, secret: str, at: int) -> str:
    """Return the value of the header X-Nucleus-Signature for a body sent at this Unix time."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def _post(post: AlertPost) -> bool:
    problem = _send(_body(post))
    if not problem:
        AlertPost.objects.filter(pk=post.pk).update(done_at=Now(), lease_until=None, reason="")
    elif post.attempts >= GIVE_UP_AFTER:
        AlertPost.objects.filter(pk=post.pk).update(given_up_at=Now(), lease_until=None, reason=problem)
    else:
        wait = WAITS[min(post.attempts, len(WAITS)) - 1]
        AlertPost.objects.filter(pk=post.pk).update(due_at=Now() + wait, lease_until=None, reason=problem)
    log.info("alert_call", post=str(post.pk), level=post.level, attempts=post.attempts, problem=problem)
    return not problem


def _body(post: AlertPost) -> bytes:
    alert = post.alert
    link = settings.SITE_URL.rstrip("/") + reverse("admin:crm_lead_change", args=[alert.lead_id])
    told = {"alert": str(alert.pk), "level": post.level, "center": alert.lead.location.short_name, "link": link}
    return json.dumps(told).encode()


def _send(body: bytes) -> str:
    """Send a body; return "" when the receiver accepted it, else why not. Redirects are not followed: the address is
    the operator's."""
    headers = {
        "Content-Type": "application/json",
        "X-Nucleus-Signature": signature(body, secret=settings.ALERT_WEBHOOK_SECRET, at=int(time.time())),
    }
    request = urllib.request.Request(settings.ALERT_WEBHOOK_URL, data=body, headers=headers, method="POST")  # noqa: S310
    try:
        with _opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
            return "" if 200 <= answer.status < 300 else f"HTTP {answer.status}"
    except urllib.error.HTTPError as refused:
        return f"HTTP {refused.code}"
    except (OSError, ValueError) as trouble:
        return type(trouble).__name__


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect)
