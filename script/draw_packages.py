"""Draw the packages of each app and what they import of each other, for docs/architecture.md: script/draw

One box an app, one row a depth: a package stands above everything that it imports. Of two ways from one package to
another only the longer one is drawn, and of one app no line leads into another: both upper apps import crm.
"""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from html import escape
from itertools import pairwise
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docs" / "images" / "packages.svg"
STALE = "docs/images/packages.svg does not show what the code imports. Draw it anew: script/draw"
APPS = ("intake", "crm", "scheduling")  # from left to right
OF_DJANGO = {"management", "migrations", "templatetags"}  # in every app, above everything else

# In pixels: a package, the space between two, and around all.
WIDE, HIGH, BESIDE, BELOW, MARGIN = 112, 28, 12, 34, 18
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2933; text-anchor: middle; dominant-baseline: central; }
text.app { font-weight: 600; }
rect { fill: #ffffff; stroke: #7b8794; rx: 6px; }
rect.app { fill: #f5f7fa; stroke: #cbd2d9; rx: 10px; }
path { fill: none; stroke: #9aa5b1; }
path.app { stroke: #52606d; stroke-width: 2; }
marker path { fill: #52606d; stroke: none; }
@media (prefers-color-scheme: dark) {
text { fill: #e4e7eb; } rect { fill: #323f4b; stroke: #7b8794; } rect.app { fill: #1f2933; stroke: #52606d; }
path { stroke: #7b8794; } path.app { stroke: #cbd2d9; } marker path { fill: #cbd2d9; } }
"""


@dataclass(frozen=True)
class App:
    """The packages of one app. `imports`: {package: those of the same app that it imports}; no two import each other,
    however far around, which import-linter holds."""

    name: str
    imports: dict[str, frozenset[str]]

    @cached_property
    def depths(self) -> dict[str, int]:
        """Return how many packages stand below each, in the longest way down."""
        found: dict[str, int] = {}
        while len(found) < len(self.imports):
            ready = [one for one, below in self.imports.items() if one not in found and below <= found.keys()]
            found |= {one: 1 + max((found[low] for low in self.imports[one]), default=-1) for one in ready}
        return found

    @cached_property
    def lines(self) -> dict[str, frozenset[str]]:
        """Return the imports without those to which a longer way leads as well."""
        return {
            one: frozenset(low for low in below if not any(low in self._below(other) for other in below))
            for one, below in self.imports.items()
        }

    def _below(self, package: str) -> frozenset[str]:
        below = self.imports[package]
        return below.union(*(self._below(low) for low in below))

    @cached_property
    def rows(self) -> list[list[str]]:
        """Return the packages, the highest row first; in a row as they lie below what imports them, then by name."""
        rows = [
            sorted(one for one, depth in self.depths.items() if depth == wanted)
            for wanted in range(max(self.depths.values()), -1, -1)
        ]
        places = {one: _place(row, one) for row in rows for one in row}
        for row in rows:
            row.sort(key=lambda one: (self._middle_above(one, places), one))
            places |= {one: _place(row, one) for one in row}
        return rows

    def _middle_above(self, package: str, places: dict[str, float]) -> float:
        above = [places[one] for one, below in self.lines.items() if package in below]
        return sum(above) / len(above) if above else 0.0

    @property
    def width(self) -> int:
        most = max(map(len, self.rows))
        return most * WIDE + (most - 1) * BESIDE + 2 * MARGIN

    @property
    def height(self) -> int:
        return len(self.rows) * (HIGH + BELOW) + 2 * MARGIN

    def corners(self) -> dict[str, tuple[float, float]]:
        """Return where the upper left corner of each package lies, from that of the app's box."""
        found = {}
        for number, row in enumerate(self.rows):
            begin = (self.width - len(row) * WIDE - (len(row) - 1) * BESIDE) / 2
            for place, one in enumerate(row):
                found[one] = (begin + place * (WIDE + BESIDE), float(MARGIN + BELOW + number * (HIGH + BELOW)))
        return found


def _place(row: list[str], package: str) -> float:
    """Return how far from the middle of its row a package is, from -1 to 1."""
    return (row.index(package) * 2 + 1 - len(row)) / len(row)


def read_apps() -> list[App]:
    """Return the apps as the code has them now."""
    graph = grimp.build_graph(*APPS, cache_dir=None)
    return [_app(name, graph) for name in APPS]


def _app(name: str, graph: grimp.ImportGraph) -> App:
    children = sorted(graph.find_children(name))
    packages = [one for one in children if graph.find_children(one) and one.partition(".")[2] not in OF_DJANGO]
    imports = {
        one: frozenset(
            other
            for other in packages
            if other != one and graph.direct_import_exists(importer=one, imported=other, as_packages=True)
        )
        for one in packages
    }
    return App(name, imports)


def picture(apps: list[App]) -> str:
    """Return the whole picture as SVG."""
    height = max(app.height for app in apps)
    lefts = [0]
    for app in apps:
        lefts.append(lefts[-1] + app.width + 3 * MARGIN)
    width = lefts[-1] - 3 * MARGIN
    places = [(app, left, (height - app.height) // 2) for app, left in zip(apps, lefts, strict=False)]
    boxes = [line for app, left, top in places for line in _box(app, left, top)]
    between = [_arrow(apps, lefts, height, left, right) for left, right in pairwise(range(len(apps)))]
    said = "; ".join(f"{app.name}: {len(app.imports)} packages" for app in apps)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 -2 {width + 4} {height + 4}" role="img">'
    marker = (
        '<marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto-start-reverse"><path d="M0 0L8 4L0 8z"/></marker>'
    )
    body = [head, f"<title>{said}</title>", f"<style>{STYLE}</style>", f"<defs>{marker}</defs>", *boxes, *between]
    return "\n".join([*body, "</svg>", ""])


def _box(app: App, left: int, top: int) -> Iterable[str]:
    yield f'<rect class="app" x="{left}" y="{top}" width="{app.width}" height="{app.height}"/>'
    yield f'<text class="app" x="{left + app.width / 2:g}" y="{top + MARGIN + 4}">{escape(app.name)}</text>'
    at = {one: (left + x, top + y) for one, (x, y) in app.corners().items()}
    for one, begin in at.items():
        yield from (_line(begin, at[low]) for low in sorted(app.lines[one]))
    for one, (x, y) in at.items():
        yield f'<rect x="{x:g}" y="{y:g}" width="{WIDE}" height="{HIGH}"/>'
        short = escape(one.partition(".")[2])
        yield f'<text x="{x + WIDE / 2:g}" y="{y + HIGH / 2:g}">{short}</text>'


def _line(begin: tuple[float, float], end: tuple[float, float]) -> str:
    (x, y), (to_x, to_y) = (begin[0] + WIDE / 2, begin[1] + HIGH), (end[0] + WIDE / 2, end[1])
    bend = BELOW * 0.6
    return f'<path d="M{x:g} {y:g}C{x:g} {y + bend:g} {to_x:g} {to_y - bend:g} {to_x:g} {to_y:g}"/>'


def _arrow(apps: list[App], lefts: list[int], height: int, left: int, right: int) -> str:
    """Draw an arrow from an upper app to crm beside it."""
    begin, end = lefts[left] + apps[left].width + 4, lefts[right] - 4
    if apps[left].name == "crm":
        begin, end = end, begin
    return f'<path class="app" marker-end="url(#end)" d="M{begin} {height / 2:g}H{end}"/>'


def main() -> None:
    """Write the picture; with --check write nothing, and end with 1 when it is stale."""
    wanted = picture(read_apps())
    if "--check" not in sys.argv:
        FILE.write_text(wanted, "utf-8")
    elif not FILE.exists() or FILE.read_text("utf-8") != wanted:
        sys.exit(STALE)


if __name__ == "__main__":
    main()
