"""Where hostile requests can go: every route, addresses of it that exist, and the forms that stand on its pages.

Found by walking through the site as it is, so that a new page or a new field is met without being listed.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.apps import apps
from django.contrib import admin
from django.db.models import Field
from django.urls import Resolver404, get_resolver, resolve
from django.urls.resolvers import URLPattern, URLResolver

PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
ADDRESSES_A_ROUTE, FORMS_A_ROUTE = 3, 6
ENTRANCES = ["/", "/candidate/", "/ask/", "/my/", "/admin/", "/es/"]


@dataclass(frozen=True)
class Form:
    """A form as a browser would send it: `fields` are names, values that were shown, and values that may be chosen."""

    address: str
    is_multipart: bool
    fields: list[tuple[str, str, list[str]]]


@dataclass
class Places:
    """`addresses` and `forms` by route; `lists` are changelists with the paths of their models' fields; `words` are the
    names that the product looks for in query strings."""

    routes: list[str] = field(default_factory=list)
    addresses: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    forms: dict[str, list[Form]] = field(default_factory=lambda: defaultdict(list))
    lists: dict[str, list[str]] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)


def everywhere(words: list[str]) -> Places:
    """All routes and lists, nothing looked at yet."""
    return Places(routes=sorted(set(_routes(get_resolver()))), lists=dict(_lists()), words=words)


def explore(places: Places, look: Callable[[str], str], *, more: list[str]) -> Places:
    """Walks from link to link. `look` gives the page at an address, "" where there is none; `more` are addresses that
    no link leads to."""
    waiting, seen = [*ENTRANCES, *places.lists, *_without_parameters(places.routes), *more], set[str]()
    while waiting:
        path = waiting.pop(0)
        route = _route_of(path)
        bare = urlsplit(path).path
        if not route or bare in seen or len(places.addresses[route]) >= ADDRESSES_A_ROUTE:
            continue
        seen.add(bare)
        places.addresses[route].append(bare)
        page = _Page(bare)
        page.feed(look(bare))
        waiting += page.links
        for form in page.forms:
            _keep(places, form)
    return places


def _keep(places: Places, form: Form) -> None:
    kept = places.forms[_route_of(form.address)]
    names = [name for name, *_ in form.fields]
    alike = [one for one in kept if [name for name, *_ in one.fields] == names]
    if len(kept) < FORMS_A_ROUTE and len(alike) < ADDRESSES_A_ROUTE:
        kept.append(form)


def _route_of(path: str) -> str:
    try:
        return resolve(urlsplit(path).path).route
    except Resolver404:
        return ""


def _routes(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route
        else:
            yield from _routes(entry, route)


def _without_parameters(routes: list[str]) -> list[str]:
    return [f"/{route}" for route in routes if not PARAMETER.search(route) and "(" not in route]


def _lists() -> Iterator[tuple[str, list[str]]]:
    """Each changelist with the paths that a look-up may name: fields, and fields of what they lead to."""
    for model in admin.site._registry:
        meta = model._meta
        yield f"/admin/{meta.app_label}/{meta.model_name}/", list(_paths(model))


def _paths(model: type, depth: int = 2) -> Iterator[str]:
    for one in apps.get_model(model._meta.label)._meta.get_fields():  # type: ignore[attr-defined]  # a model's class
        yield one.name
        if depth > 1 and one.is_relation and one.related_model and isinstance(one, Field):
            yield from (f"{one.name}__{name}" for name in _paths(one.related_model, depth - 1))


class _Page(HTMLParser):
    """The links and forms of a page, those of htmx too."""

    LINKS = ("href", "action", "src", "hx-get", "hx-post", "hx-put", "hx-delete", "data-url")

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = address
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._choosing: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        own = [urljoin(self._address, given[name]) for name in self.LINKS if given.get(name)]
        self.links += [link for link in own if link.startswith("/")]
        if tag == "form":
            target = given.get("hx-post") or given.get("action") or self._address
            is_multipart = "multipart" in given.get("enctype", given.get("hx-encoding", ""))
            self.forms.append(Form(urlsplit(urljoin(self._address, target)).path, is_multipart, []))
        elif tag in {"input", "textarea", "select", "button"} and given.get("name") and self.forms:
            self._choosing = []
            self.forms[-1].fields.append((given["name"], given.get("value", ""), self._choosing))
        elif tag == "option" and self._choosing is not None:
            self._choosing.append(given.get("value", ""))
