"""A page of the private area belongs to the person for whom it was opened, whoever the browser is open for by now."""

import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from crm.enums.leads import AccessAction, LinkPurpose, TaskKind
from crm.models import (
    AccessEvent,
    Activity,
    ConsentRecord,
    ContactPerson,
    Document,
    Lead,
    Location,
    PatientSession,
    PrivateMessage,
    ProofTry,
    SafetyAlert,
    Task,
    Treatment,
    User,
)
from crm.patient_portal import access as patient_access
from crm.patient_portal import page_owner
from intake.models import Submission
from tests.crm import files
from tests.factories import (
    in_their_place,
    make_lead,
    make_link,
    make_location,
    make_treatment,
    own_browser,
    prove,
    step_one,
)
from tests.intake import visits
from tests.page_forms import as_sent

Forms = dict[str, Any]
REFUSED = "This page belonged to another person"
# What needs no token, and why.
WITHOUT = {
    "private:link": "its address names the person",
    "private:leave": "closes whatever is open, and shows nothing",
}
NONE = {"safety_check": ["none"], "safety_check_b": ["none"]}


@pytest.fixture(autouse=True)
def own_pages() -> None:
    """Nothing is made up here: a form is sent as its page shows it."""


@pytest.fixture
def anna(center: Location) -> Lead:
    return make_lead(location=center, first_name="Anna", last_name="Sample", email="household@example.org")


@pytest.fixture
def bert(center: Location) -> Lead:
    return make_lead(location=center, first_name="Bert", last_name="Sample", email="household@example.org")


@pytest.fixture
def browser(anna: Lead) -> Client:
    """In which Anna's page is open."""
    return own_browser(anna)


def turns_to(browser: Client, lead: Lead) -> None:
    """Another tab of it has opened the page of somebody else."""
    browser.cookies["patient"] = prove(lead).secret


def form_on(browser: Client, path: str, *, having: str = page_owner.FIELD) -> Forms:
    return dict(as_sent(browser.get(path).content.decode(), having=having))


def tells_more(browser: Client) -> None:
    """Press the button on the thank-you page of the request just sent."""
    browser.post("/candidate/go-on/", form_on(browser, "/candidate/thanks/", having="reference"))


# --- Every form names its person --------------------------------------------------------------------------------------


def private_routes() -> Iterator[str]:
    for name, pattern in visits.public_routes().items():
        if pattern.startswith("my/") and name not in WITHOUT:
            yield name


def takes_forms(browser: Client, name: str) -> list[str]:
    """The methods that change something, of those that the address takes at all."""
    address = "/my/questions/pain/" if name == "intake:my_questions" else visits.address_of(name)
    return [way for way in ("post", "put") if getattr(browser, way)(address).status_code != 405]


@pytest.mark.parametrize("token", ["", "nonsense", "forged", "somebody else's"])
def test_no_private_address_takes_a_form_that_does_not_name_its_person(
    browser: Client, anna: Lead, bert: Lead, token: str
) -> None:
    theirs = page_owner.token_of(prove(bert).session)
    mine, signature = PatientSession.objects.get(lead=anna), theirs.partition(":")[2]
    token = {"forged": f"{mine.pk.hex}:{signature}", "somebody else's": theirs}.get(token, token)
    seen, unproven, before = set(), Client(), written()
    unproven.post(f"/my/link/{make_link(anna, now=timezone.now())}/", {"opened": str(uuid.uuid4())})
    proven = browser
    for name in private_routes():
        browser = unproven if name == "private:code" else proven
        address = "/my/questions/pain/" if name == "intake:my_questions" else visits.address_of(name)
        for way in takes_forms(browser, name):
            headers = {page_owner.HEADER: token} if way == "put" else {}
            data: Any = b"x" if way == "put" else {page_owner.FIELD: token}
            answer = getattr(browser, way)(address, data, headers=headers)
            is_piece = way == "put"
            assert answer.status_code == (403 if is_piece else 409), (name, way)
            assert REFUSED in answer.content.decode(), (name, way)
            seen.add(name)
    assert {"my:messages", "my_documents:piece", "intake:my_wishes", "appointments:cancel", "private:code"} <= seen
    assert written() == before


