"""Staff on a patient's private page: while they are signed in, and with a trace; and the tablet that they hand over."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from crm.accounts import groups
from crm.documents import actions as documents
from crm.enums.documents import DocumentKind, DocumentState
from crm.enums.leads import AccessAction, ActivityKind
from crm.enums.treatments import Source
from crm.leads import treatments
from crm.models import AccessEvent, Activity, Document, Lead, PatientSession, User
from crm.patient_portal import access as patient_access
from crm.patient_portal import conversation
from intake.models import Submission
from tests.crm import files
from tests.factories import in_their_place, make_location, make_user, own_browser, prove, tablet
from tests.intake.portal.test_my import ABOUT, sent

AT = datetime(2026, 11, 23, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def directory(settings: Any, tmp_path: Path) -> None:
    settings.DOCUMENTS_DIR = tmp_path / "documents"


@pytest.fixture
def filling_in(client: Client, lead: Lead, coordinator: User) -> Client:
    in_their_place(client, lead, coordinator)
    assert client.get("/my/").status_code == 200
    return client


def document_of(lead: Lead) -> Document:
    """What the patient has sent, readable."""
    sender = documents.DocumentSender(session=prove(lead).session)
    data, now = files.pdf(), timezone.now()
    what: dict[str, Any] = {"name": "secret-name.pdf", "size": len(data), "kind": DocumentKind.REPORT}
    kept = documents.store_whole(lead, BytesIO(data), sender=sender, now=now, **what)
    Document.objects.filter(pk=kept.pk).update(state=DocumentState.CLEAN)
    return kept


# --- As long as they are signed in -----------------------------------------------------------------------------------


def sign_out(browser: Client, _user: User) -> None:
    browser.post("/admin/logout/")


def take_the_account_away(_browser: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def set_a_new_password(_browser: Client, user: User) -> None:
    user.set_password("another-horse-battery")
    user.save()


def sign_in_anew(browser: Client, user: User) -> None:
    browser.post("/admin/logout/")
    browser.force_login(user)


def sign_in_as_somebody_else(browser: Client, _user: User) -> None:
    browser.force_login(make_user("coordinator"))


def take_the_role_away(_browser: Client, user: User) -> None:
    user.groups.set(groups.groups_named("front_desk"))


def take_the_location_away(_browser: Client, user: User) -> None:
    user.locations.set([make_location(name="Hillside Center", short_name="Hillside")])


def keep_them_from_the_desk(_browser: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_staff=False)


def lose_the_cookie(browser: Client, _user: User) -> None:
    del browser.cookies["sessionid"]


@pytest.mark.parametrize(
    "ends",
    [
        sign_out,
        take_the_account_away,
        take_the_role_away,
        take_the_location_away,
        keep_them_from_the_desk,
        set_a_new_password,
        sign_in_anew,
        sign_in_as_somebody_else,
        lose_the_cookie,
    ],
)
def test_it_ends_with_the_sign_in(filling_in: Client, coordinator: User, ends: Callable[[Client, User], None]) -> None:
    secret = filling_in.cookies["patient"].value
    ends(filling_in, coordinator)
    filling_in.cookies["patient"] = secret
    for path in ("/my/", "/my/code/", "/my/questions/pain/", "/my/documents/", "/my/treatments/"):
        assert filling_in.get(path).status_code == 404
    assert filling_in.post("/my/questions/background/", sent(medications="Zebra")).status_code == 404
    assert PatientSession.objects.get().ended_at is not None
    assert not Submission.objects.exists()


def test_signing_out_ends_it_in_the_database_at_once(filling_in: Client) -> None:
    filling_in.post("/admin/logout/")
    assert PatientSession.objects.get().ended_at is not None


@pytest.mark.parametrize("signed_in", [False, True])
def test_a_copied_cookie_opens_nothing(filling_in: Client, coordinator: User, signed_in: bool) -> None:
    """Nor where they have signed in as well: it belongs to one sign-in."""
    thief = Client()
    if signed_in:
        thief.force_login(coordinator)
    thief.cookies["patient"] = filling_in.cookies["patient"].value
    assert thief.get("/my/").status_code == 404


def test_it_ends_when_nothing_is_pressed_and_after_a_while(lead: Lead, coordinator: User, settings: Any) -> None:
    settings.DESK_IDLE_SECONDS, settings.DESK_LONGEST_SECONDS = 600, 3600
    for step, presses in ((timedelta(minutes=11), 1), (timedelta(minutes=9), 7)):
        with time_machine.travel(AT, tick=False) as clock:
            browser = in_their_place(Client(), lead, coordinator)
            answers = []
            for _ in range(presses):
                clock.shift(step)
                answers.append(browser.get("/my/").status_code)
            assert answers == [200] * (presses - 1) + [404]


def test_filling_in_is_work_at_the_desk(lead: Lead, coordinator: User) -> None:
    with time_machine.travel(AT, tick=False) as clock:
        browser = in_their_place(Client(), lead, coordinator)
        for _ in range(4):
            clock.shift(timedelta(minutes=20))
            assert browser.get("/my/").status_code == 200
        assert browser.get("/admin/bell/").status_code == 200


def test_no_session_of_staff_is_bound_to_nothing(lead: Lead, coordinator: User) -> None:
    with pytest.raises(IntegrityError, match="session_by_staff_is_bound"), transaction.atomic():
        patient_access.begin(lead, now=timezone.now(), by=coordinator)


# --- With a trace ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/my/", "/my/treatments/", "/my/questions/pain/", "/my/documents/", "/my/wishes/"])
def test_every_page_that_staff_see_there_leaves_their_name(
    filling_in: Client, lead: Lead, coordinator: User, path: str
) -> None:
    before = AccessEvent.objects.count()
    assert filling_in.get(path).status_code == 200
    event = AccessEvent.objects.latest("at")
    assert AccessEvent.objects.count() == before + 1
    assert (event.action, event.user_id, event.object_ids) == (AccessAction.VIEW, coordinator.pk, [lead.pk])


def test_a_download_names_them_in_the_log_and_on_the_timeline(
    filling_in: Client, lead: Lead, coordinator: User
) -> None:
    document = document_of(lead)
    answer: Any = filling_in.get(f"/my/documents/{document.pk}/")
    assert b"".join(answer.streaming_content) == files.pdf()
    taken = AccessEvent.objects.get(action=AccessAction.DOWNLOAD)
    assert (taken.user_id, set(taken.object_ids)) == (coordinator.pk, {document.pk, lead.pk})
    entry = Activity.objects.get(summary="Document downloaded on the private page")
    assert entry.by == coordinator


def test_what_they_send_there_is_theirs(filling_in: Client, lead: Lead, coordinator: User) -> None:
    data = {"kind": "report", "file": SimpleUploadedFile("new.pdf", files.pdf())}
    assert filling_in.post("/my/documents/", data).status_code == 302
    sent = Document.objects.get()
    assert (sent.uploaded_by, sent.source) == (coordinator, Source.COORDINATOR)
    assert Activity.objects.filter(kind=ActivityKind.DOCUMENT, by=coordinator).exists()
    assert "new.pdf" in filling_in.get("/my/documents/").content.decode()


def test_patients_leave_no_staff_in_the_log(lead: Lead) -> None:
    own_browser(lead).get("/my/")
    assert not AccessEvent.objects.exists()


# --- The tablet ------------------------------------------------------------------------------------------------------


def test_a_tablet_shows_nothing_that_was_on_record(lead: Lead, coordinator: User) -> None:
    told = own_browser(lead).post("/my/questions/about-you/", sent(**ABOUT, primary_care="Dr. Zebra"))
    assert told.status_code == 302
    row = treatments.add(lead, by=coordinator, source=Source.COORDINATOR, kind="heat", now=timezone.now())
    kept = document_of(lead)
    conversation.write(lead, text="Zebra words", by=coordinator, now=timezone.now())
    browser = tablet(lead, coordinator)
    pages = [browser.get(path) for path in ("/my/", "/my/documents/", "/my/treatments/", "/my/questions/about-you/")]
    assert [page.status_code for page in pages] == [200] * 4
    shown = "".join(page.content.decode() for page in pages)
    for word in ("secret-name", "You sent", "Zebra", "Heat</a>", lead.reference, lead.email, lead.last_name):
        assert word not in shown
    assert browser.get(f"/my/treatments/{row.pk}/").status_code == 404
    assert browser.get(f"/my/documents/{kept.pk}/").status_code == 404
    assert browser.get(f"/my/documents/uploads/{kept.pk}/").status_code == 404
    for path in (
        "/my/wishes/",
        "/my/messages/",
        "/my/people/",
        "/my/data/",
        "/my/appointments/",
        "/my/treatments/over-time/",
    ):
        answer = browser.get(path)
        assert answer.status_code == 404 or answer["Location"].startswith("/my/"), path


def test_a_tablet_shows_what_was_sent_from_it(lead: Lead, coordinator: User) -> None:
    browser = tablet(lead, coordinator)
    browser.post("/my/documents/", {"kind": "report", "file": SimpleUploadedFile("mine.pdf", files.pdf())})
    assert "mine.pdf" in browser.get("/my/documents/").content.decode()
    browser.post("/my/treatments/", {"kinds": ["heat"]})
    assert "Heat" in browser.get("/my/treatments/").content.decode()


def test_what_the_desk_had_to_say_stays_there(desk: Client, lead: Lead) -> None:
    desk.post(f"/admin/crm/lead/{lead.pk}/send-link/")
    assert desk.post(f"/admin/crm/lead/{lead.pk}/hand-over/")["Location"] == "/my/"
    assert lead.email not in desk.get("/my/").content.decode()
