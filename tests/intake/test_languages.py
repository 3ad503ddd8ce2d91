"""Spanish: complete on everything that patients read, unseen by staff, and careful where words are about safety."""

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from django.utils.translation import gettext, override

from crm.enums.leads import LinkPurpose
from crm.models import Activity, ConsentRecord, Lead, Location, Message, Task
from crm.patient_portal import access as patient_access
from crm.templatetags.safety import safety_text as tag
from crm.values import reviewed_text
from intake import checks, translated_texts
from intake.models import Assessment, Submission
from intake.public import articles
from tests.factories import Visitor, make_lead, make_link, make_user, step_one
from tests.intake.portal.test_my import proven

ROOT = Path(__file__).resolve().parents[2]
SIGN = "New loss of feeling or function during sex"
PROMISES = re.compile(
    r"\b(cura[rn]?|garantiza\w*|garantía|sin dolor|sin riesgos?|el mejor tratamiento)\b", re.IGNORECASE
)
MISSING = (
    "run manage.py makemessages, translate what is new in locale/es/LC_MESSAGES/django.po and run manage.py "
    "compilemessages (CONTRIBUTING.md, “The checks”)"
)
GONE = "run manage.py makemessages: these texts are gone (CONTRIBUTING.md, “The checks”)"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}|</?\w+[^>]*>")


@pytest.fixture(scope="module")
def spanish() -> Catalog:
    return read_po(BytesIO((ROOT / "locale/es/LC_MESSAGES/django.po").read_bytes()), locale="es")


