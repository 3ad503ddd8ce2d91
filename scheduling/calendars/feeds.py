"""Calendars of providers and rooms for their own programs: a secret address, and no patient's name (whoever shares a
calendar shares it with others)."""

import secrets
from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from crm.patient_portal.access import digest
from scheduling.actions import ics, queries
from scheduling.models import CalendarFeed, Resource

BACK, AHEAD = timedelta(days=30), timedelta(days=180)


def open_feed(resource: Resource) -> str:
    """Return a new feed address for a resource; the one before is dead at once. Shown once: only its hash is kept."""
    token = secrets.token_urlsafe(32)
    CalendarFeed.objects.update_or_create(
        resource=resource, defaults={"token_hash": digest(token), "created_at": timezone.now()}
    )
    return settings.SITE_URL.rstrip("/") + reverse("feeds:calendar", args=[token])


@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """Serve what is booked from a month ago to half a year ahead; 404 for every address that opens nothing."""
    feed = CalendarFeed.objects.filter(token_hash=digest(token)).select_related("resource__location").first()
    if feed is None:
        raise Http404
    now, resource = timezone.now(), feed.resource
    found = queries.of_resource(resource, now - BACK, now + AHEAD)
    text = ics.published(found, name=resource.name, now=now)
    answer = HttpResponse(text, content_type="text/calendar; charset=utf-8", headers={"Referrer-Policy": "no-referrer"})
    add_never_cache_headers(answer)
    return answer


app_name = "feeds"
urlpatterns = [path("<str:token>.ics", calendar, name="calendar")]
