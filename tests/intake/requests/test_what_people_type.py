"""ZIP codes, e-mail addresses and names as people type them: taken, kept as typed, and one person by each spelling."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from crm.inbound import actions as incoming
from crm.inbound.parsing import mail_parser
from crm.leads import actions as leads
from crm.leads import search
from crm.mail import mime, suppression
from crm.models import ContactPerson, InboundMail, Lead, Location, Message, User
from crm.patient_portal import access as patient_access
from crm.patient_portal import conversation
from crm.values.normalize import mailbox_key
from intake.models import Question, Submission, UnprovenRequest
from intake.questionnaire import email_slips
from intake.requests.fields import ZipField
from tests.crm.inbound.test_inbound import mail
from tests.factories import NOON, make_lead, make_message, make_user, prove, step_one

pytestmark = pytest.mark.django_db
TYPED, OTHER = "Jane.Doe@Example.ORG ", "jane.doe@example.org"
KEPT = "Jane.Doe@example.org"

# --- ZIP codes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("10001", "10001"), ("10001 ", "10001"), (" 10001", "10001"), ("\u00a010001\u200b", "10001"),
        ("10001-1234", "10001-1234"), ("10001–1234", "10001-1234"), ("10001\u20111234", "10001-1234"),
        ("10001 - 1234", "10001-1234"), ("10001 1234", "10001-1234"), ("100011234", "10001-1234"),
        ("１０００１", "10001"), ("", ""), ("  ", ""),
    ],
)  # fmt: skip
def test_a_zip_code_is_taken_however_it_is_written(typed: str, kept: str) -> None:
    assert ZipField(required=False).clean(typed) == kept


@pytest.mark.parametrize("typed", ["1000", "100012", "10001-12", "1000l", "10001x1234", "١٢٣٤٥٦"])
def test_what_is_no_zip_code_is_asked_for_again(typed: str) -> None:
    with pytest.raises(ValidationError, match="five digits"):
        ZipField(required=False).clean(typed)


def test_a_zip_code_with_blanks_tells_the_time_zone(client: Client, center: Location) -> None:
    client.post("/candidate/", step_one(state="TN", zip=" 37902 "))  # Knoxville; most of the state is an hour behind
    assert Lead.objects.get().timezone == "America/New_York"


# --- E-mail addresses ------------------------------------------------------------------------------------------------


def asked(client: Client, **changes: object) -> None:
    client.post("/candidate/", step_one(**({"phone": None, "preferred_contact": "email", "email": TYPED} | changes)))


def test_an_address_is_kept_as_typed_for_sending(client: Client, center: Location) -> None:
    asked(client)
    assert (Lead.objects.get().email, Message.objects.get().to_email) == (KEPT, KEPT)


def test_two_cases_of_an_address_are_one_person(center: Location) -> None:
    for email in (TYPED, OTHER):
        asked(Client(), email=email)
    assert (Lead.objects.count(), UnprovenRequest.objects.count()) == (1, 1)


def test_sending_again_in_another_case_changes_that_request(client: Client, center: Location) -> None:
    form = step_one(phone=None, preferred_contact="email", email=TYPED)
    for changes in ({}, {"email": OTHER, "last_name": "Specimen"}):
        client.post("/candidate/", form | changes)
    assert (Lead.objects.count(), Submission.objects.count()) == (1, 2)


@pytest.mark.parametrize(("on_record", "other"), [(KEPT, OTHER), (OTHER, KEPT), (OTHER, OTHER.upper())])
def test_two_cases_of_an_address_are_one_everywhere(
    client: Client, center: Location, on_record: str, other: str
) -> None:
    lead = make_lead(location=center, email=on_record, first_name="Jane", phone="")
    assert [*search.matching(Lead.objects.all(), other)] == [lead]
    assert suppression.hash_of(on_record) == suppression.hash_of(other)
    incoming.receive(mail_parser.read(mail(From=f"Jane <{other}>")), now=NOON)
    assert InboundMail.objects.get().lead == lead
    prove(lead)
    housemate = make_lead(location=center, email=other, first_name="John", phone="")
    assert (patient_access.shares_address(housemate), patient_access.mails_codes_to(housemate)) == (True, False)
    client.force_login(make_user("coordinator"))
    assert housemate.reference in client.get(f"/admin/crm/lead/{lead.pk}/change/").content.decode()


def test_another_case_ends_nothing_and_sends_no_second_notice(lead: Lead, coordinator: User) -> None:
    now = timezone.now()
    Lead.objects.update(email=OTHER)
    for number, email in enumerate([OTHER, KEPT]):
        lead = leads.correct_details(lead, by=make_user("lead_coordinator"), changes={"email": email})
        conversation.write(lead, text="Hello.", by=coordinator, now=now + timedelta(seconds=number))
    assert [*Message.objects.values_list("name", flat=True)] == ["message"]


@pytest.mark.parametrize("typed", ["jane@straße.example", "jane@STRASSE.example"])
def test_mail_goes_to_the_domain_that_was_typed(client: Client, center: Location, typed: str) -> None:
    asked(client, email=typed)
    meant = {"jane@straße.example": "xn--strae-oqa.example"}.get(typed, "strasse.example")
    head = mime.as_bytes(Message.objects.get()).partition(b"\r\n\r\n")[0].decode()
    [to] = [line for line in head.split("\r\n") if line.startswith("To:")]
    assert (to.endswith(f"<jane@{meant}>") or to == f"To: jane@{meant}", "=?" in to) == (True, False)


@pytest.mark.parametrize("term", ["jane@straße.example", "jane@xn--strae-oqa.example", "JANE@XN--STRAE-OQA.example"])
def test_both_spellings_of_a_domain_are_searched(center: Location, term: str) -> None:
    lead = make_lead(location=center, email="jane@straße.example")
    make_lead(location=center, email="jane@strasse.example")
    assert [*search.matching(Lead.objects.all(), term)] == [lead]


def test_the_address_of_a_person_around_is_one_that_mail_reaches(desk: Client, lead: Lead) -> None:
    where, named = f"/admin/crm/lead/{lead.pk}/people/add/", {"name": "Robin Example", "relation": "daughter"}
    assert desk.post(where, named | {"email": "robin@localhost"}).status_code == 422
    desk.post(where, named | {"email": " Robin@XN--BCHER-KVA.Example"})
    assert ContactPerson.objects.get().email == "Robin@bücher.example"


SLIPS = {
    "maria@gmial.con": "maria@gmail.com", "x@yaho.com": "x@yahoo.com", "x@hotmial.com": "x@hotmail.com",
    "x@outlok.com": "x@outlook.com", "x@gmail.cmo": "x@gmail.com", "x@comcast.ner": "x@comcast.net",
}  # fmt: skip


@pytest.mark.parametrize("typed", SLIPS)
@pytest.mark.parametrize("path", ["/candidate/", "/admin/new-request/"])
def test_a_likely_slip_is_asked_about_once(desk: Client, center: Location, typed: str, path: str) -> None:
    sent = step_one(email=typed, last_name="Kept", came_by="phone", language_spoken="en")
    asked = desk.post(path, sent)
    page = asked.content.decode()
    assert (asked.status_code, f"Did you mean {SLIPS[typed]}?" in page, Lead.objects.count()) == (422, True, 0)
    assert f'name="email" value="{typed}"' in page
    assert 'value="Kept"' in page
    confirmed = re.findall(r'name="sure_of" value="([^"]*)"', page)
    assert desk.post(path, sent | {"sure_of": confirmed[0]}).status_code == 302
    assert Lead.objects.get().email == typed
    assert "sure_of" not in Submission.objects.get().answers


def test_what_is_corrected_is_asked_about_anew(client: Client, center: Location) -> None:
    sent = step_one(email="maria@gmai.com", sure_of="maria@gmial.con")
    assert "Did you mean maria@gmail.com?" in client.post("/candidate/", sent).content.decode()


def test_no_emergency_waits_for_an_address(client: Client, center: Location) -> None:
    client.post("/candidate/", step_one(email="maria@gmial.con", phone=None, safety_check=["A1"]))
    assert (Lead.objects.get().email, Lead.objects.get().safety_hold) == ("maria@gmial.con", True)


@pytest.mark.parametrize(
    "address",
    ["a@gmail.com", "a@ymail.com", "a@mail.com", "a@yahoo.es", "a@yahoo.co.uk", "a@comcast.net", "a@comcast.com",
     "a@gmx.de", "a@example.org", "a@straße.example", "a@icloud.com", ""],
)  # fmt: skip
def test_a_domain_of_its_own_is_no_slip(address: str) -> None:
    assert email_slips.meant(address) == ""


# --- Names -----------------------------------------------------------------------------------------------------------
NAMES = [
    "O'Brien", "O’Brien", "José", "Müller", "Łukasz", "Nguyễn", "Nu\u0301n\u0303ez", "王小明", "🙂", "Mary‐Ann",
    "ʻOkina", "دعاء", "Дмитрий", "D’Angelo-Smith Jr.", "X Æ A-12",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_taken_on_every_form(desk: Client, center: Location, name: str) -> None:
    desk.post("/candidate/", step_one(first_name=name, last_name=name))
    desk.post("/candidate/call-me/", step_one(first_name=name, last_name=name, phone="(212) 555-0143"))
    told = {"safety_check": ["none"], "first_name": name, "last_name": name, "phone": "(212) 555-0144"}
    desk.post("/admin/new-request/", told | {"came_by": "phone", "language_spoken": "en"})
    desk.post("/ask/", step_one() | {"topic": "other", "message": "Where?", "name": name})
    lead = Lead.objects.latest("created_at")
    desk.post(f"/admin/crm/lead/{lead.pk}/people/add/", {"name": name, "relation": name})
    details = {"first_name": name, "last_name": f"{name} {name}", "phone": "(212) 555-0144", "timezone": lead.timezone}
    assert desk.post(f"/admin/crm/lead/{lead.pk}/details/", details).status_code == 302
    assert (Lead.objects.count(), Question.objects.count(), ContactPerson.objects.count()) == (3, 1, 1)
    assert search.matching(Lead.objects.all(), name).count() == 3


@pytest.mark.parametrize("dash", ["-", "–", " — ", "\u2011"])
def test_somebody_with_one_name_writes_a_dash(client: Client, center: Location, dash: str) -> None:
    missing = client.post("/candidate/", step_one(first_name="Suharto", last_name="")).content.decode()
    assert "If you have one name only, write a dash here." in missing
    client.post("/candidate/", step_one(first_name="Suharto", last_name=dash))
    lead = Lead.objects.get()
    assert (lead.full_name, lead.last_name) == ("Suharto", "")
    assert [*search.matching(Lead.objects.all(), "suharto")] == [lead]


def test_an_emergency_of_somebody_with_one_name_is_kept(client: Client, center: Location) -> None:
    client.post("/candidate/", step_one(first_name="Suharto", last_name="-", safety_check=["A1"]))
    assert Lead.objects.get().safety_hold


@pytest.mark.parametrize("typed", ["nunez", "NÚÑEZ", "obrien", "O'BRIEN"])
def test_known_people_appear_without_their_accents(desk: Client, center: Location, typed: str) -> None:
    make_lead(location=center, first_name="Known", last_name="Núñez O’Brien" if "n" in typed[:1].lower() else "O’Brien")
    page = desk.post("/admin/new-request/", {"last_name": typed}, headers={"HX-Request": "true"}).content.decode()
    assert "Known" in page


def test_spellings_of_an_address_have_one_key() -> None:
    assert mailbox_key(TYPED) == mailbox_key(OTHER) == OTHER


def test_a_copied_address_reaches_the_one_who_has_it(center: Location) -> None:
    lead = make_lead(location=center, email=KEPT)
    make_message(lead)
    assert [*search.matching(Lead.objects.all(), f'"Doe, Jane" <{OTHER}>')] == [lead]