@pytest.fixture
def checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place of its own for the list of checked translations, empty so far."""
    (tmp_path / "es").mkdir()
    monkeypatch.setattr(reviewed_text, "reviews_file", lambda language: tmp_path / language / "reviewed.json")
    reviewed_text.reviewed.cache_clear()
    yield tmp_path / "es" / "reviewed.json"
    reviewed_text.reviewed.cache_clear()


# --- The catalogue ---------------------------------------------------------------------------------------------------


def test_texts_are_spelled_as_in_america(spanish: Catalog) -> None:
    mails = [path.read_text() for path in (ROOT / "templates/emails/en").rglob("*.*")]
    said = {PLACEHOLDER.sub("", text) for text in [*mails, *(str(message.id) for message in spanish)]}
    assert [text for text in said if re.search(r"\bcentres?\b", text)] == []


def test_every_text_has_its_translation(spanish: Catalog) -> None:
    wanted = {message.id for message in translated_texts.catalogue() if message.id}
    there = {message.id: message.string for message in spanish if message.id}

    assert wanted - set(there) == set(), MISSING
    assert set(there) - wanted == set(), GONE
    assert [id for id, string in there.items() if not all(_forms(string))] == []


def _forms(text: Any) -> tuple[str, ...]:
    return text if isinstance(text, tuple) else (text,)


def test_every_warning_has_its_translation(spanish: Catalog) -> None:
    """Also one that no template and no list of questions holds: or the same English would stand there twice."""
    there = {message.id: message.string for message in spanish}
    assert [text for text in translated_texts.safety_texts() if not there.get(text)] == []


def test_translations_hold_the_same_placeholders(spanish: Catalog) -> None:
    for message in (one for one in spanish if one.id):
        for original, translated in zip(_forms(message.id), _forms(message.string), strict=True):
            assert sorted(PLACEHOLDER.findall(translated)) == sorted(PLACEHOLDER.findall(original)), original


def test_the_catalogue_sees_code_templates_and_data() -> None:
    wanted = {message.id for message in translated_texts.catalogue()}
    assert "Tick at least one." in wanted  # code
    assert "Skip to the content" in wanted  # a template
    assert "Where is the pain?" in wanted  # the questionnaire
    assert SIGN in wanted  # a warning sign
    assert "Numb" not in wanted


def test_nothing_promises_in_spanish_either(spanish: Catalog) -> None:
    assert [text for message in spanish for text in _forms(message.string) if PROMISES.search(text)] == []
    assert PROMISES.search("Garantizamos una vida sin dolor")


@pytest.mark.parametrize("slug", articles.articles())
def test_each_page_to_read_is_translated_whole(slug: str) -> None:
    english, spanish = articles.articles()[slug], articles.articles("es")[slug]

    assert spanish.language == "es"
    assert (spanish.title, spanish.summary) != (english.title, english.summary)
    assert len(spanish.headings) == len(english.headings)
    assert [part.figure for part in spanish.parts] == [part.figure for part in english.parts]
    assert (spanish.sources, spanish.tags, spanish.kind) == (english.sources, english.tags, english.kind)
    assert _links(spanish) == _links(english)
    assert not PROMISES.search("".join(part.html for part in spanish.parts))


def _links(page: articles.Article) -> list[str]:
    return re.findall(r'href="([^"]+)"', "".join(part.html for part in page.parts))


# --- Which language is spoken ----------------------------------------------------------------------------------------


def test_the_address_says_the_language_and_nothing_else_does(client: Client, center: Location) -> None:
    english = client.get("/", headers={"accept-language": "es"})
    spanish = client.get("/es/", headers={"accept-language": "en"})

    assert '<html lang="en">' in english.content.decode()
    assert '<html lang="es">' in spanish.content.decode()
    assert client.cookies.keys() == set()
    assert "/es/" in re.findall(r'href="([^"]+)" lang="es"', english.content.decode())
    assert "/" in re.findall(r'href="([^"]+)" lang="en"', spanish.content.decode())


def test_the_switch_leads_to_the_same_page(client: Client, center: Location) -> None:
    page = client.get("/learn/sciatica/").content.decode()
    assert '<a href="/es/learn/sciatica/" lang="es" hreflang="es">Español</a>' in page
    assert client.get("/es/learn/sciatica/").status_code == 200


def test_links_inside_a_page_stay_in_its_language(client: Client, center: Location) -> None:
    page = client.get("/es/learn/herniated-disc/").content.decode()
    article = page[page.index("<article") : page.index("</article>")]
    assert "/es/learn/sciatica/" in article
    assert [link for link in re.findall(r'href="(/[^"]*)"', article) if not link.startswith("/es/")] == []


def test_the_desk_stays_english(client: Client, db: None) -> None:
    assert '<html lang="en">' in client.get("/admin/login/", headers={"accept-language": "es"}).content.decode()
    assert client.get("/es/admin/").status_code == 404


def test_a_mistake_is_explained_in_spanish(client: Client, center: Location) -> None:
    answer = client.post("/es/candidate/", step_one(email="not an address", onset="", safety_check=["none", "A9"][:1]))
    page = answer.content.decode()

    assert answer.status_code == 422
    assert "Escriba un correo electrónico completo, por ejemplo nombre@example.org." in page
    assert "Elija una opción." in page
    assert "Revise estas respuestas, por favor" in page


# --- What a Spanish request leaves behind ----------------------------------------------------------------------------


def rows(lead: Lead) -> dict[str, list[Any]]:
    """What staff read of a lead."""
    return {
        "timeline": list(Activity.objects.filter(lead=lead).order_by("at", "pk").values_list("kind", "summary")),
        "tasks": list(Task.objects.filter(lead=lead).order_by("pk").values_list("kind", "title")),
        "reasons": [one.reasons for one in Assessment.objects.filter(lead=lead).order_by("at", "pk")],
        "causes": [one.cause for one in Assessment.objects.filter(lead=lead).order_by("at", "pk")],
        "answers": [one.answers for one in Submission.objects.filter(lead=lead).order_by("at", "pk")],
    }


def whole_request(client: Client, prefix: str, **person: Any) -> Lead:
    """Both steps in one language: the request, a page, a treatment with its details."""
    client.post(f"{prefix}/candidate/", step_one(**person))
    client.post(f"{prefix}/candidate/go-on/")
    pain = {"safety_check": ["none"], "pain_now_avg": "6", "quality": ["aching"]}
    client.post(f"{prefix}/my/questions/pain/", pain | {"submission_id": str(uuid.uuid4())})
    there = client.post(f"{prefix}/my/treatments/", {"kinds": ["heat"], "submission_id": str(uuid.uuid4())})["Location"]
    client.post(there, {"submission_id": str(uuid.uuid4()), "start": "03/2026", "relief": "25"})
    return Lead.objects.get(email=person["email"])


def test_staff_read_the_same_whoever_asked_in_which_language(center: Location) -> None:
    english = whole_request(Visitor(), "", email="one@example.org", phone="", preferred_contact="email")
    spanish = whole_request(Visitor(), "/es", email="two@example.org", phone="", preferred_contact="email")

    told = rows(spanish)
    assert len(told["timeline"]) >= 4
    kept = json.dumps(rows(english), default=str).replace("one@example.org", "two@example.org")
    ids = r"[0-9a-f]{8}-[0-9a-f-]{27}"
    assert re.sub(ids, "", json.dumps(told, default=str)) == re.sub(ids, "", kept)


def test_the_language_is_kept_with_the_request_and_the_consent(client: Client, center: Location) -> None:
    lead = whole_request(client, "/es", email="two@example.org")

    assert lead.language == "es"
    assert set(Submission.objects.values_list("language", flat=True)) == {"es"}
    proof = ConsentRecord.objects.get(lead=lead, kind="contact")
    assert (proof.language, proof.text_version) == ("es", "2026-11")
    assert proof.text == "Riverbend Center puede comunicarse conmigo sobre esta solicitud por los medios que di arriba."


def test_the_mails_are_spanish_and_lead_to_spanish_pages(client: Client, center: Location) -> None:
    client.post("/es/candidate/", step_one())
    message = Message.objects.get(name="ack")
    sent = patient_access.with_secrets(message, now=timezone.now())

    assert message.subject.startswith("Recibimos su solicitud (")
    assert "QUÉ SIGUE" in message.text
    assert "Lun a Vie, de 8:00 AM a 6:00 PM" in message.text
    assert 'lang="es"' in message.html
    assert "Qué sigue" in message.html
    link = re.search(r"/es/my/link/[\w-]{43}/", sent.text)
    assert link
    assert client.get(link.group()).status_code == 200


def test_staff_are_told_in_english_whatever_the_lead_speaks(client: Client, center: Location) -> None:
    Location.objects.update(alert_email="house@example.org")
    client.post("/es/candidate/", step_one(safety_check=["A1"]))
    assert Message.objects.get(name="alert").subject == "Please look now"


def test_mails_follow_a_wish_said_later(center: Location, client: Client) -> None:
    lead = make_lead()
    answers = {"date_of_birth": "03/15/1970", "preferred_language": "es", "submission_id": str(uuid.uuid4())}
    assert proven(client, lead).post("/my/questions/about-you/", answers).status_code == 302
    lead.refresh_from_db()
    assert lead.language == "es"


def test_a_language_that_we_do_not_write_leaves_it_as_it_is(center: Location, client: Client) -> None:
    lead = make_lead(language="es")
    answers = {"date_of_birth": "03/15/1970", "preferred_language": "other", "submission_id": str(uuid.uuid4())}
    proven(client, lead).post("/es/my/questions/about-you/", answers)
    lead.refresh_from_db()
    assert lead.language == "es"


def test_a_tablet_is_handed_over_in_the_language_of_the_lead(client: Client, center: Location) -> None:
    lead = make_lead(language="es")
    client.force_login(make_user("coordinator"))
    assert client.post(f"/admin/crm/lead/{lead.pk}/hand-over/")["Location"] == "/es/my/"


def test_a_link_made_for_a_lead_who_speaks_another_language_still_opens(db: None, center: Location) -> None:
    lead = make_lead(language="pt")
    token = make_link(lead, now=timezone.now(), purpose=LinkPurpose.PRIVATE_PAGE)
    assert Client().get(f"/my/link/{token}/").status_code == 200


# --- Safety ----------------------------------------------------------------------------------------------------------


def test_an_unchecked_warning_is_shown_in_english_with_the_translation_beside_it(checked: Path) -> None:
    with override("es"):
        both = f'<span lang="en">{SIGN}</span> <span lang="es">{gettext(SIGN)}</span>'
        assert tag(SIGN) == f'<span class="both">{both}</span>'
        assert reviewed_text.plain(SIGN) == f"{SIGN} / {gettext(SIGN)}"
    assert tag(SIGN) == SIGN


def test_a_checked_warning_stands_alone(checked: Path) -> None:
    call_command("review_translations", "es", "--by", "Dr. Ana Muestra, certified translator", stdout=StringIO())
    reviewed_text.reviewed.cache_clear()

    with override("es"):
        assert tag(SIGN) == gettext(SIGN)
    assert json.loads(checked.read_text())[reviewed_text.digest(SIGN, _in_spanish(SIGN))]["by"].startswith("Dr. Ana")
    assert not [found for found in checks.check_translations() if found.id == "intake.W002"]


@pytest.mark.parametrize("which", ["english", "spanish"])
def test_a_changed_word_wants_a_new_check(checked: Path, which: str) -> None:
    pair = {"english": SIGN, "spanish": _in_spanish(SIGN)}
    mark = reviewed_text.digest(*(pair | {which: pair[which] + "."}).values())
    checked.write_text(json.dumps({mark: {}}))
    with override("es"):
        assert 'lang="en"' in tag(SIGN)


def test_nobody_checks_without_a_name(checked: Path) -> None:
    with pytest.raises(CommandError, match="full name"):
        call_command("review_translations", "es", "--by", "x", stdout=StringIO())
    assert not checked.exists()


def test_the_deployment_check_counts_what_nobody_checked(checked: Path) -> None:
    (found,) = checks.check_translations()
    assert found.id == "intake.W002"
    assert found.msg.startswith(f"{len(translated_texts.safety_texts())} safety texts in Español")


def test_the_deployment_check_misses_translations_that_were_not_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reviewed_text, "LOCALE", tmp_path)
    assert [found.id for found in checks.check_translations() if found.id == "intake.E001"] == ["intake.E001"]


def test_safety_texts_are_all_of_them(client: Client, center: Location) -> None:
    """Every piece of both emergency pages and of both lists is one."""
    known = set(translated_texts.safety_texts())
    shown = client.get("/es/candidate/emergency/").content.decode() + client.get("/es/candidate/").content.decode()
    english = re.findall(r'<span class="both"><span lang="en">(.*?)</span> <span', shown)
    assert len(english) > 40
    assert {re.sub(r'<a href="tel:(\d+)">\d+</a>', r"{\1}", text) for text in english} <= known


def test_numbers_in_a_warning_are_links(checked: Path) -> None:
    assert tag("Call {911} <now>.") == 'Call <a href="tel:911">911</a> &lt;now&gt;.'


def test_a_public_site_shows_the_english_page_while_only_that_is_reviewed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = articles.articles
    signed = {"sciatica": replace(real()["sciatica"], reviewed_by="Dr. Sample")}
    monkeypatch.setattr(
        articles, "articles", lambda language="en": real(language) | (signed if language == "en" else {})
    )
    assert articles.shown("es", public=True)["sciatica"].language == "en"
    assert "herniated-disc" not in articles.shown("es", public=True)
    assert articles.shown("es", public=False)["sciatica"].language == "es"


def _in_spanish(text: str) -> str:
    with override("es"):
        return gettext(text)


def test_the_mail_of_an_urgent_number_reads_in_both(client: Client, center: Location, checked: Path) -> None:
    client.post("/es/candidate/", step_one())
    text = Message.objects.get(name="ack").text
    assert "If you have an emergency, call 911. / Si tiene una emergencia, llame al 911." in text
