"""The whole way in Spanish, on a phone: nothing of ours is English except warnings that nobody has checked yet."""

import re
from typing import Any

import pytest
from django.utils.translation import gettext, override
from playwright.sync_api import Page, expect

from crm.models import Lead, Message
from intake import translated_texts
from tests.e2e.conftest import Watch, barriers, follow, overflow
from tests.e2e.test_patient import fill_in, tick

PHONE: dict[str, Any] = {"viewport": {"width": 375, "height": 740}}
# What only English has, between words; names, addresses and opening hours hold none of it.
ENGLISH = re.compile(r"\b(the|your|you|and|with|what|please|is|are|of|we|our|this|have)\b", re.IGNORECASE)
VISIBLE = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const holder = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!holder.closest('[lang=en]:not(html), script, style, .sources')) found.push(text);
  }
  for (const one of document.querySelectorAll('[aria-label]')) found.push(one.getAttribute('aria-label'));
  return [document.title, ...found].filter((text) => text.length > 1);
}"""


@pytest.fixture(scope="module")
def originals() -> set[str]:
    """Our English texts of more than one word that read otherwise in Spanish."""
    ours = {text for message in translated_texts.catalogue() if isinstance(text := message.id, str) and " " in text}
    with override("es"):
        return {text for text in ours if gettext(text) != text}


def english(page: Page, originals: set[str]) -> list[str]:
    """Visible texts that are English though they are not marked so."""
    expect(page.locator("html")).to_have_attribute("lang", "es")
    return [text for text in page.evaluate(VISIBLE) if text in originals or len(ENGLISH.findall(text)) > 1]


def check(page: Page, originals: set[str]) -> None:
    assert english(page, originals) == []
    assert overflow(page) == 0
    assert barriers(page, in_dark=False) == []  # another language has no colours of its own


def test_the_whole_way_is_spanish(open_page: Watch, originals: set[str]) -> None:
    page = open_page("/", **PHONE)
    assert len(page.evaluate(VISIBLE)) > 50
    follow(page.get_by_role("link", name="Español"))
    check(page, originals)
    page.get_by_role("link", name="¿Soy candidato?").first.click()
    page.get_by_role("button", name="Enviar mi solicitud").click()
    expect(page.get_by_role("alert")).to_contain_text("Todo lo que llenó sigue aquí.")
    check(page, originals)

    fill_in(page)
    page.get_by_role("button", name="Enviar mi solicitud").click()
    expect(page.get_by_role("heading", name="Tenemos su solicitud")).to_be_visible()
    check(page, originals)
    page.get_by_role("button", name="Contar más").click()
    expect(page.get_by_role("heading", name="Su página privada")).to_be_visible()
    check(page, originals)
    for topic in ("Sobre usted", "Su dolor", "Diagnósticos e imágenes", "Su salud", "Seguro y viaje"):
        page.goto("/es/my/")
        follow(page.get_by_role("link", name=topic).first)
        check(page, originals)
    page.goto("/es/my/treatments/")
    check(page, originals)
    tick(page, "kinds", "pt_supervised")
    follow(page.get_by_role("button", name="Seguir con estos"))
    check(page, originals)
    page.get_by_label(re.compile("¿Cuándo empezó?")).fill("03/2030")
    page.get_by_role("button", name="Guardar y seguir").click()
    expect(page.get_by_role("alert")).to_contain_text("Eso está en el futuro")
    check(page, originals)

    assert Lead.objects.get().language == "es"
    assert Message.objects.get(name="ack").subject.startswith("Recibimos su solicitud")


PAGES = ["learn/", "learn/herniated-disc/", "learn/privacy/", "candidate/call-me/", "ask/", "my/", "nowhere/"]


@pytest.mark.parametrize("path", PAGES)
def test_every_other_page_is_spanish(open_page: Watch, originals: set[str], path: str) -> None:
    check(open_page(f"/es/{path}", **PHONE), originals)


def test_an_emergency_is_told_in_both_without_a_script(open_page: Watch) -> None:
    page = open_page("/es/candidate/", java_script_enabled=False, **PHONE)
    page.locator("[name=safety_check][value=A1]").check()
    page.get_by_role("button", name="Ver qué hacer ahora").first.click()
    expect(page.get_by_role("link", name="Llamar al 911")).to_have_attribute("href", "tel:911")
    expect(page.get_by_text("Please get emergency care now")).to_be_visible()
    expect(page.get_by_text("Busque atención de emergencia ahora, por favor")).to_be_visible()
    assert overflow(page) == 0


def test_the_oracle_finds_english(open_page: Watch, originals: set[str]) -> None:
    page = open_page("/es/learn/", **PHONE)
    page.evaluate("document.querySelector('h1').textContent = 'What you can do with it and the rest'")
    assert english(page, originals) == ["What you can do with it and the rest"]
