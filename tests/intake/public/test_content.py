"""What a patient reads: sourced, linked, plain, and without promises."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings as project
from django.urls import Resolver404, resolve

from intake.public import articles
from intake.public.articles import Article

BANNED = re.compile(r"\b(cur(?:e[sd]?|ing)|guarantee(?:[sd]|ing)?|pain-free|risk-free|best)\b", re.IGNORECASE)
ALL = list(articles.articles().values())
EDUCATION = [article for article in ALL if article.kind == "education"]
GROUPS = {"condition", "treatment", "visit"}
FILES = sorted((articles.DIRECTORY / articles.ORIGINAL).glob("*.md"))
TEMPLATES = Path(project.BASE_DIR) / "templates"
PUBLIC_TEMPLATES = sorted(
    file for pattern in ("*.html", "intake/*/*", "components/*", "illustrations/*") for file in TEMPLATES.glob(pattern)
)
SLUGS = """
herniated-disc bulging-disc sciatica spinal-stenosis degenerative-disc-disease facet-disease bone-spurs
spondylolisthesis conservative-treatments procedures candidacy consultation privacy accessibility non-discrimination
languages
""".split()


def by_slug(article: Article) -> str:
    return article.slug


def by_name(file: Path) -> str:
    return file.name


def html_of(article: Article) -> str:
    return "".join(part.html for part in article.parts)


def test_every_page_is_there_in_its_order() -> None:
    assert [article.slug for article in ALL] == SLUGS


@pytest.mark.parametrize("article", EDUCATION, ids=by_slug)
def test_article_names_its_sources(article: Article) -> None:
    assert len(set(article.sources)) >= 2
    assert all(len(source) >= 40 for source in article.sources)


@pytest.mark.parametrize("article", EDUCATION, ids=by_slug)
def test_article_belongs_to_one_group(article: Article) -> None:
    assert len(article.tags & GROUPS) == 1


@pytest.mark.parametrize("article", ALL, ids=by_slug)
def test_article_has_summary_date_and_headings(article: Article) -> None:
    assert article.kind in {"education", "notice"}
    assert 40 <= len(article.summary) <= 160
    assert article.updated <= date(2100, 1, 1)
    assert len(article.headings) >= 3
    assert len({heading.anchor for heading in article.headings} | {"sources", "emergency", "offers"}) == (
        len(article.headings) + 3
    )


# --- What it must not say --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", [*FILES, *PUBLIC_TEMPLATES], ids=by_name)
def test_page_promises_nothing(file: Path) -> None:
    assert BANNED.findall(file.read_text()) == []


@pytest.mark.parametrize(
    "claim", ["The best care.", "CURED!", "we guarantee it", "a pain-free life", "risk-free", "curing backs"]
)
def test_promise_is_seen(claim: str) -> None:
    assert BANNED.search(claim)


@pytest.mark.parametrize("words", ["best_time", "secure", "curettage", "bestow"])
def test_harmless_word_is_let_through(words: str) -> None:
    assert not BANNED.search(words)


# --- Plain words -----------------------------------------------------------------------------------------------------


def sentences(html: str) -> list[list[str]]:
    """The words of each sentence. A paragraph, a point of a list, a heading and a cell end one even without a stop."""
    blocks = re.split(r"</?(?:p|li|ul|ol|h2|h3|td|th|tr|blockquote)\b[^>]*>", html)
    plain = [re.sub(r"<[^>]+>", "", block) for block in blocks]
    ended = [part for block in plain for part in re.split(r"(?<=[.!?:;])\s+", block)]
    return [words for part in ended if (words := re.findall(r"[A-Za-z][A-Za-z'-]*", part))]


def mean_length(html: str) -> float:
    """Words a sentence; headings and cells of tables, always short, do not flatter it."""
    counted = [len(words) for words in sentences(re.sub(r"<(h[23]|t[dh])\b.*?</\1>", "<p>", html, flags=re.DOTALL))]
    return sum(counted) / len(counted)


def share_of_long_words(html: str) -> float:
    """Of all words, those of ten letters and more, 0 to 1. No syllables: counting those in English goes wrong."""
    words = [word for sentence in sentences(html) for word in sentence]
    return sum(len(word) >= 10 for word in words) / len(words)


@pytest.mark.parametrize("article", ALL, ids=by_slug)
def test_article_is_easy_to_read(article: Article) -> None:
    html = html_of(article)

    assert mean_length(html) <= 14
    assert max(len(words) for words in sentences(html)) <= 30
    assert share_of_long_words(html) <= 0.06


def test_measure_of_reading() -> None:
    html = "<h2>Long heading here</h2><p>One two three. Four <em>five</em>!</p><ul><li>Six seven</li></ul>"

    assert [len(words) for words in sentences(html)] == [3, 3, 2, 2]
    assert mean_length(html) == pytest.approx(7 / 3)
    assert share_of_long_words("<p>Considerable words, unquestionably.</p>") == pytest.approx(2 / 3)


# --- Links and neighbours --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("article", ALL, ids=by_slug)
def test_article_links_lead_somewhere(article: Article) -> None:
    for target in re.findall(r'href="([^"]+)"', html_of(article)):
        assert target.startswith("/"), f"{target} leaves the site"
        try:
            match = resolve(target)
        except Resolver404:
            pytest.fail(f"{target} leads nowhere")
        assert match.kwargs.get("slug") in {None, *articles.articles()}
        assert match.kwargs.get("slug") != article.slug, "links to itself"


@pytest.mark.parametrize("article", ALL, ids=by_slug)
def test_article_has_related_pages(article: Article) -> None:
    near = articles.related(article, ALL)

    assert 1 <= len(near) <= 5
    assert article not in near
    assert all(other.tags & article.tags for other in near)


def test_related_pages_are_found_by_rare_tags_first() -> None:
    pages = articles.articles()

    assert "conservative-treatments" in [page.slug for page in articles.related(pages["facet-disease"], ALL)][:3]
    assert articles.related(pages["privacy"], ALL)[0].slug == "languages"
    assert {page.slug for page in articles.related(pages["sciatica"], ALL)} >= {"herniated-disc", "spinal-stenosis"}


def test_page_without_a_shared_tag_is_not_related() -> None:
    pages = articles.articles()

    assert articles.related(pages["accessibility"], [pages["accessibility"], pages["sciatica"]]) == []


def test_link_to_a_page_that_is_held_back_becomes_its_words() -> None:
    html = '<p><a href="/learn/sciatica/">Leg <em>pain</em></a>, <a href="/learn/privacy/">notice</a></p>'

    assert articles.without_links_to_others(html, ["privacy"]) == (
        '<p>Leg <em>pain</em>, <a href="/learn/privacy/">notice</a></p>'
    )


# --- Drawings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("article", ALL, ids=by_slug)
def test_article_drawings_exist_and_have_captions(article: Article) -> None:
    assert "illustration" not in html_of(article), "a mark was not understood"
    for part in article.parts[:-1]:
        assert (TEMPLATES / f"illustrations/{part.figure}.svg").exists()
        assert 20 <= len(part.caption) <= 200


def test_every_drawing_is_shown_somewhere() -> None:
    shown = {part.figure for article in ALL for part in article.parts} | {"levels"}

    assert {file.stem for file in TEMPLATES.glob("illustrations/*.svg")} == shown - {""}


@pytest.mark.parametrize("file", sorted(TEMPLATES.glob("illustrations/*.svg")), ids=by_name)
def test_drawing_is_described_in_words(file: Path) -> None:
    drawing = file.read_text()

    labels = re.findall(r'aria-labelledby="(\S+) (\S+)"', drawing)
    assert labels == [(f"{file.stem}-title", f"{file.stem}-desc")]
    assert all(f'id="{label}"' in drawing for label in labels[0])
    assert re.findall(r'\sstyle="|#[0-9a-f]{3,6}\b|\son[a-z]+="', drawing) == []


def test_conditions_have_a_place_on_the_map() -> None:
    places = [article.on_map for article in ALL if "condition" in article.tags]

    assert len(places) == len(set(places)) == 8
    assert None not in places
    assert not [article.slug for article in ALL if article.on_map and "condition" not in article.tags]


# --- Reading the files -----------------------------------------------------------------------------------------------


def test_markdown_is_cleaned() -> None:
    html, headings = articles._html("## A & b\n\n<script>x()</script>[x](javascript:x)\n\n**bold**")

    assert "<script" not in html
    assert "javascript" not in re.findall(r'href="([^"]*)"', html)
    assert "<strong>bold</strong>" in html
    assert [(heading.anchor, heading.text) for heading in headings] == [("a-b", "A & b")]


def test_text_is_cut_at_its_drawings() -> None:
    parts, headings = articles._parts("## A\n\none\n\n<!-- illustration: disc: A\ndisc. -->\n\ntwo\n\n## B\n\nthree")

    assert [(part.figure, part.caption) for part in parts] == [("disc", "A disc."), ("", "")]
    assert "one" in parts[0].html
    assert "two" in parts[1].html
    assert [heading.text for heading in headings] == ["A", "B"]


HEAD = "---\ntitle: {}\nsummary: S\nkind: notice\ntags: [rights]\nposition: {}\ndate: 2026-11-23\n---\n\nText"


@pytest.fixture
def two_languages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two English pages, one of them also in Spanish."""
    for file, title, position in [("en/a.md", "Second", 2), ("en/b.md", "First", 1), ("es/a.md", "Segunda", 2)]:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(HEAD.format(title, position))
    monkeypatch.setattr(articles, "DIRECTORY", tmp_path)
    articles.articles.cache_clear()
    yield
    articles.articles.cache_clear()


@pytest.mark.usefixtures("two_languages")
@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", [("b", "en", "First"), ("a", "en", "Second")]),
        ("es", [("b", "en", "First"), ("a", "es", "Segunda")]),
        ("fr", [("b", "en", "First"), ("a", "en", "Second")]),
    ],
)
def test_english_stands_in_for_what_is_not_translated(language: str, expected: list[tuple[str, str, str]]) -> None:
    found = articles.articles(language)

    assert [(slug, page.language, page.title) for slug, page in found.items()] == expected
