"""Two locations with the same of everything. What is of a person, or of a place, bears a mark that tells of whom."""

import re
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from io import BytesIO
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from crm import roles
from crm.audit import access
from crm.documents import actions as documents
from crm.enums.documents import DocumentKind, DocumentState
from crm.enums.leads import AccessAction, MessageState, Outcome
from crm.models import (
    AccessEvent,
    Activity,
    AlertCause,
    Consultation,
    ContactPerson,
    Document,
    EmergencyCount,
    Enrollment,
    ImagingStudy,
    InboundMail,
    Lead,
    Location,
    Measurement,
    MessageTopic,
    Notice,
    OnCallShift,
    PatientSession,
    PrivateMessage,
    Referral,
    ReferringPractice,
    ReviewDecision,
    SafetyAlert,
    SequenceVersion,
    SetAsideMail,
    Snippet,
    StageRule,
    Task,
    User,
)
from intake.models import (
    Assessment,
    Coverage,
    Override,
    PageOfProof,
    Plan,
    QuarantinedRequest,
    Question,
    Submission,
    UnprovenRequest,
    Verification,
)
from scheduling.models import (
    Appointment,
    AppointmentType,
    BusyCalendar,
    Resource,
    ScheduleException,
    WaitlistEntry,
    WeeklyRule,
)
from tests.crm import files
from tests.factories import make_lead, make_location, make_message, make_treatment, make_user, today

HERE, THERE = "here", "there"
ROLES = [*roles.PERMISSIONS]
# ann has everything, cli is what she told, sent and was told; bob shares her e-mail address; cat is elsewhere and
# shares here-ann's; ask and hel asked a question and sent a request that is held; a row is of a place and of nobody.
MARK = re.compile(r"zq(here|there)(ann|bob|cat|ask|hel|cli|row)")


def mark(place: str, who: str) -> str:
    """A name such as ZqHereAnn."""
    return f"Zq{place.capitalize()}{who.capitalize()}"


@dataclass
class Place:
    """`ids`: what the parameters of addresses are filled with. `people`: {mark: whose AccessEvent is wanted}.
    `strings`: what else nobody elsewhere may read."""

    name: str
    location: Location
    ids: dict[str, Any] = field(default_factory=dict)
    people: dict[str, uuid.UUID] = field(default_factory=dict)
    strings: list[str] = field(default_factory=list)

    def keep(self, name: str, row: Any) -> Any:
        self.ids[name] = row.pk
        return row


@dataclass
class World:
    here: Place
    there: Place
    users: dict[str, User]


def make_world() -> World:
    """Everybody who signs in works here; whoever is there works there."""
    here = Place(HERE, make_location(name="Riverbend Center", short_name="Riverbend"))
    there = Place(THERE, make_location(name="Lakeside Center", short_name="Lakeside", position=1))
    users = {role: make_user(role, name=f"Staff {role}", email=f"{role}@example.org") for role in ROLES}
    users["nobody"] = make_user(name="Staff Nobody", email="nobody@example.org")
    for user in users.values():
        user.locations.add(here.location)
    shared = _shared(users["administrator"])
    for number, place in enumerate((here, there)):
        place.ids |= shared
        _fill(place, number, users)
    _person(there, "cat", 1, email=f"{mark(HERE, 'ann').lower()}@example.org")
    return World(here, there, users)


def _shared(user: User) -> dict[str, Any]:
    """What is the same everywhere."""
    access.record(AccessAction.VIEW, by=user)
    kind = AppointmentType.objects.create(key="talk", label="Talk", mode="phone", duration=30, step=30, min_notice=0)
    return {
        "crm/snippet": Snippet.objects.create(title="Hours", text_en="We are open").pk,
        "crm/stagerule": StageRule.objects.first().pk,  # type: ignore[union-attr]
        "crm/accessevent": AccessEvent.objects.latest("at").pk,
        "crm/referringpractice": ReferringPractice.objects.create(name="Hilltop Practice").pk,
        "crm/sequenceversion": SequenceVersion.objects.filter(state="published").first().pk,  # type: ignore[union-attr]
        "scheduling/appointmenttype": kind.pk,
        "content_type_id": ContentType.objects.get_for_model(Lead).pk,
        "app_label": "crm",
        "key": "documents",
        "which": "request",
        "step": "outcome",
        "what": "stop",
        "name": "resume",
        "language": "en",
        "url": "nowhere/",
        "uidb64": "bm9ib2R5",
        "token": "none",
    }