def test_a_code_typed_for_one_is_not_tried_on_another(center: Location, anna: Lead, bert: Lead) -> None:
    browser = Client()
    for lead in (anna, bert):
        token = make_link(lead, now=timezone.now())
        browser.post(f"/my/link/{token}/", {"opened": str(uuid.uuid4())})
        if lead is anna:
            form = form_on(browser, "/my/code/", having="code")
    answer = browser.post("/my/code/", form | {"code": "123456"})
    assert (answer.status_code, REFUSED in answer.content.decode()) == (409, True)
    assert not ProofTry.objects.exists()


# --- Two people of a household ----------------------------------------------------------------------------------------

# Each form of the private page: where it stands, a field of it, and what somebody puts there.
FORMS: list[tuple[str, str, Forms]] = [
    ("/my/questions/about-you/", "work_situation", {"date_of_birth": "03/15/1970", "primary_care": "Dr. Zebra"}),
    ("/my/questions/background/", "medications", {"medications": "Zebra tablets"}),
    ("/my/questions/recheck/", "submission_id", NONE | {"pain_now_avg": "3", "new_treatments": "no"}),
    ("/my/treatments/", "kinds", {"kinds": ["heat"]}),
    ("/my/wishes/", "preferred_contact", {"preferred_contact": "email", "language": "es", "education": "on"}),
    ("/my/messages/", "text", {"text": "Zebra words"}),
    ("/my/people/", "relation", {"name": "Zoe Zebra", "relation": "daughter", "may_discuss": "on"}),
    ("/my/documents/", "kind", {"kind": "report"}),
    ("/my/data/delete/", "", {}),
    ("/my/data/download/", "", {}),
]


def written() -> list[int]:
    """How much there is of all that a form could have written."""
    models = (Submission, PrivateMessage, ContactPerson, Document, Treatment, Activity, Task, ConsentRecord)
    return [model.objects.count() for model in models]


@pytest.mark.parametrize(("path", "field", "typed"), FORMS, ids=[path for path, *_ in FORMS])
def test_an_older_tab_writes_nothing_to_the_next_person_of_the_browser(
    browser: Client, anna: Lead, bert: Lead, path: str, field: str, typed: Forms
) -> None:
    form = form_on(browser, path if field else "/my/data/") | typed
    if path == "/my/documents/":
        form["file"] = SimpleUploadedFile("zebra.pdf", files.pdf())
    turns_to(browser, bert)
    told = Lead.objects.filter(pk=bert.pk).values_list("language", "preferred_contact", "date_of_birth")
    before, details = written(), told.get()
    answer = browser.post(path, form)
    page = answer.content.decode()
    assert (answer.status_code, REFUSED in page, written()) == (409, True, before)
    assert told.get() == details
    for word in ("Zebra", "Anna", "Bert", anna.reference, page_owner.FIELD):
        assert word not in page


@pytest.mark.parametrize(("path", "field", "typed"), FORMS, ids=[path for path, *_ in FORMS])
def test_an_older_tab_is_told_so_where_the_next_person_has_not_shown_who_they_are(
    browser: Client, anna: Lead, path: str, field: str, typed: Forms
) -> None:
    """Never sent on to a page that speaks of an e-mail and says nothing of what was typed."""
    form = form_on(browser, path if field else "/my/data/") | typed
    if path == "/my/documents/":
        form["file"] = SimpleUploadedFile("zebra.pdf", files.pdf())
    browser.post("/candidate/", step_one(first_name="Bert", email="bert@example.org", phone="(212) 555-0177"))
    tells_more(browser)
    before = written()
    answer = browser.post(path, form)
    page = answer.content.decode()
    assert (answer.status_code, REFUSED in page, written()) == (409, True, before)
    assert [word for word in ("Zebra", "Anna", "Bert", anna.reference) if word in page] == []


