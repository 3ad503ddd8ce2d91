"""What a patient reads: sourced, linked, and without promises."""

import re
from datetime import date

import pytest
from django.test import Client
from django.urls import Resolver404, resolve

from intake import content
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
def test_article_related_pages_exist(article: Article) -> None:
    assert set(article.related) <= set(content.articles()) - {article.slug}


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
