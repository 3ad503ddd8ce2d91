"""Appointments in the browser: a patient on a phone, two who want the same time, a coordinator who drags and one who
does the same by keyboard, and from a ringing phone to a booked consultation on one screen."""

import re
from datetime import UTC, datetime, time, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Position, expect

from crm.enums.leads import Outcome, Stage
from crm.models import Lead, Location, PatientSession, User
from crm.patient_portal import access as patient_access
from scheduling.actions import booking
from scheduling.admin.calendar_grid import MINUTE_PX
from scheduling.enums import Status
from scheduling.models import Appointment, AppointmentType, WeeklyRule
from tests.e2e.conftest import Watch, follow
from tests.e2e.test_desk import sign_in
from tests.e2e.test_the_day import SMALL, WIDE, check, press_to
from tests.factories import PASSWORD, make_user
from tests.scheduling.factories import as_staff, make_kind, make_patient, make_resource, wish


@pytest.fixture
def center(site: str) -> Location:
    return Location.objects.get()


@pytest.fixture
def kind(center: Location) -> AppointmentType:
    return make_kind(make_resource(center), make_resource(center, name="Dr. Other", position=1), key="call")


@pytest.fixture
def tuesday(center: Location) -> datetime:
    """Ten in the morning of the Tuesday after next."""
    today = datetime.now(UTC).astimezone(center.zone).replace(hour=10, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=7 + (1 - today.weekday()) % 7)).astimezone(UTC)


@pytest.fixture
def casey(site: str) -> User:
    return make_user("coordinator", name="Casey Coordinator", email="casey@example.org", password=PASSWORD)


def enter(page: Page, lead: Lead, path: str = "/my/") -> Page:
    """As somebody who has opened the link and shown who they are."""
    entry = patient_access.begin(lead, now=timezone.now())
    PatientSession.objects.filter(pk=entry.session.pk).update(proven_at=timezone.now())
    page.context.add_cookies([{"name": "patient", "value": entry.secret, "url": page.url}])
    page.goto(path)
    return page