def _person(place: Place, who: str, number: int, **fields: Any) -> Lead:
    name, seven = mark(place.name, who), f"555-01{number}{'abc'.index(who[0])}"
    told: dict[str, Any] = {"first_name": name, "last_name": f"{name}son", "email": f"{name.lower()}@example.org"}
    phone = "+1212" + seven.replace("-", "")
    lead = make_lead(location=place.location, phone=phone, **(told | fields))
    place.people[name.lower()] = lead.pk
    place.strings += [lead.reference, phone, seven]
    return lead


def _fill(place: Place, number: int, users: dict[str, User]) -> None:
    ann = _person(place, "ann", number, outcome="URGENT", safety_hold=True, date_of_birth=f"195{number}-07-19")
    _person(place, "bob", number, email=ann.email)
    staff = make_user("coordinator", "administrator", name=mark(place.name, "row"), email=f"row{number}@example.org")
    staff.locations.add(place.location)
    place.keep("crm/user", staff)
    place.ids |= {"lead_id": ann.pk, "crm/lead": ann.pk, "object_id": ann.pk, "crm/location": place.location.pk}
    place.people[mark(place.name, "cli").lower()] = ann.pk
    _contact(place, ann, users)
    _clinical(place, ann, staff)
    _insurance(place, ann, staff)
    _requests(place)
    _calendar(place, ann, number)


def _contact(place: Place, ann: Lead, users: dict[str, User]) -> None:
    words, now = mark(place.name, "ann"), timezone.now()
    task = place.keep("task_id", Task.objects.create(lead=ann, title=f"Call {words}", due_at=now))
    place.keep("crm/task", task)
    told = mark(place.name, "cli")
    failed = make_message(ann, state=MessageState.FAILED, subject=told, text=f"Hello {told}")
    place.ids["crm/message"] = place.ids["message_id"] = failed.pk
    make_message(ann, subject=told, text=f"Hello {told}")
    mail = InboundMail.objects.create(external_id=uuid.uuid4().hex, kind="reply", lead=ann, text=f"It is {told}")
    place.keep("crm/inboundmail", mail)
    aside = {"came_by": "mailbox", "reason": "too_slow", "source": f"Subject: {told}".encode(), "size": 99}
    place.keep("crm/setasidemail", SetAsideMail.objects.create(digest=uuid.uuid4().hex, lead=ann, **aside))
    place.keep("activity_id", Activity.objects.create(lead=ann, kind="note", note=told, by=users["coordinator"]))
    PrivateMessage.objects.create(lead=ann, text=f"Dear all, {told}")
    place.keep("person_id", ContactPerson.objects.create(lead=ann, name=f"Uncle {words}"))
    PatientSession.objects.create(lead=ann, secret_hash=uuid.uuid4().hex)
    for user in users.values():
        Notice.objects.create(user=user, lead=ann, title="Wrote to you", key=str(ann.pk))
    version = SequenceVersion.objects.get(key="not_reachable", state="published")
    soon = now + timedelta(days=1)
    enrolled = Enrollment.objects.create(lead=ann, version=version, key=version.key, anchor=now, due_at=soon)
    place.keep("enrollment_id", enrolled)
    practice = ReferringPractice.objects.get(name="Hilltop Practice")
    place.keep("referral_id", Referral.objects.create(lead=ann, practice=practice, referred_on=now.date()))


