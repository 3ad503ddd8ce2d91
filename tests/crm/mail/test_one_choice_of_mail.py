"""Which mails somebody gets is one choice: the link in a mail, "Your wishes" and the desk show and change the same."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.enums.leads import ConsentKind, MessageClass
from crm.mail import opt_out, suppression, unsubscribe_token
from crm.models import ConsentRecord, Lead, Message, Scope, SuppressedBecause
from crm.outbox import send_rules
from tests.factories import make_lead, make_message, own_browser
from tests.page_forms import as_sent

pytestmark = pytest.mark.django_db
WISHES = "/my/wishes/"


@pytest.fixture
def patient(lead: Lead) -> Client:
    for kind in (ConsentKind.CONTACT, ConsentKind.EDUCATION):
        ConsentRecord.objects.create(lead=lead, kind=kind, given=True, text="x", text_version="1")
    return own_browser(lead)


@pytest.fixture
def link(lead: Lead) -> str:
    return f"/u/{unsubscribe_token.make(lead.pk, lead.email)}/"


def shown(patient: Client, desk: Client, lead: Lead, link: str) -> tuple[bool, str, str]:
    """Whether the box is ticked, what is chosen behind the link, and what the desk says."""
    ticked = "education" in as_sent(patient.get(WISHES).content.decode(), having="initial-education")
    behind = re.search(r"lead-in\">\s*(You get [^<.]*)", Client().get(link).content.decode())
    panel = " ".join(desk.get(f"/admin/crm/lead/{lead.pk}/panels/consents/").content.decode().split())
    said = re.search("Mail they get</dt><dd><strong>([^<]*)", panel)
    assert behind and said  # noqa: PT018 - for the type checker
    return ticked, behind[1], said[1]


def store(patient: Client, *, education: bool) -> Any:
    form = as_sent(patient.get(WISHES).content.decode(), having="initial-education")
    form.pop("education", None)
    return patient.post(WISHES, form | ({"education": ["on"]} if education else {}))


def test_a_number_that_we_have_is_shown_with_the_way_to_change_it(patient: Client, lead: Lead) -> None:
    """Or whoever mistyped it would never find out."""
    Lead.objects.filter(pk=lead.pk).update(phone="")
    asked = patient.get(WISHES).text
    assert 'name="phone"' in asked
    assert [words for words in ("(e-mail or phone)", "{#") if words in asked] == []
    Lead.objects.filter(pk=lead.pk).update(phone="+18145550134")
    page = patient.get(WISHES).text
    assert "Your number: (814) 555-0134." in page
    assert 'href="/my/messages/"' in page


def goes_out(lead: Lead) -> bool:
    """Whether an educational mail would be held back by what was chosen."""
    message = make_message(lead, message_class=MessageClass.COMMERCIAL)
    wanted = ConsentKind.EDUCATION in send_rules.agreed_to({lead.pk}).get(lead.pk, set())
    stopped = suppression.of_messages([message])
    Message.objects.all().delete()
    return wanted and not stopped


EVERYTHING = (True, "You get every e-mail that you agreed to", "All mail, educational mail too")
NO_EDUCATION = (False, "You get no educational e-mail", "No educational mail")
MOST = (False, "You get e-mail about your appointments only", "Mail about appointments only")


def test_one_choice_is_shown_alike_wherever_it_is_made(patient: Client, desk: Client, lead: Lead, link: str) -> None:
    def now() -> tuple[tuple[bool, str, str], bool]:
        return shown(patient, desk, lead, link), goes_out(lead)

    assert now() == (EVERYTHING, True)
    Client().post(link, {"scope": "education"})
    assert now() == (NO_EDUCATION, False)
    store(patient, education=True)
    assert now() == (EVERYTHING, True)
    store(patient, education=False)
    assert now() == (NO_EDUCATION, False)
    Client().post(link, {"scope": "none"})
    assert now() == (EVERYTHING, True)
    Client().post(link, {"List-Unsubscribe": "One-Click"})
    assert now() == (MOST, False)
    assert "With this box all of it comes again." in patient.get(WISHES).content.decode()
    store(patient, education=True)
    assert now() == (EVERYTHING, True)


def test_a_box_that_an_older_page_shows_is_no_new_choice(patient: Client, lead: Lead, link: str) -> None:
    older = as_sent(patient.get(WISHES).content.decode(), having="initial-education")
    Client().post(link, {"scope": "education"})
    patient.post(WISHES, older | {"language": ["en"]})
    assert not goes_out(lead)


@pytest.mark.parametrize("because", [SuppressedBecause.BOUNCE, SuppressedBecause.COMPLAINT, SuppressedBecause.STAFF])
def test_an_older_page_stores_what_was_changed_on_it_though_mail_was_stopped_since(
    patient: Client, lead: Lead, because: SuppressedBecause
) -> None:
    older = as_sent(patient.get(WISHES).content.decode(), having="initial-education")
    opt_out.opt_out(lead.email, lead_id=None, scope=Scope.EDUCATION, because=because, now=timezone.now())
    assert patient.post(WISHES, older | {"language": ["es"]}).status_code == 302
    lead.refresh_from_db()
    assert (lead.language, goes_out(lead), opt_out.is_stopped_by_others(lead)) == ("es", False, True)


def test_a_choice_follows_the_person_to_another_address(patient: Client, lead: Lead, link: str) -> None:
    Client().post(link, {"scope": "education"})
    lead.email = "avery.new@example.org"
    lead.save()
    assert not goes_out(lead)


def test_whoever_never_agreed_gets_nothing_by_coming_back(lead: Lead, link: str) -> None:
    ConsentRecord.objects.create(lead=lead, kind=ConsentKind.EDUCATION, given=False, text="x", text_version="1")
    Client().post(link, {"scope": "everything"})
    Client().post(link, {"scope": "none"})
    assert opt_out.choice_of(lead) == Scope.EDUCATION
    assert not goes_out(lead)


@pytest.mark.parametrize("because", [SuppressedBecause.BOUNCE, SuppressedBecause.COMPLAINT, SuppressedBecause.STAFF])
def test_what_a_tick_cannot_lift_is_said(patient: Client, lead: Lead, because: SuppressedBecause) -> None:
    opt_out.opt_out(lead.email, lead_id=None, scope=Scope.EDUCATION, because=because, now=timezone.now())
    answer = store(patient, education=True)
    assert (answer.status_code, "Mail to your address is stopped" in answer.content.decode()) == (422, True)
    assert store(patient, education=False).status_code == 302


@pytest.mark.parametrize("because", [SuppressedBecause.BOUNCE, SuppressedBecause.OPT_OUT])
def test_no_tick_is_said_to_lift_what_it_does_not(patient: Client, lead: Lead, because: SuppressedBecause) -> None:
    opt_out.opt_out(lead.email, lead_id=lead.pk, scope=Scope.EVERYTHING, because=because, now=timezone.now())
    page = patient.get(WISHES).content.decode()
    is_theirs = because == SuppressedBecause.OPT_OUT
    assert ("all of it comes again" in page, "Call us." in page) == (is_theirs, not is_theirs)


def test_each_choice_keeps_the_words_that_stood_there(patient: Client, lead: Lead, link: str) -> None:
    Client().post(link, {"scope": "most"})
    Client().post(link, {"scope": "most"})
    proof = ConsentRecord.objects.filter(lead=lead, kind=ConsentKind.EDUCATION).latest("at")
    assert (proof.given, proof.text, proof.language) == (False, "Everything but appointments", "en")
    assert ConsentRecord.objects.filter(lead=lead, kind=ConsentKind.EDUCATION).count() == 2


def test_another_person_of_the_address_keeps_their_own_word(patient: Client, lead: Lead, link: str) -> None:
    other = make_lead(first_name="Blake", email=lead.email, phone="")
    ConsentRecord.objects.create(lead=other, kind=ConsentKind.EDUCATION, given=True, text="x", text_version="1")
    store(patient, education=False)
    assert opt_out.choice_of(other) is None


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("way", ["their link", "their page"])
def test_a_stop_is_not_lifted_by_another_person_of_the_address(
    patient: Client, lead: Lead, scope: Scope, way: str
) -> None:
    other = make_lead(first_name="Blake", email=lead.email, phone="")
    for kind in (ConsentKind.CONTACT, ConsentKind.EDUCATION):
        ConsentRecord.objects.create(lead=other, kind=kind, given=True, text="x", text_version="1")
    Client().post(f"/u/{unsubscribe_token.make(other.pk, other.email)}/", {"scope": scope})
    assert (goes_out(lead), goes_out(other)) == (False, False)

    if way == "their page":
        store(patient, education=True)
    else:
        Client().post(f"/u/{unsubscribe_token.make(lead.pk, lead.email)}/", {"scope": "none"})

    assert (goes_out(lead), goes_out(other)) == (True, False)
    assert (opt_out.choice_of(lead), opt_out.choice_of(other)) == (None, scope)
    held = {made.message_class for made in _one_of_each(other) if suppression.of_messages([made])}
    assert held == set(HELD[scope])
    assert not suppression.of_messages(_one_of_each(lead))
    Client().post(f"/u/{unsubscribe_token.make(other.pk, other.email)}/", {"scope": "none"})
    assert goes_out(other)


AUTOMATIC = [MessageClass.COMMERCIAL, MessageClass.RELATIONSHIP, MessageClass.FOLLOW_UP]
HELD = {Scope.EDUCATION: AUTOMATIC[:1], Scope.MOST: AUTOMATIC, Scope.EVERYTHING: list(MessageClass)}


def _one_of_each(lead: Lead) -> list[Message]:
    Message.objects.all().delete()
    return [make_message(lead, message_class=one) for one in MessageClass]