def test_an_older_tab_is_told_so_where_a_link_was_opened_since(browser: Client, bert: Lead) -> None:
    form = form_on(browser, "/my/messages/", having="text") | {"text": "Zebra words"}
    now = timezone.now()
    begun = patient_access.begin(
        bert,
        now=now,
        link=patient_access.find_link(make_link(bert, now=now), purpose=LinkPurpose.PRIVATE_PAGE, now=now),
    )
    browser.cookies["patient"] = begun.secret
    answer = browser.post("/my/messages/", form)
    assert (answer.status_code, REFUSED in answer.content.decode()) == (409, True)
    assert not PrivateMessage.objects.exists()


def test_no_file_is_read_for_whoever_has_not_shown_who_they_are(browser: Client) -> None:
    """What comes before the first file says whose page it was; the rest stays where it is."""
    form = form_on(browser, "/my/documents/")
    form.pop("file")
    browser.post("/candidate/", step_one(first_name="Bert", email="bert@example.org", phone="(212) 555-0177"))
    tells_more(browser)
    answer = browser.post("/my/documents/", {"file": SimpleUploadedFile("zebra.pdf", files.pdf())} | form)
    assert (answer.status_code, answer.wsgi_request.FILES, answer.wsgi_request.POST) == (409, {}, {})


def test_the_page_says_how_to_open_the_one_that_was_sent(browser: Client, bert: Lead) -> None:
    form = form_on(browser, "/my/messages/", having="text")
    turns_to(browser, bert)
    page = browser.post("/my/messages/", form | {"text": "Hello"}).content.decode()
    assert "open the link in the e-mail to that person" in page
    assert 'href="/my/"' in page


def test_it_is_stored_once_their_page_is_open_again(browser: Client, anna: Lead, bert: Lead) -> None:
    form = form_on(browser, "/my/messages/", having="text") | {"text": "My foot is weak"}
    turns_to(browser, bert)
    turns_to(browser, anna)
    assert browser.post("/my/messages/", form).status_code == 302
    assert PrivateMessage.objects.get().lead == anna


def test_a_second_request_for_somebody_else_takes_no_page_of_the_first(center: Location) -> None:
    """Nor does it matter whether we know the two: that is nothing to tell
    (tests/intake/requests/test_equal_work.py)."""
    browser = Client()
    browser.post("/candidate/", step_one())
    tells_more(browser)
    form = form_on(browser, "/my/questions/background/", having="medications")
    browser.post("/candidate/", step_one(first_name="Bert", email="bert@example.org", phone="(212) 555-0177"))
    tells_more(browser)
    answer = browser.post("/my/questions/background/", form | {"medications": "Zebra tablets"})
    assert (answer.status_code, "Zebra" in answer.content.decode()) == (409, False)
    assert not Submission.objects.filter(page="background").exists()


def test_whether_two_requests_are_about_one_person_is_nothing_to_tell(anna: Lead) -> None:
    """Not even where both name somebody whom we know."""
    browser = Client()
    asked = {"first_name": anna.first_name, "last_name": anna.last_name, "email": anna.email}
    for number in ("(212) 555-0142", "(212) 555-0177"):
        browser.post("/candidate/", step_one(**asked, phone=number))
        tells_more(browser)
        if number.endswith("0142"):
            form = form_on(browser, "/my/questions/background/", having="medications")
    assert set(PatientSession.objects.values_list("lead", flat=True)) == {anna.pk}
    assert browser.post("/my/questions/background/", form).status_code == 409


