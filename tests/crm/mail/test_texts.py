"""The words of follow-ups: all of them there in both languages, nothing medical, and nothing that a text can break."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.conf import settings
from pytest_django import Settings

from crm.enums.leads import ConsentKind, MessageClass, MessageState
from crm.mail import emails, markdown
from crm.mail import templates as mail_templates
from crm.mail.markdown import FILLED_LATER, FILLED_NOW, Text
from crm.models import ConsentRecord, Enrollment, Lead, MailText, Message, SequenceVersion, VersionState
from crm.outbox import delivery, send_rules
from crm.sequences.definition import Do
from crm.sequences.shipped_definitions import shipped
from tests.crm.outbox.test_secrecy import HEALTH_WORDS
from tests.factories import NOON, make_message
from tests.faults.far_end import FarEnd, far_end

SPANISH_HEALTH_WORDS = """
    dolor dolores espalda cuello columna vértebra lumbar disco hernia ciática estenosis artritis nervio pierna brazo
    rodilla cadera pie adormecimiento debilidad vejiga intestino cáncer fiebre esteroide resonancia tomografía
    radiografía terapia fisioterapia ejercicio ejercicios tratamiento tratamientos medicamento medicina inyección
    epidural cirugía cirujano procedimiento operación médico médica doctor clínica paciente diagnóstico síntoma
    síntomas salud
""".split()
WORDS = {"en": HEALTH_WORDS, "es": SPANISH_HEALTH_WORDS}
ALL = [(name, language) for name in mail_templates.names() for language in ("en", "es")]


def written(lead: Lead, text: Text, message_class: MessageClass = MessageClass.FOLLOW_UP) -> Message:
    message = make_message(lead, text="", html="", subject="", message_class=message_class)
    lead.refresh_from_db()
    mail_templates.write(message, text, lead)
    return message


class Seen(HTMLParser):
    """Tags, addresses and words of a mail."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.links, self.loads, self.words = list[str](), list[str](), list[str](), list[str]()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        if tag == "a":
            self.links.append(found.get("href") or "")
        self.loads += [found[name] for name in ("src", "background", "srcset") if found.get(name)]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_every_text_that_a_sequence_names_is_there_and_none_too_many() -> None:
    named = {step.text for one in shipped() for step in one.steps if step.do == Do.MAIL}
    for language, _ in settings.LANGUAGES:
        folder = mail_templates.FOLDER / language / "texts"
        written = {path.stem for path in folder.glob("*.md")}
        assert (named - written, written - named) == (set(), set()), (
            "(texts to write, texts that no step in crm/sequences/shipped/ names) "
            f"in templates/emails/{language}/texts/ (CONTRIBUTING.md, “A mail in a sequence”)"
        )


@pytest.mark.parametrize(("name", "language"), ALL)
def test_a_text_of_ours(db: None, lead: Lead, name: str, language: str) -> None:
    Lead.objects.update(language=language)
    text = mail_templates.shipped(name, language)
    assert markdown.asked_for(text.subject + text.body) <= FILLED_NOW | FILLED_LATER
    made = written(lead, text)
    seen = Seen(made.html)
    visible = f"{made.subject}\n{made.text}\n{' '.join(seen.words)}"
    assert not [word for word in WORDS[language] if re.search(rf"\b{word}\b", text.subject + text.body, re.IGNORECASE)]
    assert set(re.findall(r"\{\w*\}", made.text + made.html)) <= {"{private_link}", "{unsubscribe_link}"}
    assert (seen.loads, "img" in seen.tags, "script" in seen.tags) == ([], False, False)
    assert "{unsubscribe_link}" in made.text
    assert "{unsubscribe_link}" in seen.links
    assert "1 Example Plaza" in visible  # the postal address, in both parts (16 CFR 316.5)
    assert "1 Example Plaza" in made.text
    assert "911" in made.text
    assert max(map(len, made.text.splitlines())) < 200
    assert made.subject == made.subject.strip() != ""


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("{{ lead.email }}", "{{ lead.email }}"),
        ("{% load static %}{% include 'x' %}", "{% load static %}{% include 'x' %}"),
        ("{nonsense} {0} {}", "{nonsense} {0} {}"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("<mj-raw>x</mj-raw>", "<mj-raw>x</mj-raw>"),
        ("[click](https://evil.example.org)", "click"),
        ("![x](https://evil.example.org/x.png)", "!x"),
        ("# {greeting}", "Hello Avery,"),
    ],
)
def test_whatever_a_text_holds_it_stays_a_text(db: None, lead: Lead, body: str, shown: str) -> None:
    made = written(lead, Text("Subject", body))
    seen = Seen(made.html)
    assert shown in " ".join(" ".join(seen.words).split())
    assert (seen.loads, "script" in seen.tags) == ([], False)
    assert not [link for link in seen.links if "evil" in link]


def test_what_a_patient_typed_is_no_markup(db: None, lead: Lead) -> None:
    Lead.objects.update(first_name="<b>Ada", last_name="{{ x }}")
    made = written(lead, Text("Hi {first_name}", "{greeting} {first_name}"))
    assert "<b>" not in made.html
    assert made.subject == "Hi"


