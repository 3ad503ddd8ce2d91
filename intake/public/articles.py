"""Pages to read: Markdown files with a head that says where their facts come from.

`content/en/` holds every page; another language's folder holds those that were translated, and the English page
stands in for the rest.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import frontmatter
import nh3
from markdown_it import MarkdownIt

DIRECTORY = Path(__file__).resolve().parents[1] / "content"
ORIGINAL = "en"
TAGS = set("h2 h3 p ul ol li strong em a blockquote table thead tbody tr th td".split())
FIGURE = re.compile(r"<!-- illustration: ([a-z-]+): (.+?) -->", re.DOTALL)
LINK = re.compile(r'<a href="/learn/([a-z-]+)/">(.*?)</a>', re.DOTALL)
RELATED = 5  # pages offered to read on


@dataclass(frozen=True)
class Heading:
    anchor: str
    text: str


@dataclass(frozen=True)
class ArticlePart:
    """A stretch of cleaned HTML and what is drawn below it: templates/illustrations/<figure>.svg, or nothing."""

    html: str
    figure: str = ""
    caption: str = ""


@dataclass(frozen=True)
class Article:
    """One page. `kind` is "education" or "notice"; `on_map` is where its mark lies on the spine map, in SVG units."""

    slug: str
    language: str
    title: str
    summary: str
    kind: str
    tags: frozenset[str]
    parts: tuple[ArticlePart, ...]
    headings: tuple[Heading, ...]
    sources: tuple[str, ...]
    updated: date
    reviewed_by: str
    on_map: tuple[int, int] | None

    @property
    def is_ready(self) -> bool:
        """Return False while a page of medical facts waits for its physician: no public site shows it."""
        return self.kind != "education" or bool(self.reviewed_by)


@cache
def articles(language: str = ORIGINAL) -> dict[str, Article]:
    """Return all pages by slug, in the order of `position`, in `language` where it exists. Read once a process."""
    found = {}
    for file in (DIRECTORY / ORIGINAL).glob("*.md"):
        translated = DIRECTORY / language / file.name
        spoken = language if translated.exists() else ORIGINAL
        found[file.stem] = (spoken, frontmatter.load(str(translated if translated.exists() else file)))
    places = {slug: int(str(post["position"])) for slug, (_, post) in found.items()}
    ordered = sorted(found, key=lambda slug: (places[slug], slug))
    return {slug: _article(slug, found[slug][0], found[slug][1]) for slug in ordered}


def shown(language: str, *, public: bool) -> dict[str, Article]:
    """Return the pages that visitors may read: all of them locally; where real patients are, those that are ready, in
    English where only that is."""
    if not public:
        return articles(language)
    originals = articles()
    ready = {slug: page if page.is_ready else originals[slug] for slug, page in articles(language).items()}
    return {slug: page for slug, page in ready.items() if page.is_ready}


def related(article: Article, among: Collection[Article]) -> list[Article]:
    """Return up to RELATED other pages that share a tag with it. The rarer those tags, the nearer they stand."""
    rarity = Counter(tag for page in among for tag in page.tags)
    near = {
        page: sum(1 / rarity[tag] for tag in page.tags & article.tags) for page in among if page.slug != article.slug
    }
    ordered = sorted(near, key=lambda page: -near[page])  # stable: equals keep the order of `among`
    return [page for page in ordered if near[page]][:RELATED]


def without_links_to_others(html: str, slugs: Iterable[str]) -> str:
    """Return `html` with links to pages that are not among `slugs` turned into their words."""
    known = set(slugs)
    return LINK.sub(lambda link: link[0] if link[1] in known else link[2], html)


def _article(slug: str, language: str, post: frontmatter.Post) -> Article:
    head: dict[str, Any] = post.metadata
    parts, headings = _parts(post.content)
    return Article(
        slug=slug,
        language=language,
        title=head["title"],
        summary=head["summary"],
        kind=head["kind"],
        tags=frozenset(head["tags"]),
        parts=parts,
        headings=headings,
        sources=tuple(head.get("sources", ())),
        updated=head["date"],
        reviewed_by=head.get("reviewed_by") or "",
        on_map=tuple(head["on_map"]) if "on_map" in head else None,
    )


def _parts(text: str) -> tuple[tuple[ArticlePart, ...], tuple[Heading, ...]]:
    """Return a Markdown text, cut after each mark of an illustration, and its headings of the second level."""
    stretches, headings = [], []
    *pieces, last = FIGURE.split(text)
    for words, figure, caption in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True):
        html, found = _html(words)
        stretches.append(ArticlePart(html, figure, " ".join(caption.split())))
        headings += found
    html, found = _html(last)
    return (*stretches, ArticlePart(html)), (*headings, *found)


def _html(text: str) -> tuple[str, list[Heading]]:
    """Return the cleaned HTML of a Markdown text and its headings of the second level, each with an anchor."""
    parser = MarkdownIt("commonmark").enable("table")
    tokens = parser.parse(text)
    headings = []
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open" and opening.tag == "h2":
            anchor = "-".join("".join(c if c.isalnum() else " " for c in inline.content.lower()).split())
            opening.attrSet("id", anchor)
            headings.append(Heading(anchor, inline.content))
    html = parser.renderer.render(tokens, parser.options, {})
    return nh3.clean(html, tags=TAGS, attributes={"a": {"href"}, "h2": {"id"}}, link_rel=None), headings
