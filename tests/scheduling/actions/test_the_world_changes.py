"""What becomes of visits when the world around them changes: a test for each row of the table in docs/scheduling.md."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.enums.leads import CallOutcome, MessageState, Stage
from crm.leads import actions as leads
from crm.mail import templates as mail_templates
from crm.models import Lead, Location, Message, MessageTopic, Task, User
from scheduling.actions import booking, changing, rebooking
from scheduling.actions.errors import BookingRefused
from scheduling.enums import CancelReason, Mode, ResourceKind, Status
from scheduling.models import Appointment, AppointmentType, Resource, ScheduleException, WeeklyRule
from tests.factories import make_location, make_user
from tests.scheduling.browsing import save_holidays, save_place
from tests.scheduling.factories import as_staff, make_kind, make_patient, make_resource, wish

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
EXCEPTION = "/admin/scheduling/scheduleexception/"


@pytest.fixture
def made(patient: Lead, kind: AppointmentType, tuesday: datetime) -> Appointment:
    return booking.book(wish(patient, kind, tuesday), now=timezone.now())


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_user("administrator", email="admin@example.org"))
    return client


def is_flagged(made: Appointment) -> bool:
    """Which patients are not told, except on their page and by a call two days before: nobody is reminded of it."""
    made.refresh_from_db()
    live = MessageTopic.objects.get(appointment=made).live
    assert live is (made.rebook_since is None)
    return made.rebook_since is not None


def tasks_of(made: Appointment, words: str) -> int:
    return Task.objects.open().filter(lead=made.lead_id, title__contains=words).count()


# --- Who, where, what ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("whose", ["provider", "room"])
def test_somebody_or_a_room_that_can_be_booked_no_more_is_flagged(
    center: Location, patient: Lead, provider: Resource, tuesday: datetime, whose: str
) -> None:
    room = make_resource(center, kind=ResourceKind.ROOM, name="Room 1")
    made = booking.book(wish(patient, make_kind(provider, room, needs_room=True), tuesday), now=timezone.now())
    Resource.objects.filter(kind=whose).update(is_active=False)
    assert (rebooking.flag_of_nobody(now=timezone.now()), is_flagged(made)) == (1, True)
    Resource.objects.update(is_active=True)
    assert (rebooking.unflag_all(), is_flagged(made)) == (1, False)


@pytest.mark.parametrize("whose", ["provider", "room"])
def test_somebody_or_a_room_that_is_at_another_location_now_is_flagged(
    center: Location, patient: Lead, provider: Resource, tuesday: datetime, whose: str
) -> None:
    room = make_resource(center, kind=ResourceKind.ROOM, name="Room 1")
    made = booking.book(wish(patient, make_kind(provider, room, needs_room=True), tuesday), now=timezone.now())
    Resource.objects.filter(kind=whose).update(location=make_location(name="Harbor Center", position=9))
    assert (rebooking.look_again(now=timezone.now()), is_flagged(made)) == (1, True)
    assert (rebooking.unflag_all(), is_flagged(made)) == (0, True)
    Resource.objects.update(location=center)
    assert (rebooking.unflag_all(), is_flagged(made)) == (1, False)


def test_who_is_given_another_location_on_the_page_is_flagged_at_once_and_the_administrator_is_told(
    admin: Client, made: Appointment, provider: Resource
) -> None:
    place = make_location(name="Harbor Center", position=9)
    rules = {"rules-TOTAL_FORMS": "1", "rules-INITIAL_FORMS": "1", "rules-0-id": str(provider.rules.get().pk)}
    rules |= {"rules-0-resource": str(provider.pk), "rules-0-start": "09:00", "rules-0-end": "17:00"}
    sent: dict[str, Any] = rules | {"rules-0-weekdays": ["0", "1", "2", "3", "4"], "name": provider.name}
    sent |= {"busy_calendars-TOTAL_FORMS": "0", "busy_calendars-INITIAL_FORMS": "0", "is_active": "on"}
    sent |= {"kind": "provider", "location": str(place.pk), "timezone": provider.timezone, "position": "0"}
    page = admin.post(f"/admin/scheduling/resource/{provider.pk}/change/", sent, follow=True).content.decode()
    assert ("1 appointment lies" in page, is_flagged(made)) == (True, True)


def test_a_location_that_is_closed_down_is_flagged(made: Appointment) -> None:
    Location.objects.update(is_active=False)
    assert (rebooking.look_again(now=timezone.now()), is_flagged(made)) == (1, True)


@pytest.fixture
def there(patient: Lead, provider: Resource, tuesday: datetime) -> Appointment:
    """Who has it comes to the center, and has confirmed; no mail about it waits but the reminders."""
    kind = make_kind(provider, mode=Mode.ON_SITE)
    made = booking.book(wish(patient, kind, tuesday), now=timezone.now())
    Appointment.objects.update(confirmed_at=timezone.now())
    Message.objects.filter(name="appointment_booked").delete()
    return made


def told_of_the_address() -> list[Message]:
    return list(Message.objects.filter(name="appointment_new_address").order_by("created_at"))


def test_another_address_of_a_location_is_told_once_and_nothing_else_of_the_visit_changes(
    admin: Client, there: Appointment, center: Location
) -> None:
    reminders = set(Message.objects.filter(name="appointment_reminder").values_list("pk", "state", "due_at"))
    page = save_place(admin, center, street="77 Other Street")
    assert "1 visit ahead there. The patients are told the new address: 1 by e-mail." in page
    save_place(admin, center, phone_display="(212) 555-0109")

    [mail] = told_of_the_address()
    assert (mail.state, mail.to_email, mail.topic_version) == (MessageState.QUEUED, there.lead.email, there.version)
    assert "77 Other Street" in mail.text
    assert "77 Other Street" in mail.html
    assert "LOCATION:77 Other Street" in mail.calendar
    assert set(Message.objects.filter(name="appointment_reminder").values_list("pk", "state", "due_at")) == reminders
    there.refresh_from_db()
    assert (there.version, there.confirmed_at is not None, is_flagged(there)) == (1, True, False)
    assert there.lead.activities.filter(summary__startswith="At another address now").count() == 1

    save_place(admin, center, street="78 Other Street")  # before it has left: it says this one
    [mail] = told_of_the_address()
    assert "78 Other Street" in mail_templates.fill(mail).text
    mail.delete()
    save_place(admin, center, street="79 Other Street")
    assert "79 Other Street" in told_of_the_address()[0].text


def test_whose_confirmation_has_not_left_hears_of_another_address_by_it(
    admin: Client, patient: Lead, provider: Resource, center: Location, tuesday: datetime
) -> None:
    booking.book(wish(patient, make_kind(provider, mode=Mode.ON_SITE), tuesday), now=timezone.now())
    assert "The patients are told the new address: 1 by e-mail." in save_place(admin, center, street="77 Other Street")
    assert not told_of_the_address()
    confirmation = Message.objects.select_related("lead").get(name="appointment_booked")
    assert "77 Other Street" in mail_templates.fill(confirmation).text


def test_an_address_that_is_only_written_otherwise_is_told_nobody(
    admin: Client, there: Appointment, center: Location
) -> None:
    assert "same_place" in admin.get(f"/admin/crm/location/{center.pk}/change/").content.decode()
    assert "told the new address" not in save_place(admin, center, street="1 Spelled Street", same_place="on")
    assert not told_of_the_address()


@pytest.mark.parametrize("no_calls", [False, True])
def test_whom_no_mail_reaches_is_told_of_another_address_by_a_task_that_ends_with_the_visit(
    admin: Client, there: Appointment, center: Location, no_calls: bool
) -> None:
    Lead.objects.update(email="", do_not_call=no_calls)
    assert "told the new address: 1 through a task for the desk." in save_place(admin, center, street="77 Other Street")
    assert (told_of_the_address(), tasks_of(there, "another address of the visit on")) == ([], 1)
    assert tasks_of(there, "Tell by telephone") == (not no_calls)
    changing.cancel(there, version=1, reason=CancelReason.BETTER, by=make_user(), now=timezone.now())
    assert tasks_of(there, "another address of the visit on") == 0


def test_a_visit_by_telephone_and_one_that_cannot_be_kept_hear_of_no_address(
    admin: Client, made: Appointment, provider: Resource, center: Location, tuesday: datetime
) -> None:
    other, kind = make_patient(center, email="blake@example.org", phone=""), make_kind(provider, mode=Mode.ON_SITE)
    closed = booking.book(wish(other, kind, tuesday + DAY), now=timezone.now())
    day = closed.starts_at.astimezone(center.zone).date()
    rebooking.flag(ScheduleException.objects.create(resource=provider, from_day=day, to_day=day))
    assert "told the new address" not in save_place(admin, center, street="77 Other Street")
    assert (told_of_the_address(), tasks_of(made, "another address")) == ([], 0)


@pytest.mark.parametrize("changed", [{"is_active": False}, {"duration": 60}, {"self_book": []}, {"buffer_before": 15}])
def test_a_kind_that_changes_keeps_what_was_booked(made: Appointment, changed: dict[str, Any]) -> None:
    ends = made.ends_at
    AppointmentType.objects.update(**changed)
    assert (rebooking.look_again(now=timezone.now()), is_flagged(made), made.ends_at) == (0, False, ends)


def save_type(admin: Client, kind: AppointmentType, **changes: Any) -> str:
    """Press Save on the page of a type."""
    where = f"/admin/scheduling/appointmenttype/{kind.pk}/change/"
    form = admin.get(where).context["adminform"].form
    stands = {name: form[name].value() for name in form.fields}
    sent = {name: value for name, value in stands.items() if value is not None and value is not False} | changes
    return admin.post(where, sent, follow=True).content.decode()


@pytest.mark.parametrize(
    ("change", "said"),
    [({"mode": "on_site"}, "told otherwise"), ({"needs_room": "on"}, "have no room")],
)
def test_a_kind_becomes_nothing_that_is_untrue_of_what_is_booked(
    admin: Client, made: Appointment, kind: AppointmentType, change: dict[str, Any], said: str
) -> None:
    before = (kind.mode, kind.needs_room)
    assert said in save_type(admin, kind, **change)
    kind.refresh_from_db()
    assert (kind.mode, kind.needs_room) == before
    Appointment.objects.update(status=Status.FULFILLED)
    assert said not in save_type(admin, kind, **change)
    kind.refresh_from_db()
    assert (kind.mode, kind.needs_room) != before


def test_who_gives_a_kind_no_more_keeps_what_was_booked(made: Appointment, kind: AppointmentType) -> None:
    kind.providers.clear()
    assert (rebooking.look_again(now=timezone.now()), is_flagged(made)) == (0, False)


# --- When ------------------------------------------------------------------------------------------------------------


def test_shortened_hours_flag_at_once(made: Appointment, provider: Resource) -> None:
    WeeklyRule.objects.update(start=time(13))
    assert (rebooking.flag_outside(provider), is_flagged(made)) == (1, True)
    WeeklyRule.objects.update(start=time(9))
    assert (rebooking.unflag_all(), is_flagged(made)) == (1, False)


@pytest.mark.parametrize("whole", [True, False])
def test_extra_hours_that_are_taken_out_flag_at_once_and_the_administrator_is_told(
    admin: Client,
    center: Location,
    patient: Lead,
    kind: AppointmentType,
    provider: Resource,
    whole: bool,
    tuesday: datetime,
) -> None:
    saturday = (tuesday + 4 * DAY).astimezone(center.zone)
    where: dict[str, Any] = {"location": center} if whole else {"resource": provider}
    at = {"from_day": saturday.date(), "from_time": time(9), "to_day": saturday.date(), "to_time": time(12)}
    extra = ScheduleException.objects.create(is_open=True, **where, **at)
    made = booking.book(wish(patient, kind, saturday), now=timezone.now())
    assert (rebooking.look_again(now=timezone.now()), is_flagged(made)) == (0, False)
    page = admin.post(f"{EXCEPTION}{extra.pk}/delete/", {"post": "yes"}, follow=True).content.decode()
    assert ("1 appointment lies" in page, is_flagged(made)) == (True, True)


def test_extra_hours_that_are_shortened_flag_at_once(
    admin: Client, center: Location, patient: Lead, kind: AppointmentType, provider: Resource, tuesday: datetime
) -> None:
    saturday = (tuesday + 4 * DAY).astimezone(center.zone)
    at = {"from_day": saturday.date(), "from_time": time(9), "to_day": saturday.date(), "to_time": time(12)}
    extra = ScheduleException.objects.create(is_open=True, resource=provider, **at)
    made = booking.book(wish(patient, kind, saturday), now=timezone.now())
    before = ScheduleException.objects.get(pk=extra.pk)
    ScheduleException.objects.update(from_time=time(11))
    assert (rebooking.flag_no_longer_open(before), is_flagged(made)) == (1, True)


def test_a_holiday_flags_and_taken_out_again_frees_at_once(admin: Client, made: Appointment, center: Location) -> None:
    day = made.starts_at.astimezone(center.zone).date().isoformat()
    assert ("1 appointment lies" in save_holidays(admin, center, day), is_flagged(made)) == (True, True)
    save_holidays(admin, center, "")
    assert not is_flagged(made)


def test_a_holiday_flags_who_is_over_booked_before_it_and_not_who_is_after(
    admin: Client, made: Appointment, center: Location
) -> None:
    Appointment.objects.update(is_extra=True, extra_reason="Urgent")
    day = made.starts_at.astimezone(center.zone).date().isoformat()
    assert ("1 appointment lies" in save_holidays(admin, center, day), is_flagged(made)) == (True, True)
    Appointment.objects.update(rebook_since=None)  # as if it had been booked since
    MessageTopic.objects.update(live=True)
    assert ("lies" in save_holidays(admin, center, day), is_flagged(made)) == (False, False)


def test_a_leave_flags_and_taken_out_again_frees(made: Appointment, provider: Resource, center: Location) -> None:
    day = made.starts_at.astimezone(center.zone).date()
    leave = ScheduleException.objects.create(resource=provider, from_day=day, to_day=day)
    assert (rebooking.flag(leave), is_flagged(made)) == (1, True)
    leave.delete()
    assert (rebooking.unflag_all(), is_flagged(made)) == (1, False)


# --- The patient -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", [Stage.LOST, Stage.IMPROVED, Stage.DORMANT])
def test_a_lead_that_is_closed_keeps_the_visit_and_the_desk_decides(
    made: Appointment, coordinator: User, stage: Stage
) -> None:
    AppointmentType.objects.update(label="L" * 60)  # as long as one may be
    leads.move(made.lead, to=stage, by=None, lost_reason="chose_other" if stage == Stage.LOST else "")
    assert (tasks_of(made, "Still booked"), is_flagged(made), made.status) == (1, False, Status.BOOKED)
    changing.cancel(made, version=1, reason=CancelReason.ELSEWHERE, by=coordinator, now=timezone.now())
    assert tasks_of(made, "Still booked") == 0


def test_a_lead_that_is_open_again_leaves_nothing_to_decide(made: Appointment) -> None:
    leads.move(made.lead, to=Stage.DORMANT, by=None)
    leads.move(made.lead, to=Stage.QUALIFYING, by=None)
    assert tasks_of(made, "Still booked") == 0


def test_a_number_that_is_taken_out_is_asked_for(made: Appointment, coordinator: User) -> None:
    leads.correct_details(made.lead, by=coordinator, changes={"phone": ""})
    assert (tasks_of(made, "No telephone number"), is_flagged(made)) == (1, False)
    leads.correct_details(Lead.objects.get(), by=coordinator, changes={"phone": "+12125550142"})
    assert tasks_of(made, "No telephone number") == 0


@pytest.mark.parametrize("said", ["in the details", "on the phone"])
def test_a_call_that_is_booked_is_asked_about_in_writing_when_no_calls_are_wanted(
    made: Appointment, coordinator: User, said: str
) -> None:
    AppointmentType.objects.update(label="L" * 60)  # as long as one may be
    if said == "on the phone":
        leads.log_call(made.lead, by=coordinator, outcome=CallOutcome.ASKED_NOT_TO_CALL)
    else:
        leads.correct_details(made.lead, by=coordinator, changes={"do_not_call": True})
    assert (tasks_of(made, "No calls wanted: "), is_flagged(made), made.status) == (1, False, Status.BOOKED)
    leads.correct_details(Lead.objects.get(), by=coordinator, changes={"do_not_call": False})
    assert tasks_of(made, "No calls wanted: ") == 0
    leads.correct_details(Lead.objects.get(), by=coordinator, changes={"do_not_call": True})
    assert tasks_of(made, "No calls wanted: ") == 1
    changing.cancel(made, version=1, reason=CancelReason.ELSEWHERE, by=coordinator, now=timezone.now())
    assert tasks_of(made, "No calls wanted: ") == 0


def test_what_was_asked_in_writing_is_not_asked_again_with_the_next_correction(
    made: Appointment, coordinator: User
) -> None:
    leads.correct_details(made.lead, by=coordinator, changes={"do_not_call": True})
    Task.objects.filter(title__startswith="No calls wanted: ").update(done_at=timezone.now(), done_by=coordinator)
    leads.correct_details(Lead.objects.get(), by=coordinator, changes={"tags": ["vip"]})
    assert tasks_of(made, "No calls wanted: ") == 0


def test_a_visit_at_the_center_stands_for_whoever_wants_no_calls(made: Appointment, coordinator: User) -> None:
    AppointmentType.objects.update(mode=Mode.ON_SITE)
    leads.correct_details(made.lead, by=coordinator, changes={"do_not_call": True})
    assert tasks_of(made, "No calls wanted: ") == 0


def test_an_address_that_is_taken_out_keeps_the_visit_and_leaves_a_call(made: Appointment, coordinator: User) -> None:
    leads.correct_details(made.lead, by=coordinator, changes={"email": ""})
    assert (tasks_of(made, "Tell by telephone"), is_flagged(made)) == (1, False)
    assert not Message.objects.filter(topic=made.topic_id, state="queued").exists()


# --- Nobody is called without a number -------------------------------------------------------------------------------


def test_a_patient_without_a_number_books_no_call(center: Location, kind: AppointmentType, tuesday: datetime) -> None:
    lead = make_patient(center, phone="")
    with pytest.raises(BookingRefused, match="no number of yours"):
        booking.hold(wish(lead, kind, tuesday), now=timezone.now())
    with pytest.raises(BookingRefused, match="no number of yours"):
        booking.book(wish(lead, kind, tuesday), now=timezone.now())
    AppointmentType.objects.update(mode=Mode.ON_SITE)
    kind.refresh_from_db()
    assert booking.book(wish(lead, kind, tuesday), now=timezone.now()).stands


def test_a_call_booked_by_the_desk_without_a_number_leaves_a_task_at_once(
    center: Location, kind: AppointmentType, tuesday: datetime, coordinator: User
) -> None:
    lead = make_patient(center, phone="")
    kind.label = "L" * 60  # as long as one may be
    made = booking.book(wish(lead, kind, tuesday, **as_staff(coordinator)), now=timezone.now())
    assert tasks_of(made, "No telephone number") == 1
    changing.cancel(made, version=1, reason=CancelReason.TIME, by=coordinator, now=timezone.now())
    assert tasks_of(made, "No telephone number") == 0