def _clinical(place: Place, ann: Lead, staff: User) -> None:
    words, now = mark(place.name, "cli"), timezone.now()
    place.keep("treatment_id", make_treatment(ann, provider_name=words, facility=words))
    place.keep("score_id", Measurement.objects.create(lead=ann, kind="nrs_avg", value=7))
    study = place.keep(
        "study_id", ImagingStudy.objects.create(lead=ann, modality="mri", region="lumbar", facility=words)
    )
    pdf, sender = files.pdf(), documents.DocumentSender(by=staff)
    about: dict[str, Any] = {"size": len(pdf), "kind": DocumentKind.REPORT, "now": now}
    paper = documents.store_whole(ann, BytesIO(pdf), sender=sender, name=f"{words}.pdf", **about)
    Document.objects.filter(pk=paper.pk).update(state=DocumentState.CLEAN, study=study)
    place.keep("document_id", paper)
    alert = SafetyAlert.objects.create(lead=ann)
    AlertCause.objects.create(alert=alert, key=str(uuid.uuid4()))
    decided = ReviewDecision.objects.create(lead=ann, decision="suitable", reason=words, by=staff, needs_second=True)
    place.keep("decision_id", decided)
    Consultation.objects.create(lead=ann, held_on=now.date(), result="conservative", note=words, by=staff)
    Task.objects.create(lead=ann, kind="review", title="Look at the request", due_at=now)
    told = {"regions": ["low_back"], "symptoms_other": words}
    Submission.objects.create(
        pk=uuid.uuid4(), lead=ann, answers=told, answers_digest="0" * 64, questionnaire_version="1"
    )
    waits = UnprovenRequest.objects.create(lead=ann, data=told | {"email": f"{words.lower()}@example.org"})
    place.keep("request_id", waits)
    made: dict[str, Any] = {"snapshot": {}, "evaluated": [], "reasons": [], "groups": [], "span_days": 0}
    found = Assessment.objects.create(lead=ann, outcome=Outcome.URGENT, rule="R1", flags=[], **made)
    override = Override.objects.create(
        assessment=found, outcome=Outcome.MORE_INFO, reason=words, by=staff, needs_second=True
    )
    place.keep("override_id", override)


def _insurance(place: Place, ann: Lead, staff: User) -> None:
    words, now = mark(place.name, "row"), timezone.now()
    plan = Plan.objects.create(location=place.location, insurer=words, as_of=now.date())
    place.keep("intake/plan", plan)
    Coverage.objects.create(lead=ann, plan=plan, profile="general", chosen_by=staff)
    named = mark(place.name, "cli")
    Verification.objects.create(lead=ann, plan=plan, by=staff, spoke_to=named, call_reference=named, note=named)
    document = Document.objects.get(lead=ann)
    proof = {"profile": "general", "criterion": "duration", "document": document, "page": 1, "created_by": staff}
    place.keep("page_id", PageOfProof.objects.create(lead=ann, **proof))


def _requests(place: Place) -> None:
    asker, sender = mark(place.name, "ask"), mark(place.name, "hel")
    asked = Question.objects.create(location=place.location, topic="other", name=asker, message=f"I am {asker}")
    place.people[asker.lower()] = place.keep("intake/question", asked).pk
    data = {"first_name": sender, "last_name": sender, "email": f"{sender.lower()}@example.org"}
    held = QuarantinedRequest.objects.create(
        form_id=uuid.uuid4(), location=place.location, page="request", data=data, reasons=["too_fast"]
    )
    place.people[sender.lower()] = place.keep("intake/quarantinedrequest", held).pk
    place.strings.append(held.reference)


def _calendar(place: Place, ann: Lead, number: int) -> None:
    words, day = mark(place.name, "row"), today()
    doctor = Resource.objects.create(location=place.location, kind="provider", name=words, timezone="America/New_York")
    place.ids["resource_id"] = place.keep("scheduling/resource", doctor).pk
    WeeklyRule.objects.create(resource=doctor, weekdays=list(range(7)), start=time(9), end=time(17))
    BusyCalendar.objects.create(resource=doctor, url="https://cal.example.org/x.ics", user=words)
    kind = AppointmentType.objects.get(key="talk")
    kind.providers.add(doctor)
    noon = datetime.combine(day, time(17), tzinfo=UTC)
    made = Appointment.objects.create(
        lead=ann,
        kind=kind,
        location=place.location,
        provider=doctor,
        starts_at=noon,
        ends_at=noon + timedelta(minutes=30),
        topic=MessageTopic.objects.create(),
        calendar_uid=str(uuid.uuid4()),
        request_id=uuid.uuid4(),
        rebook_since=timezone.now(),
    )
    place.keep("appointment_id", made)
    waits = WaitlistEntry.objects.create(lead=ann, kind=kind, location=place.location, first_day=day)
    place.keep("scheduling/waitlistentry", waits)
    closed = ScheduleException.objects.create(resource=doctor, from_day=day, to_day=day, reason=words)
    place.keep("scheduling/scheduleexception", closed)
    until = timezone.now() + timedelta(hours=9)
    shift = OnCallShift.objects.create(
        location=place.location, user_id=place.ids["crm/user"], starts_at=timezone.now(), ends_at=until
    )
    place.keep("crm/oncallshift", shift)
    place.keep("crm/emergencycount", EmergencyCount.objects.create(location=place.location, day=day, count=71 + number))
