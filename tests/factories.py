"""Plain functions that make rows. Everybody here is fictitious."""

import secrets
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from crm.accounts import groups as role_groups
from crm.enums.leads import LinkPurpose, MessageClass, OnUnknown
from crm.enums.treatments import Source
from crm.models import Lead, Location, Message, PatientLink, PatientSession, Treatment, User
from crm.patient_portal import access as patient_access
from intake.requests import bot_protection, pending
from tests.answers import STEP_ONE

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)  # a Monday, 12:00 in New York
LINK = LinkPurpose.PRIVATE_PAGE
PASSWORD = "correct-horse-battery"
WEEKDAYS = {day: ["08:00", "18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}


def make_location(**fields: Any) -> Location:
    """The example center in New York, open Monday to Friday from 8 to 18."""
    defaults: dict[str, Any] = {
        "name": "Riverbend Center",
        "short_name": "Riverbend",
        "phone": "+12125550100",
        "phone_display": "(212) 555-0100",
        "street": "1 Example Plaza",
        "city": "New York",
        "state": "NY",
        "postal_code": "10001",
        "timezone": "America/New_York",
        "hours": WEEKDAYS,
        "holidays": ["2026-12-25"],
        "sender_name": "Riverbend Center",
        "sender_email": "hello@riverbend.example.org",
    }
    return Location.objects.create(**(defaults | fields))


def today() -> date:
    """The day at that center: for some hours of each night it is yesterday's in UTC."""
    return timezone.localdate(timezone=ZoneInfo("America/New_York"))


def make_user(*groups: str, **fields: Any) -> User:
    """Somebody who may open the desk, with the permissions of the named roles. Signs in with `password` if given."""
    email = fields.pop("email", f"{uuid.uuid4().hex[:8]}@example.org")
    defaults: dict[str, Any] = {"name": "Sam Sample", "is_staff": True}
    user = User.objects.create_user(email, **(defaults | fields))
    if groups:
        if not Group.objects.filter(name__in=groups).exists():  # somebody emptied the tables
            role_groups.ensure_groups()
        user.groups.set(role_groups.groups_named(*groups))
    return user


def make_lead(*, location: Location | None = None, **fields: Any) -> Lead:
    """Avery Example, new, reachable by mail and phone."""
    defaults: dict[str, Any] = {
        "first_name": "Avery",
        "last_name": "Example",
        "email": "avery@example.org",
        "phone": "+12125550142",
        "state": "NY",
    }
    location = location or Location.objects.main() or make_location()
    return Lead.objects.create(location=location, **(defaults | fields))


def make_treatment(lead: Lead, **fields: Any) -> Treatment:
    """Supervised physical therapy, 12 sessions, completed unless it goes on."""
    defaults: dict[str, Any] = {"kind": "pt_supervised", "sessions": 12, "source": Source.COORDINATOR}
    defaults["status"] = "ongoing" if fields.get("ongoing") else "completed"
    return Treatment.objects.create(lead=lead, **(defaults | fields))


def make_message(lead: Lead, *, now: datetime | None = None, **fields: Any) -> Message:
    """A queued follow-up that is due now and may wait for a day."""
    now = now or datetime.now(UTC)
    key = uuid.uuid4().hex
    defaults: dict[str, Any] = {
        "key": key,
        "name": "ack",
        "message_class": MessageClass.ANSWER,
        "on_unknown": OnUnknown.RESEND,
        "sender_name": "Riverbend Center",
        "sender_email": "hello@riverbend.example.org",
        "to_email": lead.email,
        "subject": "We received your message",
        "text": "Hello.",
        "html": "<p>Hello.</p>",
        "message_id": f"<{key}@riverbend.example.org>",
        "due_at": now - timedelta(seconds=1),
        "not_after": now + timedelta(days=1),
    }
    return Message.objects.create(lead=lead, **(defaults | fields))


def make_link(lead: Lead, *, now: datetime, purpose: LinkPurpose = LinkPurpose.PRIVATE_PAGE) -> str:
    """The token of a link that a mail would hold; as there, only its hash is kept."""
    token = secrets.token_urlsafe(32)
    expires_at, token_hash = now + patient_access.LINK_LIVES, patient_access.digest(token)
    PatientLink.objects.create(lead=lead, purpose=purpose, token_hash=token_hash, created_at=now, expires_at=expires_at)
    return token


def prove(lead: Lead, *, now: datetime | None = None) -> patient_access.NewSession:
    """The session of somebody who opened the link in a mail and showed who they are."""
    now = now or datetime.now(UTC)
    token = make_link(lead, now=now)
    entry = patient_access.begin(lead, now=now, link=patient_access.find_link(token, purpose=LINK, now=now))
    PatientSession.objects.filter(pk=entry.session.pk).update(proven_at=now)
    entry.session.refresh_from_db()
    return entry


def own_browser(lead: Lead) -> Client:
    """A browser of the patient's own, proven."""
    browser = Client()
    browser.cookies["patient"] = prove(lead).secret
    return browser


def in_their_place(browser: Client, lead: Lead, user: User) -> Client:
    """Somebody signed in at the desk who fills in together with the patient, in this browser."""
    browser.force_login(user)
    key = browser.session.session_key or ""
    browser.cookies["patient"] = patient_access.begin(lead, now=datetime.now(UTC), by=user, desk=key).secret
    return browser


def tablet(lead: Lead, user: User) -> Client:
    """The browser of the waiting room, handed over."""
    browser = Client()
    entry = patient_access.begin(lead, now=datetime.now(UTC), by=user, handed_over=True)
    browser.cookies["patient"] = entry.secret
    return browser


class Visitor(Client):
    """A browser of a site whose worker comes by after each press of a button."""

    def post(self, *args: Any, **kwargs: Any) -> Any:
        answer = super().post(*args, **kwargs)
        pending.apply_due(datetime.now(UTC))
        return answer


def step_one(**changes: Any) -> dict[str, Any]:
    """What the visitor of the main job posts. A value of None leaves the field out."""
    data: dict[str, Any] = {
        "submission_id": str(uuid.uuid4()),
        "opened": bot_protection.stamp(datetime.now(UTC) - timedelta(minutes=2)),
        **STEP_ONE,
    }
    return {name: value for name, value in (data | changes).items() if value is not None}


def stranger(**changes: Any) -> dict[str, Any]:
    """The same from somebody who never wrote before."""
    contact = {"email": f"{uuid.uuid4().hex[:12]}@example.org", "phone": None, "preferred_contact": "email"}
    return step_one(**(contact | changes))
