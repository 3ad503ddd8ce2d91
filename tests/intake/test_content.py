"""What a patient reads: sourced, linked, and without promises."""

import json
import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from intake import content, pages
from intake.content import Article

BANNED = re.compile(r"\b(cure[sd]?|guarantee[sd]?|pain-free|risk-free|best)\b", re.IGNORECASE)
ALL = list(content.articles().values())
EDUCATION = [article for article in ALL if article.kind == "education"]


def by_slug(article: Article) -> str:
    return article.slug


@pytest.mark.parametrize("article", EDUCATION, ids=by_slug)
def test_article_names_its_sources(article: Article) -> None:
    assert len(article.sources) >= 2


@pytest.mark.parametrize("article", ALL, ids=by_slug)
def test_article_has_summary_date_and_headings(article: Article) -> None:
    assert 40 <= len(article.summary) <= 160
    assert article.updated <= date(2100, 1, 1)
    assert len(article.headings) >= 3


@pytest.mark.parametrize("article", ALL, ids=by_slug)
def test_article_promises_nothing(article: Article) -> None:
    assert BANNED.findall(f"{article.title} {article.summary} {''.join(article.parts)}") == []


@pytest.mark.parametrize("article", ALL, ids=by_slug)
def test_article_links_lead_somewhere(article: Article) -> None:
    for target in re.findall(r'href="([^"]+)"', "".join(article.parts)):
        assert target.startswith("/"), f"{target} leaves the site"
        try:
            match = resolve(target)
        except Resolver404:
            pytest.fail(f"{target} leads nowhere")
        assert match.kwargs.get("slug") in {None, *content.articles()}


@pytest.mark.parametrize("article", ALL, ids=by_slug)
def test_article_page_shows_it(client: Client, db: None, article: Article) -> None:
    page = client.get(f"/learn/{article.slug}/").content.decode()

    assert article.title in page
    assert ("Not yet medically reviewed" in page) is (article.kind == "education" and not article.reviewed_by)


def test_unknown_article_is_not_found(client: Client, db: None) -> None:
    assert client.get("/learn/nothing-here/").status_code == 404


def test_markdown_is_cleaned() -> None:
    html, headings = content._html("## A & b\n\n<script>x()</script>[x](javascript:x)\n\n**bold**")

    assert "<script" not in html
    assert "javascript" not in re.findall(r'href="([^"]*)"', html)
    assert "<strong>bold</strong>" in html
    assert [(heading.anchor, heading.text) for heading in headings] == [("a-b", "A & b")]


@pytest.mark.parametrize("article", EDUCATION, ids=by_slug)
def test_article_has_related_pages(article: Article) -> None:
    found = content.related(article, EDUCATION)
    assert 1 <= len(found) <= 4
    assert article not in found


@pytest.mark.parametrize("article", ALL, ids=by_slug)
def test_article_is_written_in_short_sentences(article: Article) -> None:
    text = re.sub(r"<[^>]+>", " ", " ".join(re.findall(r"<p>.*?</p>", " ".join(article.parts), re.DOTALL)))
    sentences = [sentence.split() for sentence in re.split(r"[.!?:]\s", text) if sentence.strip()]
    words = [word for sentence in sentences for word in sentence]
    assert len(words) / len(sentences) <= 16
    assert sum(len(word.strip(".,:;()")) > 9 for word in words) / len(words) <= 0.12


def test_every_topic_of_the_site_has_its_page() -> None:
    wanted = """herniated-disc sciatica spinal-stenosis degenerative-disc-disease bulging-disc facet-disease bone-spurs
        spondylolisthesis conservative-treatments procedures candidacy consultation privacy accessibility
        non-discrimination languages""".split()
    assert set(wanted) == set(content.articles())


def test_language_help_is_named_in_fifteen_languages() -> None:
    html = "".join(content.articles()["languages"].parts)
    assert len(set(re.findall(r'<p lang="([\w-]+)"', html))) >= 15
    assert set(re.findall(r'<p lang="(\w+)" dir="rtl"', html)) == {"ar", "ur", "yi"}


@pytest.fixture
def reviewed(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """A public site on which one page was reviewed."""
    settings.IS_PUBLIC = True
    pages = content.articles()
    done = replace(pages["sciatica"], reviewed_by="Dr. Example")
    monkeypatch.setattr(content, "articles", lambda *_: pages | {"sciatica": done})


@pytest.mark.usefixtures("reviewed", "db")
def test_a_public_site_shows_only_what_was_reviewed(client: Client) -> None:
    assert client.get("/learn/herniated-disc/").status_code == 404
    assert client.get("/learn/privacy/").status_code == 200
    page = client.get("/learn/sciatica/").content.decode()
    assert "Medically reviewed by Dr. Example" in page
    assert "/learn/herniated-disc/" not in page
    assert "herniated discs" in page  # the words of the link stay
    for path in ("/", "/learn/", "/sitemap.xml", "/candidate/"):
        assert "herniated-disc" not in client.get(path).content.decode()
    assert "/learn/sciatica/" in client.get("/sitemap.xml").content.decode()


def test_what_is_not_reviewed_is_named_before_going_public() -> None:
    [said] = pages.check_reviews()
    assert "herniated-disc" in said.msg
    assert "privacy" not in said.msg


@pytest.mark.usefixtures("db")
def test_machines_learn_what_a_page_is(client: Client) -> None:
    page = client.get("/learn/sciatica/").content.decode()
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert found
    about = json.loads(found.group(1))
    assert (about["@type"], about["inLanguage"], len(about["citation"])) == ("MedicalWebPage", "en", 4)


@pytest.mark.usefixtures("db")
def test_search_engines_find_pages_and_no_private_ones(client: Client) -> None:
    sitemap = client.get("/sitemap.xml")
    assert sitemap["Content-Type"] == "application/xml"
    assert sitemap.content.decode().count("<loc>") == 3 + len(content.articles())
    assert "Disallow: /my/" in client.get("/robots.txt").content.decode()


@pytest.mark.usefixtures("db")
def test_the_map_of_the_spine_leads_to_the_pages_of_its_list(client: Client) -> None:
    page = client.get("/learn/").content.decode()
    on_map = re.findall(r'<a href="/learn/([\w-]+)/" aria-label="\d', page)
    in_list = re.findall(r'<li><a href="/learn/([\w-]+)/">', page.partition("<svg")[0])
    assert on_map == in_list
    assert set(on_map) == set(pages.SPOTS)