def test_links_buttons_and_lists(db: None, lead: Lead) -> None:
    made = written(lead, Text("S", "Go [here]({private_link}) now.\n\n[Open]({private_link})\n\n- one\n- two **bold**"))
    seen = Seen(made.html)
    assert seen.links.count("{private_link}") == 2
    assert seen.tags.count("li") == 2
    assert "here:\n{private_link}" in made.text
    assert "- two bold" in made.text


@pytest.mark.parametrize(
    ("body", "plain"),
    [
        ("# Next\n[Open my page]({private_link})", "NEXT\nOpen my page:\n{private_link}"),
        ("## Next [open my page]({private_link}) now ##", "NEXT OPEN MY PAGE:\n{private_link} NOW"),
        ("# Hello {first_name}\nAll is *well*", "HELLO AVERY\nAll is well"),
        ("#1 of our questions", "#1 of our questions"),
        ("{first_name}, _yes_, {first_name}", "Avery, yes, Avery"),
    ],
)
def test_a_heading_is_one_line_and_its_links_work(db: None, lead: Lead, body: str, plain: str) -> None:
    assert plain in written(lead, Text("S", body)).text


def test_a_link_to_our_pages_works_in_a_heading_too(db: None, lead: Lead) -> None:
    made = written(lead, Text("S", "# Read [here]({reading_link}) or {reading_link}"))
    assert made.text.count(emails.reading_link()) == 2


@pytest.mark.parametrize("below", ["[Read on]({reading_link})", "**Read on**", "Read on"])
def test_lines_below_each_other_stay_lines(db: None, lead: Lead, below: str) -> None:
    made = written(lead, Text("S", f"[Open my page]({{private_link}})\n{below}\n\n- **one**\n  **two**"))
    assert "Open my page</a><br" in "".join(made.html.split("\n")).replace(" <br", "<br")
    assert "one</strong><br" in made.html


def test_staffs_own_version_is_sent_while_it_is_published(db: None, lead: Lead) -> None:
    ours = MailText.objects.create(name="resume", number=1, subject="Ours", body="Words", state=VersionState.PUBLISHED)
    assert mail_templates.in_force("resume", "en")[0].subject == "Ours"
    assert mail_templates.in_force("resume", "es")[0].subject != "Ours"
    MailText.objects.filter(pk=ours.pk).update(state=VersionState.WITHDRAWN)
    mail_templates.forget_texts()
    assert mail_templates.in_force("resume", "en") == (mail_templates.shipped("resume", "en"), None)
    assert mail_templates.in_force("resume", "fr")[0] == mail_templates.shipped("resume", "en")
    with pytest.raises(mail_templates.NoSuchText):
        mail_templates.in_force("nonsense", "en")


@pytest.fixture
def far(settings: Settings) -> Iterator[FarEnd]:
    with far_end() as end:
        settings.MAIL_SERVER = end.server
        yield end


@pytest.fixture
def enrollment(lead: Lead, monkeypatch: pytest.MonkeyPatch) -> Enrollment:
    """Of a lead who agreed, at an hour at which mail may go."""
    monkeypatch.setattr(send_rules, "mail_window", lambda now, _purpose, _clock: now)
    ConsentRecord.objects.create(lead=lead, kind=ConsentKind.CONTACT, given=True, text="x", text_version="1")
    version = SequenceVersion.objects.get(key="incomplete_form")
    return Enrollment.objects.create(lead=lead, version=version, key=version.key, anchor=NOON, due_at=NOON)


@pytest.mark.django_db
def test_a_follow_up_is_written_when_it_is_sent_and_kept_as_it_was_sent(
    far: FarEnd, lead: Lead, enrollment: Enrollment
) -> None:
    blank: dict[str, Any] = {"text": "", "html": "", "subject": "", "message_class": MessageClass.FOLLOW_UP}
    message = make_message(lead, name="resume", enrollment=enrollment, **blank)
    Lead.objects.update(language="es", first_name="Zoë")  # after it was planned
    assert delivery.send_due() == 1
    [mail] = far.accepted
    assert "Zoë" in mail.get_payload(0).get_payload(decode=True).decode()  # type: ignore[union-attr]
    message.refresh_from_db()
    assert message.subject.startswith("Puede seguir donde lo dejó")
    assert "{private_link}" in message.text
    assert message.state == MessageState.SENT


@pytest.mark.django_db
def test_a_text_that_is_not_there_fails_that_mail_alone(far: FarEnd, lead: Lead, enrollment: Enrollment) -> None:
    blank: dict[str, Any] = {"text": "", "html": "", "subject": "", "message_class": MessageClass.FOLLOW_UP}
    bad = make_message(lead, name="nonsense", enrollment=enrollment, **blank)
    make_message(lead, message_class=MessageClass.ANSWER)
    assert delivery.send_due() == 1
    bad.refresh_from_db()
    assert (bad.state, bad.reason) == (MessageState.FAILED, "The mail could not be built (NoSuchText)")
