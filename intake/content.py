"""Patient-education pages: Markdown files with a head that says where their facts come from."""

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
TAGS = set("h2 h3 p ul ol li strong em a blockquote table thead tbody tr th td".split())
ILLUSTRATION = "<!-- illustration -->"


@dataclass(frozen=True)
class Heading:
    anchor: str
    text: str


@dataclass(frozen=True)
class Article:
    """One page. `parts` is its cleaned HTML, cut where the illustration goes; `kind` is "education" or "notice"."""

    slug: str
    title: str
    summary: str
    kind: str
    parts: tuple[str, ...]
    headings: tuple[Heading, ...]
    sources: tuple[str, ...]
    updated: date
    reviewed_by: str
    related: tuple[str, ...]
    illustration: str


@cache
def articles() -> dict[str, Article]:
    """All pages by slug, in the order of their `position`. Read once a process."""
    loaded = [frontmatter.load(str(file)) for file in sorted(DIRECTORY.glob("*.md"))]
    slugs = [file.stem for file in sorted(DIRECTORY.glob("*.md"))]
    pairs = sorted(zip(slugs, loaded, strict=True), key=lambda pair: (int(str(pair[1].get("position", 99))), pair[0]))
    return {slug: _article(slug, post.metadata, post.content) for slug, post in pairs}


def _article(slug: str, head: dict[str, Any], text: str) -> Article:
    html, headings = _html(text)
    return Article(
        slug=slug,
        title=head["title"],
        summary=head["summary"],
        kind=head.get("kind", "education"),
        parts=tuple(html.split(ILLUSTRATION)),
        headings=headings,
        sources=tuple(head.get("sources", ())),
        updated=head["date"],
        reviewed_by=head.get("reviewed_by") or "",
        related=tuple(head.get("related", ())),
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
    clean = [
        nh3.clean(part, tags=TAGS, attributes={"a": {"href"}, "h2": {"id"}}, link_rel=None)
        for part in html.split(ILLUSTRATION)
    ]
    return ILLUSTRATION.join(clean), tuple(headings)
