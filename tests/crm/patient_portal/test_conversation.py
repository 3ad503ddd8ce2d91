"""Messages both ways: kept on the private page, and never in a mail."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from crm.enums.leads import MessageState, TaskKind
from crm.inbound import actions as inbound
from crm.inbound.parsing.mail_parser import InboundMessage, MailKind
from crm.mail import opt_out
from crm.models import (
    Activity,
    InboundMail,
    Lead,
    Location,
    Message,
    PrivateMessage,
    Scope,
    Snippet,
    SuppressedBecause,
    Task,
    User,
)
from crm.outbox import delivery
from crm.patient_portal import access as patient_access
from crm.patient_portal import conversation
from tests.factories import NOON, PASSWORD, in_their_place, make_lead, make_user, tablet
from tests.faults.far_end import far_end
from tests.page_forms import as_sent

SENTINEL = "sciatica-sentinel-4711"


@pytest.fixture
def lead(center: Location) -> Lead:
    return make_lead()


@pytest.fixture
def patient(lead: Lead, client: Client) -> Client:
    """Avery, who has shown who they are."""
    entry = patient_access.begin(lead, now=timezone.now())
    type(entry.session).objects.filter(pk=entry.session.pk).update(proven_at=timezone.now())
    client.cookies["patient"] = entry.secret
    return client


@pytest.fixture
def desk(db: None) -> Client:
    make_user("coordinator", email="casey@example.org", password=PASSWORD, name="Casey Sample")
    browser = Client()
    browser.login(username="casey@example.org", password=PASSWORD)
    return browser


def box(desk: Client, lead: Lead) -> dict[str, list[str]]:
    """The form to answer in, as a page of this moment has it."""
    page = desk.get(f"/admin/crm/lead/{lead.pk}/panels/messages/").content.decode()
    return as_sent(page, having="seen_message") if "seen_message" in page else {}


def written(desk: Client, lead: Lead, text: str = "Could you send us your report?", **form: Any) -> Any:
    return desk.post(f"/admin/crm/lead/{lead.pk}/messages/write/", (form or box(desk, lead)) | {"text": text})


def test_a_message_is_read_on_the_private_page(desk: Client, patient: Client, lead: Lead) -> None:
    assert written(desk, lead).status_code == 302
    assert "One new message." in patient.get("/my/").content.decode()

    page = patient.get("/my/messages/").content.decode()

    assert "Could you send us your report?" in page
    assert "Casey Sample" in page
    assert "No new messages." in patient.get("/my/").content.decode()


def test_no_mail_ever_holds_what_was_written(
    desk: Client, patient: Client, lead: Lead, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    written(desk, lead, SENTINEL)
    patient.post("/my/messages/", {"text": SENTINEL})
    with far_end() as far:
        settings.MAIL_SERVER = far.server
        assert delivery.send_due() == 1
        [mail] = far.accepted
    assert SENTINEL not in mail.as_string()
    parts: list[Any] = [part.get_payload(decode=True) or b"" for part in mail.walk()]
    assert b"/my/link/" in b"".join(parts)
    assert SENTINEL.encode() not in b"".join(parts)
    assert mail["Subject"] == "There is a message for you"


def test_what_was_written_is_encrypted_and_names_nothing_on_the_timeline(desk: Client, lead: Lead) -> None:
    written(desk, lead, SENTINEL)
    with connection.cursor() as cursor:
        cursor.execute("SELECT text::text FROM crm_privatemessage")
        assert SENTINEL.encode().hex() not in cursor.fetchone()[0]
    assert SENTINEL not in "".join(f"{one.summary}{one.note}{one.details}" for one in Activity.objects.all())
    assert PrivateMessage.objects.get().text == SENTINEL


def test_a_mail_that_still_waits_is_enough(lead: Lead) -> None:
    user = make_user()
    assert conversation.write(lead, text="One", by=user, now=NOON)
    assert conversation.write(lead, text="Two", by=user, now=NOON)
    assert Message.objects.count() == 1
    Message.objects.update(state=MessageState.CANCELLED)
    conversation.write(lead, text="Three", by=user, now=NOON)
    assert Message.objects.count() == 2


def test_without_an_address_staff_are_told(desk: Client, lead: Lead) -> None:
    Lead.objects.update(email="")
    page = desk.get(written(desk, lead)["Location"]).content.decode()
    assert "There is no e-mail address" in page
    assert PrivateMessage.objects.exists()
    assert not Message.objects.exists()


def test_where_the_address_cannot_be_one_staff_are_told(desk: Client, lead: Lead) -> None:
    Lead.objects.update(email="avery@localhost")
    assert "No mail goes to this address: call" in desk.get(written(desk, lead)["Location"]).content.decode()
    assert not Message.objects.exists()


@pytest.mark.parametrize(("no_calls", "how"), [(False, "call"), (True, "write by post")])
def test_where_no_mail_goes_staff_are_told(desk: Client, lead: Lead, no_calls: bool, how: str) -> None:
    because = SuppressedBecause.BOUNCE
    opt_out.record(lead.email, lead_id=None, scope=Scope.EVERYTHING, because=because, now=NOON)
    Lead.objects.update(do_not_call=no_calls)
    page = desk.get(written(desk, lead)["Location"]).content.decode()
    assert f"No mail goes to this address: {how}, or nobody reads it." in page
    assert "A mail says that it is there" not in page
    assert PrivateMessage.objects.exists()
    assert not Message.objects.exists()


def test_an_answer_opens_one_task_until_somebody_answers(desk: Client, patient: Client, lead: Lead) -> None:
    for text in ("First", "Second"):
        assert patient.post("/my/messages/", {"text": text})["Location"] == "/my/messages/"
    task = Task.objects.get(kind=TaskKind.ANSWER)
    assert task.done_at is None
    written(desk, lead)
    task.refresh_from_db()
    assert task.done_at is not None
    patient.post("/my/messages/", {"text": "Third"})
    assert Task.objects.open().filter(kind=TaskKind.ANSWER).count() == 1


def test_the_task_is_due_before_the_next_business_day_ends(lead: Lead) -> None:
    session = patient_access.begin(lead, now=NOON).session
    conversation.answer(session, text="Hello", now=NOON)
    assert Task.objects.get(kind=TaskKind.ANSWER).due_at == NOON + timedelta(days=1, hours=6)


def test_no_answer_needed_settles_it(desk: Client, patient: Client, lead: Lead) -> None:
    patient.post("/my/messages/", {"text": "Thank you"})
    page = f"/admin/crm/lead/{lead.pk}/change/?panels=all"
    assert "No answer needed" in desk.get(page).content.decode()
    desk.post(f"/admin/crm/lead/{lead.pk}/messages/read/", box(desk, lead))
    assert "No answer needed" not in desk.get(page).content.decode()
    assert not Task.objects.open().filter(kind=TaskKind.ANSWER).exists()


def test_an_empty_or_endless_message_loses_nothing(desk: Client, patient: Client, lead: Lead) -> None:
    assert patient.post("/my/messages/", {"text": "  "}).status_code == 422
    refused = patient.post("/my/messages/", {"text": "x" * 4001})
    assert (refused.status_code, "x" * 4001 in refused.content.decode()) == (422, True)
    refused = written(desk, lead, "x" * 4001)
    assert (refused.status_code, "x" * 4001 in refused.content.decode()) == (422, True)
    assert not PrivateMessage.objects.exists()


@pytest.mark.parametrize("prove", ["unproven", "staff", "tablet"])
def test_only_the_patient_reads_there(desk: Client, lead: Lead, prove: str) -> None:
    written(desk, lead, SENTINEL)
    client = Client()
    if prove == "staff":
        in_their_place(client, lead, make_user("coordinator"))
    elif prove == "tablet":
        client = tablet(lead, make_user())
    else:
        client.cookies["patient"] = patient_access.begin(lead, now=timezone.now(), origin=uuid.uuid4()).secret
    assert client.get("/my/messages/").status_code == 302
    page = client.get("/my/").content.decode()
    assert (SENTINEL in page, "new message" in page, lead.reference in page) == (False, False, False)
    assert PrivateMessage.objects.get().read_at is None


def test_another_patient_sees_none_of_it(desk: Client, patient: Client, center: Location) -> None:
    written(desk, make_lead(email="other@example.org"), SENTINEL)
    assert SENTINEL not in patient.get("/my/messages/").content.decode()


def test_where_the_request_stands_is_said_in_plain_words(patient: Client, lead: Lead) -> None:
    page = patient.get("/my/").content.decode()
    assert "We have your request. A coordinator reads it and gets in touch." in page
    assert lead.reference in page


def test_snippets_come_in_the_language_of_the_patient(desk: Client, lead: Lead) -> None:
    Snippet.objects.create(title="Report", text_en="Please send the report.", text_es="Envíe el informe, por favor.")
    page = f"/admin/crm/lead/{lead.pk}/change/?panels=all"
    assert "Please send the report." in desk.get(page).content.decode()
    Lead.objects.update(language="es")
    assert "Envíe el informe, por favor." in desk.get(page).content.decode()


def test_a_message_is_for_those_who_may(lead: Lead) -> None:
    make_user(email="outsider@example.org", password=PASSWORD)
    outsider = Client()
    outsider.login(username="outsider@example.org", password=PASSWORD)
    assert written(outsider, lead).status_code == 403


def test_sent_twice_it_is_one_message(desk: Client, patient: Client, lead: Lead) -> None:
    ours, theirs = str(uuid.uuid4()), str(uuid.uuid4())
    for _ in range(2):
        desk.post(f"/admin/crm/lead/{lead.pk}/messages/write/", {"text": "Hello", "message_id": ours})
        patient.post("/my/messages/", {"text": "Hello back", "message_id": theirs})
    assert PrivateMessage.objects.count() == 2
    assert Activity.objects.count() == 2


def test_the_list_of_leads_shows_who_waits(desk: Client, patient: Client, lead: Lead) -> None:
    make_lead(first_name="Robin", email="robin@example.org", phone="")
    patient.post("/my/messages/", {"text": "Hello"})
    assert _listed(desk, "ours") == {"Avery"}
    assert _listed(desk, "theirs") == set()
    written(desk, lead)
    assert _listed(desk, "ours") == set()
    assert _listed(desk, "theirs") == {"Avery"}
    patient.get("/my/messages/")
    assert _listed(desk, "theirs") == set()


def _listed(desk: Client, who: str) -> set[str]:
    page = desk.get("/admin/crm/lead/", {"messages": who}).content.decode()
    return {name for name in ("Avery", "Robin") if name in page}


@pytest.mark.parametrize("side", ["patient", "desk"])
def test_another_text_with_the_same_form_is_another_message(
    patient: Client, desk: Client, lead: Lead, side: str
) -> None:
    """On a slow line something is added, and Send is pressed once more before the answer comes."""
    browser, address = {
        "patient": (patient, "/my/messages/"),
        "desk": (desk, f"/admin/crm/lead/{lead.pk}/messages/write/"),
    }[side]
    form = str(uuid.uuid4())
    for text in ("It hurts.", "It hurts.", "It hurts, and my foot is weak.", "It hurts, and my foot is weak."):
        assert browser.post(address, {"message_id": form, "text": text}).status_code == 302
    assert sorted(one.text for one in PrivateMessage.objects.all()) == ["It hurts, and my foot is weak.", "It hurts."]


def test_nobody_elses_form_keeps_a_message_from_being_sent(patient: Client, lead: Lead) -> None:
    form = uuid.uuid4()
    conversation.write(make_lead(), text="It hurts.", by=make_user(), now=NOON, message_id=form)
    conversation.write(lead, text="It hurts.", by=make_user(), now=NOON, message_id=form)
    patient.post("/my/messages/", {"message_id": str(form), "text": "It hurts."})
    assert PrivateMessage.objects.filter(lead=lead).count() == 2


# --- Only what staff had before them is settled ----------------------------------------------------------------------
@pytest.mark.parametrize("button", ["write", "read"])
def test_what_came_after_the_page_was_made_is_still_to_be_answered(
    desk: Client, patient: Client, lead: Lead, button: str
) -> None:
    patient.post("/my/messages/", {"text": "When is my appointment?"})
    page = box(desk, lead) | {"text": "On Friday."}
    patient.post("/my/messages/", {"text": "My foot is weak."})

    answer = desk.post(f"/admin/crm/lead/{lead.pk}/messages/{button}/", page, follow=True)

    new = [one.text for one in PrivateMessage.objects.filter(by=None, read_at=None)]
    assert new == ["My foot is weak."]
    assert Task.objects.open().filter(kind=TaskKind.ANSWER).count() == 1
    assert "They wrote again since your page was made." in answer.content.decode()


@pytest.mark.parametrize("button", ["write", "read"])
def test_what_came_after_a_task_was_done_opens_another(desk: Client, patient: Client, lead: Lead, button: str) -> None:
    patient.post("/my/messages/", {"text": "When is my appointment?"})
    page = box(desk, lead) | {"text": "On Friday."}
    Task.objects.update(done_at=timezone.now())
    PrivateMessage.objects.create(lead=lead, text="My foot is weak.")
    desk.post(f"/admin/crm/lead/{lead.pk}/messages/{button}/", page)
    assert Task.objects.open().filter(kind=TaskKind.ANSWER).count() == 1


@pytest.mark.parametrize("button", ["write", "read"])
def test_an_email_that_came_after_the_page_was_made_is_still_to_be_answered(
    desk: Client, lead: Lead, button: str
) -> None:
    _mail_from(lead, "one")
    page = box(desk, lead) | {"text": "On Friday."}
    _mail_from(lead, "two")
    desk.post(f"/admin/crm/lead/{lead.pk}/messages/{button}/", page)
    assert Task.objects.open().filter(kind=TaskKind.ANSWER).count() == 1
    desk.post(f"/admin/crm/lead/{lead.pk}/messages/{button}/", box(desk, lead) | {"text": "On Monday."})
    assert not Task.objects.open().filter(kind=TaskKind.ANSWER).exists()


@pytest.mark.parametrize("button", ["write", "read"])
def test_an_email_that_was_read_for_minutes_is_still_to_be_answered(desk: Client, lead: Lead, button: str) -> None:
    """It was begun before the other one came, and kept after the page was made."""
    begun = timezone.now()
    _mail_from(lead, "one", now=begun + timedelta(minutes=2))
    page = box(desk, lead) | {"text": "On Friday."}
    _mail_from(lead, "two", now=begun)

    desk.post(f"/admin/crm/lead/{lead.pk}/messages/{button}/", page)

    task = Task.objects.open().get(kind=TaskKind.ANSWER)
    assert task.key == f"inbound:{InboundMail.objects.get(external_id='<two@example.org>').pk}"


def _mail_from(lead: Lead, name: str, *, now: datetime | None = None) -> None:
    arrived = InboundMessage(kind=MailKind.REPLY, message_id=f"<{name}@example.org>", sender=lead.email, text="Hello")
    assert inbound.receive(arrived, now=now or timezone.now())


@pytest.mark.parametrize("address", ["tasks/{task}/done/", "tasks/{task}/later/", "crm/lead/{lead}/tasks/{task}/done/"])
def test_a_task_that_grew_is_neither_ended_nor_put_off_by_an_older_page(
    desk: Client, patient: Client, lead: Lead, address: str
) -> None:
    patient.post("/my/messages/", {"text": "When is my appointment?"})
    task = Task.objects.get(kind=TaskKind.ANSWER)
    path = "/admin/" + address.format(task=task.pk, lead=lead.pk)
    Task.objects.update(due_at=timezone.now())
    task.refresh_from_db()
    page = desk.get(f"/admin/crm/lead/{lead.pk}/change/" if "lead" in address else "/admin/?whose=all").content.decode()
    shown = as_sent(page, having="seen") | {"until": "week"}
    patient.post("/my/messages/", {"text": "My foot is weak."})

    assert "They wrote again since this page was made" in desk.post(path, shown, follow=True).content.decode()
    due_at = task.due_at
    task.refresh_from_db()
    assert (task.done_at, task.due_at) == (None, due_at)

    desk.post(path, shown | {"seen": task.version})
    task.refresh_from_db()
    assert task.done_at is not None or task.due_at != due_at


@pytest.mark.parametrize("button", ["write", "read"])
@pytest.mark.parametrize("mails_later", [True, False])
def test_a_task_that_somebody_ended_meanwhile_waits_again(
    desk: Client, patient: Client, lead: Lead, button: str, mails_later: bool
) -> None:
    """Done was pressed for what this page has not shown, and perhaps an e-mail came since."""
    page = box(desk, lead) | {"text": "On Friday."}
    patient.post("/my/messages/", {"text": "My foot is weak."})
    Task.objects.update(done_at=timezone.now(), done_by=User.objects.get())
    if mails_later:
        _mail_from(lead, "one")
        Task.objects.open().update(due_at=timezone.now() + timedelta(days=30))

    answer = desk.post(f"/admin/crm/lead/{lead.pk}/messages/{button}/", page, follow=True)

    assert "They wrote again since your page was made." in answer.content.decode()
    task = Task.objects.open().get(kind=TaskKind.ANSWER)
    assert (task.done_by, task.due_at < timezone.now() + timedelta(days=5)) == (None, True)
    assert PrivateMessage.objects.filter(by__isnull=False).exists() is (button == "write")


def test_what_is_written_brings_a_task_forward_that_was_put_off(patient: Client, lead: Lead) -> None:
    patient.post("/my/messages/", {"text": "When is my appointment?"})
    due_at = Task.objects.get(kind=TaskKind.ANSWER).due_at
    Task.objects.update(due_at=due_at + timedelta(days=7))
    patient.post("/my/messages/", {"text": "My foot is weak."})
    assert Task.objects.get(kind=TaskKind.ANSWER).due_at == due_at


def test_no_message_is_put_before_one_that_was_there(lead: Lead) -> None:
    """Written at the same moment, or by a clock that is behind: whoever read the one has not read the other."""
    session = patient_access.begin(lead, now=NOON).session
    for text, at in (("One", NOON), ("Two", NOON), ("Three", NOON - timedelta(seconds=3))):
        conversation.answer(session, text=text, now=at)
    assert [one.text for one in PrivateMessage.objects.order_by("at")] == ["One", "Two", "Three"]
