"""What the documents name is there: files, names in them, and the pages that they link to."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Where tests say what to do: (CONTRIBUTING.md, “A role”).
HEADINGS = re.compile(r"CONTRIBUTING\.md, ((?:“[^”]+”(?:, )?)+)")
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))]
OURS = "|".join(["bench", "crm", "docs", "intake", "locale", "scheduling", "script", "static", "templates", "tests"])
# Such as crm/leads/actions.py:move, templates/emails/<language>/texts/<name>.md or crm/sequences/.
NAMED = re.compile(rf"`((?:{OURS})/[\w./<>*-]*)(?::([A-Za-z_][\w.]*))?`")
MADE_LATER = {"locale/es/reviewed.json"}  # by a command, once somebody has reviewed translations
LINK = re.compile(r"\]\(([^)\s#{]*)(?:#([^)\s]*))?\)")
ELSEWHERE = ("http:", "https:", "mailto:")


def is_there(path: str) -> bool:
    """Whether a file or folder of that name exists; <…> and * stand for anything."""
    return any(True for _ in ROOT.glob(re.sub(r"<\w+>", "*", path.rstrip("/"))))


def is_in(path: str, name: str) -> bool:
    """Whether a file defines a name, such as a function, a class or a variable."""
    defined = rf"(?m)^\s*(?:(?:async )?def |class )?{re.escape(name.rpartition('.')[2])}\b"
    return bool(re.search(defined, (ROOT / path).read_text("utf-8")))


def anchors(page: Path) -> set[str]:
    """The headings of a page as GitHub links to them."""
    titles = re.findall(r"(?m)^#+ (.*)$", page.read_text("utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    named = NAMED.findall(page.read_text("utf-8"))

    gone = [path for path, _ in named if not is_there(path) and path not in MADE_LATER]
    gone += [f"{path}:{name}" for path, name in named if name and path not in gone and not is_in(path, name)]

    assert gone == [], f"{page.relative_to(ROOT)} names what is not there: say where it stands now"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for path, anchor in LINK.findall(page.read_text("utf-8")):
        goal = (page.parent / path).resolve() if path else page
        if path.startswith(ELSEWHERE):
            continue
        if not goal.exists() or (anchor and anchor not in anchors(goal)):
            broken.append(f"{path}#{anchor}")

    assert broken == [], f"Links of {page.relative_to(ROOT)} lead nowhere"


def test_every_heading_that_a_test_names_is_there() -> None:
    titles = set(re.findall(r"(?m)^## (.*)$", (ROOT / "CONTRIBUTING.md").read_text("utf-8")))
    texts = [path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__)]
    named = {title for text in texts for found in HEADINGS.findall(text) for title in re.findall("“([^”]+)”", found)}

    assert named - titles == set(), "Tests send whoever made them fail to these headings of CONTRIBUTING.md"
    assert len(named) >= 9


def test_the_ways_through_the_code_name_each_file_once() -> None:
    """In docs/architecture.md: whoever follows one reads it from above to below."""
    _, *ways = (ROOT / "docs/architecture.md").read_text("utf-8").split("\n## ")

    counted = Counter(path for way in ways for path, _ in NAMED.findall(way))

    assert [way.partition(",")[0] for way in ways] == ["A request", "A follow-up", "A booking", "A move on the board"]
    assert [path for path, count in counted.items() if count > 1] == []
    assert len(counted) > 50
