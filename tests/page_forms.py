"""A page's form as a browser would send it back without a touch."""

from html.parser import HTMLParser


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, list[str]]] = []
        self._select: str | None = None
        self._chosen: list[str] = []
        self._first: str | None = None
        self._text: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append({})
        elif tag == "input":
            self._input(given)
        elif tag == "select":
            self._select, self._chosen, self._first = given.get("name"), [], None
        elif tag == "option" and self._select:
            self._first = given.get("value", "") if self._first is None else self._first
            if "selected" in given:
                self._chosen.append(given.get("value", ""))
        elif tag == "textarea":
            self._text = (given["name"], [])

    def _input(self, given: dict[str, str]) -> None:
        kind, name = given.get("type", "text"), given.get("name", "")
        if name and (kind not in {"checkbox", "radio", "submit"} or (kind != "submit" and "checked" in given)):
            self._put(name, given.get("value", "on" if kind == "checkbox" else ""))

    def _put(self, name: str, value: str) -> None:
        if self.forms:
            self.forms[-1].setdefault(name, []).append(value)

    def handle_data(self, data: str) -> None:
        if self._text:
            self._text[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._text:
            self._put(self._text[0], "".join(self._text[1]).removeprefix("\n"))
            self._text = None
        elif tag == "select" and self._select:
            chosen = self._chosen or ([self._first] if self._first is not None else [])
            for value in chosen:
                self._put(self._select, value)
            self._select = None


def as_sent(page: str, *, having: str) -> dict[str, list[str]]:
    """Return what the form with a field of this name would send if somebody only pressed its button."""
    reader = _Forms()
    reader.feed(page)
    return next(form for form in reader.forms if having in form)
