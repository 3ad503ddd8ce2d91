"""Pages to read: Markdown files with a head that says where their facts come from, a directory a language."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import frontmatter
import nh3
from markdown_it import MarkdownIt

DIRECTORY = Path(__file__).parent / "content"
FIRST_LANGUAGE = "en"
TAGS = set("h2 h3 p ul ol li strong em a blockquote table thead tbody tr th td".split())
ATTRIBUTES = {"a": {"href"}, "h2": {"id"}, "p": {"lang", "dir"}}
ILLUSTRATION = "<!-- illustration -->"
MOST_RELATED = 4


@dataclass(frozen=True)
class Heading:
    anchor: str
    text: str


@dataclass(frozen=True)
class Article:
    """One page. `parts` is its cleaned HTML, cut where the illustration goes; `kind` is "education" or "notice".

    `language` is the one that it is written in: the first one until somebody has translated it.
    """

    slug: str
    language: str
    title: str
    summary: str
    kind: str
    parts: tuple[str, ...]
    headings: tuple[Heading, ...]
    sources: tuple[str, ...]
    tags: frozenset[str]
    updated: date
    reviewed_by: str
    illustration: str

    @property
    def drawing(self) -> str:
        return f"components/{self.illustration}.svg"


@cache
def articles(language: str = FIRST_LANGUAGE) -> dict[str, Article]:
    """All pages by slug, in the order of their `position`; in the first language where there is no other yet."""
    known = _read(FIRST_LANGUAGE)
    translated = _read(language) if language != FIRST_LANGUAGE else {}
    return {slug: translated.get(slug, article) for slug, article in known.items()}


def published(language: str, *, everything: bool) -> dict[str, Article]:
    """The pages that visitors may read: without `everything` no education page that no clinician has reviewed."""
    return {
        slug: article
        for slug, article in articles(language).items()
        if everything or article.kind == "notice" or article.reviewed_by
    }


def related(article: Article, among: Iterable[Article]) -> list[Article]:
    """The education pages that share most tags with this one, at most MOST_RELATED."""
    others = [one for one in among if one.slug != article.slug and one.tags & article.tags]
    return sorted(others, key=lambda one: -len(one.tags & article.tags))[:MOST_RELATED]


@cache
def _read(language: str) -> dict[str, Article]:
    found = [(file.stem, frontmatter.load(str(file))) for file in sorted((DIRECTORY / language).glob("*.md"))]
    found.sort(key=lambda pair: (int(str(pair[1].get("position", 99))), pair[0]))
    return {slug: _article(slug, language, post.metadata, post.content) for slug, post in found}


def _article(slug: str, language: str, head: dict[str, Any], text: str) -> Article:
    html, headings = _html(text)
    return Article(
        slug=slug,
        language=language,
        title=head["title"],
        summary=head["summary"],
        kind=head.get("kind", "education"),
        parts=tuple(html.split(ILLUSTRATION)),
        headings=headings,
        sources=tuple(head.get("sources", ())),
        tags=frozenset(head.get("tags", ())),
        updated=head["date"],
        reviewed_by=head.get("reviewed_by") or "",
        illustration=head.get("illustration", ""),
    )


def _html(text: str) -> tuple[str, tuple[Heading, ...]]:
    """The cleaned HTML of a Markdown text and its headings of the second level, each with an anchor."""
    parser = MarkdownIt("commonmark").enable("table")
    tokens = parser.parse(text)
    headings = []
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open" and opening.tag == "h2":
            anchor = "-".join("".join(c if c.isalnum() else " " for c in inline.content.lower()).split())
            opening.attrSet("id", anchor)
            headings.append(Heading(anchor, inline.content))
    html = parser.renderer.render(tokens, parser.options, {})
    # Cut at the mark before cleaning: cleaning drops comments.
    clean = [nh3.clean(part, tags=TAGS, attributes=ATTRIBUTES, link_rel=None) for part in html.split(ILLUSTRATION)]
    return ILLUSTRATION.join(clean), tuple(headings)
