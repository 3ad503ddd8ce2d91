"""Codes, forms and mails in words that only an upper app knows."""

from collections.abc import Callable, Iterable

from crm.models import Message

Reader = Callable[[str, list[str]], tuple[str, str] | None]
_writers: dict[str, Callable[[Message], None]] = {}
_choices: dict[str, list[tuple[str, str]]] = {}
_words: dict[str, Callable[[str], str]] = {}
_readers: list[Reader] = []


def writer(name: str, write: Callable[[Message], None]) -> None:
    """Have the mails of this name written when they leave, whatever they said when they were planned: `write` fills in
    subject, text and HTML, and saves nothing."""
    _writers[name] = write


def writer_of(name: str) -> Callable[[Message], None] | None:
    return _writers.get(name)


def choices(name: str, values: Iterable[tuple[str, str]]) -> None:
    """Register which values a column takes that only an upper app knows, such as how_heard."""
    _choices[name] = list(values)


def choices_of(name: str) -> list[tuple[str, str]]:
    return _choices.get(name, [])


def words(name: str, in_words: Callable[[str], str]) -> None:
    """Register how the codes of a column are read that only an upper app knows, in the language in force."""
    _words[name] = in_words


def words_for(name: str) -> Callable[[str], str] | None:
    return _words.get(name)


def reader(read: Reader) -> None:
    """Have what a form of the private page sent said in words, where it comes back unstored. `read` takes the name of a
    field and what was sent in it, and returns question and answer, or None for a field that it does not know."""
    _readers.append(read)


def in_words(name: str, values: list[str]) -> tuple[str, str] | None:
    """Return question and answer of a field that was sent; None for one that nobody has typed in."""
    return next((found for read in _readers if (found := read(name, values))), None)
