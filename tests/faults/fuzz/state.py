"""A site with something in it to attack: the demo's people, and one row at least of each kind."""

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from unittest import mock
from urllib.parse import quote, urlsplit

from django.apps import apps
from django.db.models import Model
from django.utils import timezone

from crm.documents import actions as documents
from crm.enums.documents import DocumentKind
from crm.mail import unsubscribe_token
from crm.models import ContactPerson, ImagingStudy, Location, OnCallShift, Snippet, Task, User
from intake.demo import fill
from intake.models import PageOfProof, Question
from scheduling.actions import booking
from scheduling.calendars import feeds
from scheduling.models import AppointmentType, BusyCalendar, Resource, ScheduleException, WaitlistEntry
from tests.crm import files
from tests.factories import make_link, make_location, make_message, make_treatment, make_user
from tests.faults.fuzz.places import PARAMETER, Places, everywhere, explore
from tests.faults.fuzz.sending import Application, patient
from tests.faults.fuzz.values import PATIENT, Request
from tests.scheduling.factories import make_kind, make_patient, make_resource, wish

ROOT = Path(__file__).resolve().parents[3]
STEMS = {"hold": "claim", "entry": "waitlistentry", "page": "pageofproof", "study": "imagingstudy"}
WORDS = ["pause", "letter", "sent"]  # of addresses that end in what shall be done
ASKED_FOR = re.compile(r'GET(?:\.get|\.getlist)?[(\[]"(\w+)"')


@contextmanager
def same_every_time(seed: int) -> Iterator[None]:
    """Inside, keys of new rows are drawn alike in every run: a request of one run means the same in another."""
    with mock.patch("os.urandom", random.Random(seed).randbytes):  # noqa: S311 - a rehearsal, not a secret
        yield


def fill_with_demo(*, now: datetime) -> None:
    """Forty leads with their histories. Expects empty tables."""
    with same_every_time(1):
        fill.make(now=now)
        _one_of_each(now)


def fill_with_little(*, now: datetime) -> None:
    """One patient with an appointment. Expects empty tables."""
    with same_every_time(1):
        location = make_location()
        make_user("administrator", email="admin@example.org")
        lead = make_patient(location)
        make_message(lead)
        make_treatment(lead)
        kind = make_kind(make_resource(location), key="fuzz-visit")
        start = (now + timedelta(days=14 - now.weekday())).replace(hour=15, minute=0, second=0, microsecond=0)
        booking.book(wish(lead, kind, start), now=now)
        _one_of_each(now)


def _one_of_each(now: datetime) -> None:
    """What the demo has none of."""
    location, lead, user = Location.objects.get(), patient(), User.objects.order_by("email")[0]
    resource, kind = Resource.objects.order_by("pk")[0], AppointmentType.objects.order_by("key")[0]
    day = now.date()
    ContactPerson.objects.create(lead=lead, name="Jo Example", relation="spouse")
    Snippet.objects.create(title="Example", text_en="Example")
    ImagingStudy.objects.create(lead=lead, modality="mri", region="lumbar")
    OnCallShift.objects.create(location=location, user=user, starts_at=now, ends_at=now + timedelta(hours=8))
    Question.objects.create(location=location, topic="other", name="Jo Example", message="Example?")
    ScheduleException.objects.create(resource=resource, from_day=day, to_day=day)
    BusyCalendar.objects.create(resource=resource, url="https://calendar.example.org/x.ics")
    WaitlistEntry.objects.create(lead=lead, kind=kind, location=location, first_day=day)
    Task.objects.create(lead=lead, title="Example", due_at=now)
    sender = documents.DocumentSender(by=user)
    document = documents.store_whole(
        lead,
        BytesIO(files.pdf()),
        sender=sender,
        name="a.pdf",
        size=len(files.pdf()),
        kind=DocumentKind.REPORT,
        now=now,
    )
    PageOfProof.objects.create(lead=lead, profile="x", criterion="x", document=document, page=1, created_by=user)


def map_of(application: Application) -> Places:
    """Walks through the site: the desk as a superuser, the rest as a patient."""
    asked = {name for file in _sources() for name in ASKED_FOR.findall(file.read_text())}

    def look(path: str) -> str:
        who = "superuser" if path.startswith("/admin/") else PATIENT
        if "logout" in path or "leave" in path:
            return ""
        answer = application.send(Request("GET", quote(path, safe="/%"), who=who))
        return answer.body.decode("utf-8", "replace") if answer.status == 200 else ""

    with same_every_time(2):
        places = everywhere(sorted({*asked, "next", "page", "q", "lang", "utm_source"}))
        return explore(places, look, more=[*_known_addresses(places), *_secret_addresses()])


def _secret_addresses() -> list[str]:
    """Those that only their holder knows."""
    lead, resource = patient(), Resource.objects.order_by("pk")[0]
    link = f"/my/link/{make_link(lead, now=timezone.now())}/"
    return [f"/u/{unsubscribe_token.make(lead.pk, lead.email)}/", urlsplit(feeds.open_feed(resource)).path, link]


def _known_addresses(places: Places) -> list[str]:
    """Of each route that asks for rows, addresses of rows that exist, whether or not a link leads there."""
    return [address for route in places.routes for address in _addresses(route)]


def _addresses(route: str) -> Iterator[str]:
    names = [name for _, name in PARAMETER.findall(route)]
    model = _model_of(route, names[-1]) if names else None
    if model is None:
        return
    of_lead = "lead_id" in names and hasattr(model, "lead_id")
    rows = model._default_manager.order_by("pk")
    for row in rows.filter(lead=patient())[:2] if of_lead else rows[:2]:
        given = {names[-1]: str(row.pk)} | ({"lead_id": str(getattr(row, "lead_id", ""))} if of_lead else {})
        for word in WORDS if set(names) - set(given) else [""]:
            yield "/" + PARAMETER.sub(partial(_given, given, word), route)


def _given(given: dict[str, str], word: str, found: re.Match[str]) -> str:
    return given.get(found[2], word)


def _model_of(route: str, name: str) -> type[Model] | None:
    """By the name of the parameter (task_id: Task), or by the list that the address belongs to."""
    stem = route.split("/")[2] if name in {"pk", "id", "object_id"} else name.removesuffix("_id")
    found = [one for one in apps.get_models() if str(one._meta.model_name).endswith(STEMS.get(stem, stem))]
    return found[0] if found else None


def _sources() -> list[Path]:
    return [file for app in ("crm", "intake", "scheduling") for file in sorted((ROOT / app).rglob("*.py"))]