def test_a_patient_books_moves_and_cancels_on_a_phone(
    open_page: Watch, center: Location, kind: AppointmentType, tuesday: datetime
) -> None:
    page = enter(open_page(**SMALL), make_patient(center))
    follow(page.get_by_role("link", name="Choose a time"))
    check(page)
    follow(page.get_by_role("link", name="Choose a time"))
    check(page)
    page.goto(f"{page.url.partition('?')[0]}?month={tuesday:%Y-%m}&day={tuesday:%Y-%m-%d}")
    page.get_by_role("button", name="10:00 a.m.").press("Enter")
    expect(page.get_by_role("heading", name="Is this right?")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Book this time").press("Enter")
    expect(page.get_by_text("Your appointment is booked.")).to_be_visible()
    check(page)
    page.get_by_role("button", name="I will be there").click()
    expect(page.get_by_text("You told us that you will be there.")).to_be_visible()

    follow(page.get_by_role("link", name="Move it"))
    page.goto(f"{page.url.partition('?')[0]}?month={tuesday:%Y-%m}&day={tuesday:%Y-%m-%d}")
    page.get_by_role("button", name="11:00 a.m.").click()
    page.get_by_role("button", name="Move my appointment").click()
    expect(page.get_by_role("heading", name=re.compile("11:00 a.m."))).to_be_visible()

    page.get_by_role("link", name="Cancel it").click()
    page.get_by_role("button", name="Cancel the appointment").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose what fits best.")
    check(page)
    page.get_by_label("The time does not fit").check()
    page.get_by_role("button", name="Cancel the appointment").click()
    expect(page.get_by_text("This appointment is cancelled.")).to_be_visible()
    check(page)
    assert Appointment.objects.get().status == Status.CANCELLED


def test_two_want_the_same_time(open_page: Watch, center: Location, tuesday: datetime) -> None:
    make_kind(make_resource(center), key="call")
    where = f"/my/appointments/book/call/?month={tuesday:%Y-%m}&day={tuesday:%Y-%m-%d}"
    first, second = (enter(open_page(**SMALL), make_patient(center, email=f"{n}@example.org"), where) for n in range(2))
    first.get_by_role("button", name="10:00 a.m.").click()
    expect(first.get_by_role("heading", name="Is this right?")).to_be_visible()
    second.get_by_role("button", name="10:00 a.m.").click()
    expect(second.get_by_text("This time is no longer free.")).to_be_visible()
    check(second)
    second.get_by_role("region", name="The nearest free times").get_by_role("button").last.click()
    second.get_by_role("button", name="Book this time").click()
    expect(second.get_by_text("Your appointment is booked.")).to_be_visible()
    first.get_by_role("button", name="Book this time").click()
    expect(first.get_by_text("Your appointment is booked.")).to_be_visible()
    assert Appointment.objects.count() == 2


def test_a_coordinator_drags_and_another_moves_by_keyboard(
    open_page: Watch, center: Location, kind: AppointmentType, tuesday: datetime, casey: User
) -> None:
    lead = make_patient(center, first_name="Maria", last_name="Sample")
    made = booking.book(wish(lead, kind, tuesday, **as_staff(casey)), now=timezone.now())
    WeeklyRule.objects.filter(resource__name="Dr. Other").update(start=time(9, 10))  # a start every half hour from then
    page = sign_in(open_page(**WIDE), casey.email)
    page.goto(f"/admin/calendar/?day={tuesday:%Y-%m-%d}")
    check(page)
    block = page.locator(".calendar-block", has_text="Maria Sample")
    other = page.locator(f".calendar-day:not([data-resource='{made.provider_id}'])")
    grip, one_o_clock = Position(x=8, y=4), Position(x=60, y=6 * 60 * MINUTE_PX + 4)
    block.drag_to(other, source_position=grip, target_position=one_o_clock)
    expect(page.get_by_text(re.compile("Moved: .*1:10 PM, Dr. Other"))).to_be_visible()
    made.refresh_from_db()
    assert (made.provider.name, made.starts_at) == ("Dr. Other", tuesday + timedelta(hours=3, minutes=10))

    block = page.locator(".calendar-block", has_text="Maria Sample")
    block.drag_to(other, source_position=grip, target_position=Position(x=60, y=10.5 * 60 * MINUTE_PX + 4))
    expect(page.get_by_text("is not offered")).to_be_visible()

    press_to(page, ".calendar-move")
    page.keyboard.press("Enter")
    expect(page.get_by_text("It stays until another time is pressed.")).to_be_visible()
    check(page)
    page.get_by_role("button", name=re.compile(r"^2:30 p\.m\. ?, Tuesday")).first.press("Enter")
    expect(page.get_by_text(re.compile("Moved: .*2:30 PM"))).to_be_visible()


def test_from_a_ringing_phone_to_a_booked_consultation(
    open_page: Watch, center: Location, kind: AppointmentType, casey: User
) -> None:
    lead = make_patient(center, first_name="Rita", last_name="Ring", stage=Stage.QUALIFYING, outcome=Outcome.MORE_INFO)
    page = sign_in(open_page(**WIDE), casey.email)
    page.goto(f"/admin/crm/lead/{lead.pk}/change/")
    page.get_by_label("How did it go?").select_option("reached")
    page.get_by_role("button", name="Log the call").click()
    follow(page.get_by_role("link", name="Book an appointment"))
    check(page)
    page.locator(".free-week button").first.click()
    expect(page.get_by_text(re.compile("^\\s*Booked: Telephone consultation"))).to_be_visible()
    expect(page.locator(".lead-name .stage").first).to_have_text("Booked")
    expect(page.get_by_role("button", name="Arrived")).to_have_count(1 if _is_today(center) else 0)


def _is_today(center: Location) -> bool:
    starts = Appointment.objects.get().starts_at.astimezone(center.zone)
    return starts.date() == timezone.now().astimezone(center.zone).date()


@pytest.mark.parametrize("size", [SMALL, WIDE], ids=["phone", "desk"])
def test_the_other_pages_of_the_desk(
    open_page: Watch, center: Location, kind: AppointmentType, tuesday: datetime, size: dict[str, object]
) -> None:
    admin = make_user("administrator", name="Alex", email="alex@example.org", password=PASSWORD)
    lead = make_patient(center)
    made = booking.book(wish(lead, kind, tuesday, **as_staff(admin)), now=timezone.now())
    Appointment.objects.filter(pk=made.pk).update(rebook_since=timezone.now())
    page = sign_in(open_page(**size), admin.email)
    for path in (
        "/admin/front-desk/",
        "/admin/rebooking/",
        f"/admin/calendar/?day={tuesday:%Y-%m-%d}&view=week",
        f"/admin/crm/lead/{lead.pk}/appointments/{made.pk}/cancel/",
        f"/admin/calendar/agenda/{made.provider_id}/?day={tuesday:%Y-%m-%d}",
    ):
        page.goto(path)
        check(page)
