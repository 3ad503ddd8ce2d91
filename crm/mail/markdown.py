"""From the Markdown that staff write to the words of a mail, plain and as MJML. Pure; the layout around is emails'.

The Markdown is small: paragraphs, headings, lists, emphasis, and links to placeholders. A paragraph that is one link is
a button. Nothing that a text holds reaches the mail as HTML.
"""

import re
import textwrap
from collections.abc import Mapping
from html import escape
from itertools import batched
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

# What a text may ask for. Those of the second kind are filled in when the mail leaves: each time they are different.
FILLED_NOW = frozenset({"greeting", "first_name", "reference", "center", "phone", "hours", "reading_link"})
FILLED_LATER = frozenset({"private_link", "unsubscribe_link"})
LINKS = frozenset({"private_link", "unsubscribe_link", "reading_link"})
WIDTH = 76

_HEADING = re.compile(r" {0,3}#{1,6}\s+(.*?)(?:\s+#+)?\s*")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_BUTTON = re.compile(r"\[([^\]\n]+)\]\(\{(\w+)\}\)")
_LINK = re.compile(r"\[([^\]\n]+)\]\(([^)\n]+)\)")
# As in Markdown, an underscore inside a word means nothing: placeholders hold some.
_EMPHASIS = re.compile(r"(\*\*|\*|(?<!\w)__?)(?=\S)(.+?)(?<=\S)\1(?<!_(?=\w))")
# A line below another stays one: MJML would drop the line end between two that begin and end with bold words or links.
_MARKDOWN = MarkdownIt("zero", {"breaks": True, "xhtmlOut": True}).enable(
    ["heading", "list", "emphasis", "link", "newline", "backticks"]
)


class Text(NamedTuple):
    subject: str
    body: str


def split(source: str) -> Text:
    """Split a file into the subject, on its first line, and the body below."""
    subject, _, body = source.strip().partition("\n")
    return Text(subject.strip(), body.strip())


def asked_for(text: str) -> set[str]:
    """Return the names of the placeholders in a text."""
    return set(_PLACEHOLDER.findall(text))


def fill_plain(text: str, values: Mapping[str, str]) -> str:
    """Replace the placeholders for which a value is at hand; the others stay for the moment of sending."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def as_text(body: str, values: Mapping[str, str]) -> str:
    """Turn a body into plain text, wrapped, with the address of each link below its words."""
    return "\n\n".join(_plain_paragraph(part.strip(), values) for part in re.split(r"\n\s*\n", body))


def _plain_paragraph(part: str, values: Mapping[str, str]) -> str:
    lines = [_plain_line(line, values) for line in part.splitlines()]
    return "\n".join(_wrapped(line) for several in lines for line in several.splitlines())


def _plain_line(line: str, values: Mapping[str, str]) -> str:
    """Turn one line into plain text. A heading ends with its line, as in the HTML: its words become capitals, its links
    stay what they are."""
    words = _EMPHASIS.sub(r"\2", line)
    heading = _HEADING.fullmatch(words)
    if not heading:
        return fill_plain(_LINK.sub(lambda found: f"{found[1]}:\n{found[2]}", words), values)
    pieces = _LINK.split(heading[1])  # words, then label, target and words of each link
    made = _capitals(pieces[0], values)
    for label, target, after in batched(pieces[1:], 3, strict=True):
        made += f"{_capitals(label, values)}:\n{fill_plain(target, values)}{_capitals(after, values)}"
    return made


def _capitals(words: str, values: Mapping[str, str]) -> str:
    pieces = _PLACEHOLDER.split(words)  # words, then name and words of each placeholder
    pieces[::2] = [plain.upper() for plain in pieces[::2]]
    for place, name in enumerate(pieces[1::2]):
        value = values.get(name, f"{{{name}}}")
        pieces[2 * place + 1] = value.upper() if name in values and name not in LINKS else value
    return "".join(pieces)


def _wrapped(line: str) -> str:
    hanging = "  " if line.startswith(("- ", "* ")) else ""
    return textwrap.fill(line, WIDTH, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False)


def as_mjml(body: str) -> str:
    """Turn a body into MJML that is a Django template: placeholders that are filled in now are its variables, and no
    other brace of the text is left to mean anything."""
    return "".join(_blocks(_MARKDOWN.parse(body)))


def _safe_braces(html: str) -> str:
    """Escape every brace that is no placeholder: a text may hold anything, even what looks like a template."""
    pieces = _PLACEHOLDER.split(html)
    for place, name in enumerate(pieces[1::2]):
        pieces[2 * place + 1] = _meant(name)
    pieces[::2] = [plain.replace("{", "&#123;").replace("}", "&#125;") for plain in pieces[::2]]
    return "".join(pieces)


def _meant(name: str) -> str:
    """Write a placeholder as the layout's template, or the moment of sending, understands it; escape an unknown one."""
    if name in FILLED_NOW:
        return "{{ placeholders." + name + " }}"
    return "{" + name + "}" if name in FILLED_LATER else f"&#123;{name}&#125;"


def _blocks(tokens: list[Token]) -> list[str]:
    """Return the MJML of each top-level block of a text."""
    made, depth, held = [], 0, list[Token]()
    for token in tokens:
        held.append(token)
        depth += token.nesting
        if depth == 0:
            made.append(_block(held))
            held = []
    return made


def _block(tokens: list[Token]) -> str:
    inline = next((token for token in tokens if token.type == "inline"), None)
    button = _BUTTON.fullmatch(inline.content) if inline and tokens[0].type == "paragraph_open" else None
    if button and button[2] in LINKS:
        return _safe_braces(
            f'<mj-button href="{{{button[2]}}}" mj-class="button" css-class="press">{escape(button[1])}</mj-button>'
        )
    html = _MARKDOWN.renderer.render(_without_foreign_links(tokens), _MARKDOWN.options, {})
    style = 'mj-class="heading" ' if tokens[0].type == "heading_open" else ""
    inner = re.sub(r"</?(?:h[1-6]|p)>", "", html.replace("</p>\n<p>", "<br /><br />")).strip()
    return _safe_braces(f'<mj-text {style}css-class="ink">{inner}</mj-text>')


def _without_foreign_links(tokens: list[Token]) -> list[Token]:
    """Remove links that lead anywhere but to a placeholder; their words stay."""
    for token in tokens:
        if token.children:
            open_links = []
            kept = []
            for child in token.children:
                if child.type == "link_open":
                    target = str(child.attrGet("href") or "").replace("%7B", "{").replace("%7D", "}")
                    child.attrSet("href", target)
                    open_links.append(target.strip("{}") in LINKS)
                    if not open_links[-1]:
                        continue
                if child.type == "link_close" and not open_links.pop():
                    continue
                kept.append(child)
            token.children = kept
    return tokens
