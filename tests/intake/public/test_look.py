"""Colours as people with weak sight need them: WCAG 2.2, 1.4.3 (text) and 1.4.11 (controls), in light and dark."""

import re
from pathlib import Path

import pytest

STYLES = Path(__file__).parents[3] / "static/css"
CSS = (STYLES / "nucleus.css").read_text()
TOKEN = re.compile(r"--([a-z-]+): (#[0-9a-f]{6});")
COLOUR = re.compile(r"(?i)#[0-9a-f]{3,8}\b|\b(?:rgb|hsl)a?\(|:[^;{]*\b(?:white|black|gr[ae]y|red|green|blue)\b")

TEXT_ON = [
    ("ink", ["paper", "surface", "sand", "accent-wash", "danger-wash"]),
    ("ink-soft", ["paper", "surface", "sand", "danger-wash"]),
    ("accent", ["paper", "surface", "sand", "accent-wash", "danger-wash"]),
    ("accent-strong", ["paper", "surface", "accent-wash"]),
    ("on-accent", ["accent", "accent-strong"]),
    ("danger", ["paper", "surface", "danger-wash"]),
    ("on-danger", ["danger"]),
    ("on-core", ["core"]),
]
EDGES_ON = [
    ("control", ["paper", "surface"]),
    ("accent", ["paper", "surface", "accent-wash"]),
    ("danger", ["danger-wash", "paper", "surface"]),
    ("ink-soft", ["surface"]),
    ("warm", ["sand"]),
]


def tokens(scheme: str) -> dict[str, str]:
    """The colours of the light or the dark scheme by name."""
    light, _, rest = CSS.partition("@media (prefers-color-scheme: dark)")
    found = dict(TOKEN.findall(light))
    return found if scheme == "light" else found | dict(TOKEN.findall(rest.partition("/* Bootstrap")[0]))


def luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it, 0 to 1."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """1 (the same) to 21 (black on white)."""
    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_agrees_with_known_values() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back"), [(front, back) for front, backs in TEXT_ON for back in backs])
def test_text_can_be_read(scheme: str, front: str, back: str) -> None:
    colours = tokens(scheme)

    assert contrast(colours[front], colours[back]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("edge", "back"), [(edge, back) for edge, backs in EDGES_ON for back in backs])
def test_controls_can_be_seen(scheme: str, edge: str, back: str) -> None:
    colours = tokens(scheme)

    assert contrast(colours[edge], colours[back]) >= 3


def test_every_colour_is_a_token() -> None:
    rules = CSS.partition("/* Bootstrap")[2].partition("@media print")[0] + (STYLES / "form.css").read_text()

    assert COLOUR.findall(rules) == []


@pytest.mark.parametrize("rule", ["color: #fff", "color:RGB(0 0 0)", "background: 1px white", "fill: #e59a4f80"])
def test_colour_that_is_no_token_is_seen(rule: str) -> None:
    assert COLOUR.search(rule)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_page_without_tokens_can_be_read(scheme: int) -> None:
    css = (STYLES / "plain.css").read_text().split("@media")[scheme]
    words, links = re.findall(r" color: (#\w+)", css)
    [paper] = re.findall(r"background: (#\w+)", css)

    assert min(contrast(links, paper), contrast(words, paper)) >= 4.5


def test_dark_scheme_has_colours_of_its_own() -> None:
    assert tokens("dark")["paper"] != tokens("light")["paper"]
