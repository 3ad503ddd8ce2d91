"""A table that somebody brings in as a file (CSV), however a spreadsheet has written it."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO

_BEGINNINGS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_SEPARATORS = ",;\t|"
_NAMED = re.compile(r'"?sep=([^"\r\n])"?[ \t]*[\r\n]+', re.IGNORECASE)
_NEVER_CLOSED = (
    'A quotation mark (") is opened in it and closed in another row, or never: the rows in between were not read. '
    "Take it out and try again."
)


class NoTable(ValueError):
    """The file is no table with these columns. The text says what is missing."""


@dataclass(frozen=True)
class TableRow:
    """One row below the head: its number (the head is 1) and its cells by column. `wrong`: why nobody can go by it."""

    number: int
    cells: dict[str, str]
    wrong: str = ""


def lines_of(body: bytes, columns: list[str]) -> Iterator[TableRow]:
    """Yield the rows of a table with these columns (in any order, upper or lower case, others beside them).

    Text in UTF-8, UTF-16, or as Windows writes it (cp1252); separated by commas, semicolons, tabs or bars. Empty rows
    are left out. Raises NoTable.
    """
    rows = _rows(_text(body), columns)
    heads = [name.strip().lower() for name in next(rows, [])]
    if missing := [name for name in columns if name not in heads]:
        raise NoTable(f"The first line must name the columns {', '.join(columns)}. Missing: {', '.join(missing)}.")
    number = 1
    try:
        for number, row in enumerate(rows, start=2):
            if any(cell.strip() for cell in row):
                cells = dict(zip(heads, (cell.strip() for cell in row), strict=False))
                needed = {name: cells.get(name, "") for name in columns}
                yield TableRow(number, needed, _what_is_wrong(row, needed))
    except csv.Error:  # a cell that is longer than any may be
        yield TableRow(number + 1, {}, _NEVER_CLOSED)


def _text(body: bytes) -> str:
    for begin, encoding in _BEGINNINGS.items():
        if body.startswith(begin):
            return body.decode(encoding, "replace")
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _rows(text: str, columns: list[str]) -> Iterator[list[str]]:
    """Split by the separator with which the head names most of the columns, first by the one that a line before it
    tells to Excel, which shows no such line and does not count it."""
    table = text.lstrip("\r\n")
    named = _NAMED.match(table)
    table = table[named.end() :] if named else table
    first = table.partition("\n")[0].lower()
    signs = named[1] + _SEPARATORS if named else _SEPARATORS
    by = max(signs, key=lambda sign: len({cell.strip(' "\r') for cell in first.split(sign)} & set(columns)))
    return csv.reader(StringIO(table, newline=""), delimiter=by)


def _what_is_wrong(row: list[str], needed: dict[str, str]) -> str:
    whole = "".join(row)
    if any("\n" in cell or "\r" in cell for cell in needed.values()):
        return _NEVER_CLOSED
    if "\N{REPLACEMENT CHARACTER}" in whole:
        return "It has letters that cannot be read. Save the file as CSV UTF-8 and try again."
    if any(ord(sign) < 32 and sign not in "\r\n\t" for sign in whole):
        return "It has a sign that nobody sees, such as a null character. Type this row anew."
    return ""
