"""Visits: booked by the patient and by the desk, over others too, moved, confirmed, called off, missed, and closed
under."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from crm.models import Message, Task
from scheduling.actions import availability
from scheduling.actions.availability import SlotQuery
from scheduling.models import Appointment, AppointmentType
from tests.crm.life.model import Visit
from tests.crm.life.people import Person, World, acts
from tests.lives import Kind, when
from tests.scheduling import browsing

A_TAKEN_TIME = 0.2
MORNING = 10  # before that hour of the center it is night for some
HOME = "/my/appointments/"
TOLD = ["appointment_booked", "appointment_moved", "appointment_cancelled"]
BY_PATIENT = ["time", "better", "unwell", "travel", "other"]
BY_DESK = ["unwell", "away", "closed", "other"]


def _free(world: World, who: Person, kind: AppointmentType, **more: Any) -> list[datetime]:
    today = world.clock.now.astimezone(world.center.zone).date()
    asked = SlotQuery(kind, world.center, today, world.chance.choice([3, 14]), **more)
    taken = [one.starts_at for one in Appointment.objects.standing().filter(starts_at__gt=world.clock.now)]
    if taken and asked.for_staff and world.chance.random() < A_TAKEN_TIME:
        return taken  # from a page that is older than who has it
    starts = [one.start for one in availability.find(asked, now=world.clock.now)]
    early = [start for start in starts if start.astimezone(world.center.zone).hour < MORNING]
    return early if early and world.chance.random() < 0.4 else starts


def made_of(visit: Visit) -> Appointment:
    return Appointment.objects.select_related("kind", "lead", "provider", "room", "location").get(topic__pk=visit.key)


def _is_told(who: Person, made: Appointment) -> None:
    """By a mail; whom none reaches, by a person. Whose visit begins at this moment is there, or on the telephone."""
    if made.starts_at <= timezone.now():
        return
    mails = Message.objects.filter(topic=made.topic_id, topic_version=made.version, name__in=TOLD)
    by_a_person = Task.objects.filter(lead=who.lead, key=f"tell:{made.pk}:{made.version}")
    assert by_a_person.exists() or (mails.exists() and who.record.reaches(timezone.now())), "nobody tells them"


def is_booked(who: Person, made: Appointment, *, is_over: bool = False) -> None:
    kind = made.kind
    who.record.in_line.pop(kind.key, None)
    _is_told(who, made)
    who.record.visits.append(
        Visit(str(made.topic_id), kind.mode == "phone", kind.needs_room, made.starts_at, made.ends_at, is_over)
    )
    who.record.asked["visit"] += 1


def _of_kind_ahead(world: World, who: Person, kind: AppointmentType) -> bool:
    standing = Appointment.objects.standing().filter(lead=who.lead, kind=kind, ends_at__gt=world.clock.now)
    return standing.exists()


# --- Booking ----------------------------------------------------------------------------------------------------------
def the_patient_books(world: World, who: Person) -> None:
    """What the rules let them book, by telephone or at the center; a telephone visit needs a number."""
    kind = world.kinds[world.chance.choice(["phone_consultation", "on_site_evaluation"])]
    if not kind.may_be_booked_by(who.reads_again()) or _of_kind_ahead(world, who, kind):
        return
    starts, browser = _free(world, who, kind), browsing.browser_of(who.lead)
    if not starts:
        return
    start = world.chance.choice(starts)
    if kind.mode == "phone" and not who.record.phone:
        assert browser.post(browsing.address(kind), {"start": start.isoformat()}).status_code == 422
        return
    held = browser.post(browsing.address(kind), {"start": start.isoformat()})
    if held.status_code != 302 or "held" not in held["Location"]:
        return  # another visit of theirs is then
    asked = {"request_id": str(uuid4())}
    for _ in range(2):  # pressed twice, it is one
        browser.post(held["Location"], asked)
    is_booked(who, Appointment.objects.get(request_id=asked["request_id"]))
    acts(who)


def the_desk_books(world: World, who: Person) -> None:
    kind = world.kinds[world.chance.choice(["phone_consultation", "on_site_evaluation", "second_visit"])]
    starts = _free(world, who, kind, for_staff=True)
    if not starts:
        return
    asked = {"start": world.chance.choice(starts).isoformat(), "request_id": str(uuid4())}
    answer = world.desk().post(f"{who.desk}appointments/book/?type={kind.key}", asked)
    if answer.status_code == 302:
        is_booked(who, Appointment.objects.get(request_id=asked["request_id"]))


def the_desk_books_over_others(world: World, who: Person) -> None:
    """Somebody may who says why; half into another visit, perhaps, without a room."""
    there = world.chance.choice(list(Appointment.objects.standing().filter(starts_at__gt=world.clock.now)))
    kind = world.kinds[world.chance.choice(["phone_consultation", "on_site_evaluation"])]
    at = there.starts_at + timedelta(minutes=world.chance.choice([-15, 0, 15]))
    asked = {
        "over_start": f"{at.astimezone(world.center.zone):%Y-%m-%dT%H:%M}",
        "over_provider": str(there.provider_id),
        "over_reason": "They agreed to share.",
        "request_id": str(uuid4()),
    }
    answer = world.desk("lead_coordinator").post(f"{who.desk}appointments/book/?type={kind.key}", asked)
    if answer.status_code == 302:
        is_booked(who, Appointment.objects.get(request_id=asked["request_id"]), is_over=True)


# --- Changing ---------------------------------------------------------------------------------------------------------
def the_patient_moves_a_visit(world: World, who: Person) -> None:
    visit = world.chance.choice(who.record.ahead(world.clock.now))
    made, browser = made_of(visit), browsing.browser_of(who.lead)
    starts = _free(world, who, made.kind, moving=made.pk)
    if not starts:
        return
    start = world.chance.choice(starts)
    page = f"{HOME}{made.pk}/move/"
    answer = browser.post(page, {"start": start.isoformat()})
    if answer.status_code == 302 and "/move/" in answer["Location"]:
        told = {"version": str(made.version), "start": start.isoformat()}
        browser.post(answer["Location"], told)
    if has_moved(who, visit):
        acts(who)


def the_desk_moves_a_visit(world: World, who: Person) -> None:
    """To another time, or to somebody else at the same time."""
    visit = world.chance.choice(who.record.ahead(world.clock.now))
    made = made_of(visit)
    starts = _free(world, who, made.kind, moving=made.pk, for_staff=True)
    if not starts:
        return
    told = {"start": world.chance.choice([visit.starts, world.chance.choice(starts)]).isoformat()}
    told |= {"version": str(made.version), "provider": str(world.chance.choice(world.providers).pk)}
    world.desk().post(f"{who.desk}appointments/{made.pk}/move/", told)
    has_moved(who, visit)


def has_moved(who: Person, visit: Visit) -> bool:
    """What the row says is when the visit is; that it is told so, each mail shows."""
    made = made_of(visit)
    is_another = made.starts_at != visit.starts
    if is_another:
        _is_told(who, made)
    if made.version != visit.version:  # they are invited anew, to another time or to somebody else
        visit.version, visit.declined = made.version, False
    if made.starts_at != visit.starts or made.version > 1:
        visit.confirmed = visit.confirmed and made.starts_at == visit.starts and made.confirmed_at is not None
    visit.closed = visit.closed and made.rebook_since is not None
    visit.is_over_booked = made.is_extra
    visit.starts, visit.ends = made.starts_at, made.ends_at
    who.record.asked["visit"] += 1
    return is_another


def the_patient_confirms(world: World, who: Person) -> None:
    visit = world.chance.choice(who.record.ahead(world.clock.now))
    made = made_of(visit)
    browsing.browser_of(who.lead).post(f"{HOME}{made.pk}/will-come/", {"version": str(made.version)})
    if not visit.closed and not visit.confirmed:
        visit.confirmed, visit.declined = True, False
        acts(who)


def the_patient_cancels(world: World, who: Person) -> None:
    """Until it is too late for that."""
    visit = world.chance.choice(who.record.ahead(world.clock.now))
    made = made_of(visit)
    told = {"version": str(made.version), "reason": world.chance.choice(BY_PATIENT)}
    browsing.browser_of(who.lead).post(f"{HOME}{made.pk}/cancel/", told)
    _may_be_cancelled(who, visit)
    if visit.state == "cancelled":
        acts(who)


def the_desk_cancels(world: World, who: Person) -> None:
    visit = world.chance.choice(who.record.ahead(world.clock.now))
    made = made_of(visit)
    told = {"version": str(made.version), "reason": world.chance.choice(BY_DESK), "note": ""}
    page = f"{who.desk}appointments/{made.pk}/cancel/"
    for _ in range(2):  # pressed twice on a slow line
        world.desk().post(page, told)
    _may_be_cancelled(who, visit)


def _may_be_cancelled(who: Person, visit: Visit) -> None:
    if (made := made_of(visit)).status == "cancelled":
        _is_told(who, made)
        visit.state, visit.closed = "cancelled", False
        who.record.asked["visit"] += 1


def the_desk_says_what_came_of_it(world: World, who: Person) -> None:
    visit = world.chance.choice(over(who))
    made = made_of(visit)
    to = world.chance.choice(["arrived", "fulfilled", "noshow", "noshow", "booked"])
    world.desk().post(f"{who.desk}appointments/{made.pk}/status/", {"to": to})
    visit.state = str(made_of(visit).status)
    assert visit.state != "noshow" or not visit.closed


def begun(now: datetime, who: Person) -> list[Visit]:
    return [one for one in who.record.visits if one.state != "cancelled" and one.starts <= now]


def is_expected(who: Person) -> object:
    return [one for one in who.record.visits if one.stands]


def ahead(who: Person) -> list[Visit]:
    return who.record.ahead(timezone.now())


def over(who: Person) -> list[Visit]:
    return begun(timezone.now(), who)


def may_book(who: Person) -> bool:
    return not who.record.held and not is_expected(who)


KINDS_OF_STEPS = [
    Kind(the_patient_books, when(may_book, 8, 1)),
    Kind(the_desk_books, when(may_book, 5, 1)),
    Kind(the_desk_books_over_others, when(lambda who: ahead(who) and not who.record.held, 1)),
    Kind(the_patient_moves_a_visit, when(ahead, 3)),
    Kind(the_desk_moves_a_visit, when(ahead, 3)),
    Kind(the_patient_confirms, when(ahead, 2)),
    Kind(the_patient_cancels, when(ahead, 2)),
    Kind(the_desk_cancels, when(ahead, 2)),
    Kind(the_desk_says_what_came_of_it, when(over, 4)),
]
