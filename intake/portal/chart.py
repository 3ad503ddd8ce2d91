"""A drawing of the ledger: where each bar, tick and point lies. templates/intake/portal/chart.html shows them.

The drawing is 360 units wide, which is about its width in pixels on a phone and beside a lead.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.utils.dateformat import format as date_format

from crm.enums.treatments import TreatmentGroup
from intake.rules.adequate_trials import Period, look_back
from intake.rules.care_history import CareRecord, months_before
from intake.rules.ledger import Ledger, LedgerLine

LEFT, RIGHT, TOP = 4, 352, 22
ROW = 34
PLOT, TALLEST = 78, 46
MOST_MONTHS = 36
TICKS = 4
COLOURS = {
    TreatmentGroup.ACTIVE: "#1f7a6d",
    TreatmentGroup.MEDICATION: "#3b6ea8",
    TreatmentGroup.INJECTION: "#9a5b13",
    TreatmentGroup.MANUAL: "#7a4d9a",
}


@dataclass(frozen=True)
class Bar:
    """`x` and `width`: the certain days (width 0: none); `wide_x`, `wide_width`: the most the dates allow."""

    name: str
    colour: str
    y: int
    x: float
    width: float
    wide_x: float
    wide_width: float
    counts: bool
    begins_before: bool


@dataclass(frozen=True)
class Chart:
    """`bottom`: where the bars end. `points`: (x, y, rating); without any the drawing ends there."""

    bars: list[Bar]
    ticks: list[tuple[float, str]]
    window_x: float
    bottom: int
    points: list[tuple[float, float, str]]

    @property
    def height(self) -> int:
        return self.floor + 14 if self.points else self.bottom + 4

    @property
    def floor(self) -> int:
        """Where a rating of 0 lies."""
        return self.bottom + PLOT

    @property
    def window_width(self) -> float:
        return round(RIGHT - self.window_x, 1)

    @property
    def window_height(self) -> int:
        return self.bottom - 16

    @property
    def line(self) -> str:
        """The points as an SVG polyline."""
        return " ".join(f"{x},{y}" for x, y, _rating in self.points)


def draw(ledger: Ledger, record: CareRecord, *, name_of: Callable[[LedgerLine], str]) -> Chart:
    """Draw the chart of a ledger, the pain ratings below. `name_of`: a treatment's name in the reader's language."""
    first = _first_day(ledger)
    total = max(1, (ledger.today - first).days)

    def x(day: date) -> float:
        """Return where a day lies; days before the drawing lie on its edge."""
        return round(LEFT + (RIGHT - LEFT) * max(0, min(total, (day - first).days)) / total, 1)

    bars = [_bar(line, name_of(line), TOP + number * ROW, first, x) for number, line in enumerate(ledger.lines)]
    bottom = TOP + len(bars) * ROW
    rated = {one.on: one.value for one in record.ratings if one.kind == "nrs" and one.on >= first}  # the day's last
    floor = bottom + PLOT
    return Chart(
        bars=bars,
        ticks=[(x(day), label) for day, label in _ticks(first, ledger.today) if x(day) < RIGHT - 40],
        window_x=x(look_back(ledger.today).first),
        bottom=bottom,
        points=[(x(day), round(floor - TALLEST * value / 10, 1), f"{value:g}") for day, value in rated.items()],
    )


def _first_day(ledger: Ledger) -> date:
    """Return where the drawing begins: the look-back, or treatments before it, but at most three years ago."""
    starts = [line.widest.first for line in ledger.lines if line.care.entry.start]
    return max(months_before(ledger.today, MOST_MONTHS), min([look_back(ledger.today).first, *starts]))


def _bar(line: LedgerLine, name: str, y: int, first: date, x: Callable[[date], float]) -> Bar:
    sure = line.certain if line.certain and line.certain.days else Period(first, first)
    width = max(3.0, round(x(sure.last) - x(sure.first), 1)) if line.certain and line.certain.days else 0
    return Bar(
        name=name,
        colour=COLOURS.get(line.care.entry.group, "#6b7280"),
        y=y,
        x=x(sure.first),
        width=width,
        wide_x=x(line.widest.first),
        wide_width=max(3.0, round(x(line.widest.last) - x(line.widest.first), 1)),
        counts=line.counts,
        begins_before=line.widest.first < first and line.care.entry.start is not None,
    )


def _ticks(first: date, today: date) -> list[tuple[date, str]]:
    """Return a few beginnings of months, evenly spread, in the reader's language."""
    months = [date(first.year + (first.month + n) // 12, (first.month + n) % 12 + 1, 1) for n in range(MOST_MONTHS + 2)]
    inside = [month for month in months if first <= month <= today]
    step = max(1, -(-len(inside) // TICKS))
    return [(month, date_format(month, "M Y")) for month in inside[::step]]