def test_an_older_thank_you_page_begins_nothing_for_the_request_sent_since(center: Location) -> None:
    """ "Tell us more" stands on the page of one request; its answers would be stored for the other."""
    browser = Client()
    browser.post("/candidate/", step_one())
    older = form_on(browser, "/candidate/thanks/", having="reference")
    browser.post("/candidate/", step_one(first_name="Bert", email="bert@example.org", phone="(212) 555-0177"))
    for form in (older, {}, {"reference": "nonsense"}):
        answer = browser.post("/candidate/go-on/", form)
        page = answer.content.decode()
        assert (answer.status_code, "Another request was sent since" in page) == (409, True)
        assert [word for word in ("Bert", "Maria", *references()) if word in page] == []
    assert (PatientSession.objects.count(), browser.get("/my/").status_code) == (0, 404)
    assert 'href="/candidate/thanks/"' in page  # the one that was sent last
    newer = form_on(browser, "/candidate/thanks/", having="reference")
    assert browser.post("/candidate/go-on/", newer)["Location"] == "/my/"
    assert PatientSession.objects.get().lead.first_name == "Bert"


def references() -> list[str]:
    return [str(one) for one in Submission.objects.values_list("reference", flat=True)]


def test_a_file_goes_to_nobody_else(browser: Client, bert: Lead) -> None:
    """Sent in pieces by the script, which names the page in a header."""
    token = form_on(browser, "/my/documents/", having="kind")[page_owner.FIELD][0]
    headers = {page_owner.HEADER: token}
    about = {"name": "zebra.pdf", "size": "10", "kind": "report"}
    begun = browser.post("/my/documents/uploads/", about, headers=headers).json()
    turns_to(browser, bert)
    answers = [
        browser.post("/my/documents/uploads/", about, headers=headers),
        browser.put(f"/my/documents/uploads/{begun['id']}/", b"x", headers=headers | {"Upload-Offset": "0"}),
        browser.post(f"/my/documents/uploads/{begun['id']}/finish/", headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [403] * 3
    assert all(answer.json()["reason"].startswith(REFUSED) for answer in answers)
    assert Document.objects.get().received == 0


def test_every_form_of_every_page_carries_it(browser: Client, anna: Lead) -> None:
    make_treatment(anna)
    ContactPerson.objects.create(lead=anna, name="Zoe", relation="daughter", may_discuss=True)
    pages = [path for path, field, _ in FORMS if field] + ["/my/", "/my/data/", "/my/people/", "/my/treatments/"]
    for path in pages:
        page = browser.get(path).content.decode()
        assert page.count(f'name="{page_owner.FIELD}"') == page.count('method="post"') > 0, path


def test_no_page_names_the_lead_in_its_token(browser: Client, anna: Lead) -> None:
    page = browser.get("/my/messages/").content.decode()
    assert [text for text in (str(anna.pk), anna.pk.hex) if text in page] == []


# --- Staff in the place of two ----------------------------------------------------------------------------------------


@pytest.fixture
def both(client: Client, anna: Lead, bert: Lead, coordinator: User) -> tuple[Client, Forms]:
    """Staff fill in together with Anna in one tab, then with Bert in another. Anna's form."""
    in_their_place(client, anna, coordinator)
    form = form_on(client, "/my/questions/background/", having="medications") | {"medications": "Zebra tablets"}
    client.cookies["patient"] = desk_session_of(client, bert, coordinator)
    return client, form


def desk_session_of(browser: Client, lead: Lead, user: User) -> str:
    key = browser.session.session_key or ""
    return patient_access.begin(lead, now=timezone.now(), by=user, desk=key).secret


def test_staff_see_the_text_again_and_whose_it_was(both: tuple[Client, Forms], anna: Lead, bert: Lead) -> None:
    browser, form = both
    answer = browser.post("/my/questions/background/", form)
    page = answer.content.decode()
    assert (answer.status_code, Submission.objects.count()) == (409, 0)
    for word in ("Zebra tablets", "Anna Sample", "Bert Sample", f"/admin/crm/lead/{anna.pk}/change/"):
        assert word in page
    event = AccessEvent.objects.latest("at")
    assert (event.action, event.object_ids) == (AccessAction.VIEW, [anna.pk])


def test_staff_store_it_from_there_when_they_are_back_with_that_person(
    both: tuple[Client, Forms], anna: Lead, coordinator: User
) -> None:
    browser, form = both
    again = as_sent(browser.post("/my/questions/background/", form).content.decode(), having="medications")
    assert browser.post("/my/questions/background/", again).status_code == 409
    browser.cookies["patient"] = desk_session_of(browser, anna, coordinator)
    assert browser.post("/my/questions/background/", again).status_code == 302
    kept = Submission.objects.get()
    assert (kept.lead, kept.answers["medications"]) == (anna, "Zebra tablets")


def test_staff_see_nothing_of_somebody_out_of_their_sight(
    both: tuple[Client, Forms], anna: Lead, coordinator: User
) -> None:
    browser, form = both
    coordinator.locations.add(anna.location)
    Lead.objects.filter(pk=anna.pk).update(location=make_location(name="Hilltop Center"))
    page = browser.post("/my/questions/background/", form).content.decode()
    assert [word for word in (REFUSED, "Zebra", "Anna") if word in page] == [REFUSED]


def test_staff_see_nothing_of_a_page_that_was_the_patients_own(
    client: Client, anna: Lead, bert: Lead, coordinator: User
) -> None:
    client.cookies["patient"] = prove(anna).secret
    form = form_on(client, "/my/messages/", having="text") | {"text": "Zebra words"}
    in_their_place(client, bert, coordinator)
    page = client.post("/my/messages/", form).content.decode()
    assert [word for word in (REFUSED, "Zebra", "Anna") if word in page] == [REFUSED]


# --- Warning signs ----------------------------------------------------------------------------------------------------


def test_a_sign_in_a_page_of_another_person_calls_for_the_one_whom_it_names(
    browser: Client, anna: Lead, bert: Lead
) -> None:
    form = form_on(browser, "/my/questions/recheck/") | {"safety_check": ["A1"]}
    turns_to(browser, bert)
    answer = browser.post("/my/questions/recheck/", form)
    assert answer["Location"] == "/candidate/emergency/"
    assert "Please get emergency care now" in browser.get(answer["Location"]).content.decode()
    assert SafetyAlert.objects.get().lead == anna
    assert Task.objects.get(kind=TaskKind.URGENT_CALL).lead == anna
    assert not Submission.objects.filter(lead=bert).exists()
    assert not Lead.objects.filter(safety_hold=True).exists()


def test_a_sign_in_a_page_that_was_closed_calls_for_whom_it_names(browser: Client, anna: Lead) -> None:
    form = form_on(browser, "/my/questions/recheck/") | {"safety_check": ["A1"]}
    browser.cookies.clear()
    assert browser.post("/my/questions/recheck/", form)["Location"] == "/candidate/emergency/"
    assert SafetyAlert.objects.get().lead == anna


def test_a_sign_in_a_page_that_names_nobody_changes_no_record(browser: Client, anna: Lead) -> None:
    form = form_on(browser, "/my/questions/recheck/") | {"safety_check": ["A1"]}
    del form[page_owner.FIELD]
    assert browser.post("/my/questions/recheck/", form)["Location"] == "/candidate/emergency/"
    assert SafetyAlert.objects.get().lead == anna
    assert not Submission.objects.counting().exists()


@pytest.mark.parametrize("is_first", [True, False])
def test_a_sign_among_two_thousand_fields_calls_for_whom_the_page_names(
    browser: Client, anna: Lead, bert: Lead, is_first: bool
) -> None:
    """However many fields there are, in whatever order, and whoever the browser is open for by now."""
    form = form_on(browser, "/my/questions/recheck/") | {"safety_check": ["A1"]}
    more = {f"more{number}": "1" for number in range(2000)}
    turns_to(browser, bert)
    for _ in range(2):
        body = urlencode(form | more if is_first else more | form, doseq=True)
        answer = browser.post("/my/questions/recheck/", body, content_type="application/x-www-form-urlencoded")
        assert answer["Location"] == "/candidate/emergency/"
    assert SafetyAlert.objects.get().lead == anna
    assert Task.objects.get(kind=TaskKind.URGENT_CALL).lead == anna
