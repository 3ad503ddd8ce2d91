"""Hostile requests, each made from a seed and its number alone: the same two make the same request again.

Most look like what a browser sends, with one thing wrong: what is nonsense throughout is refused at the door and tests
nothing behind it.
"""

import random
import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

from tests.faults.fuzz.hooks import hook
from tests.faults.fuzz.places import PARAMETER, Form, Places
from tests.faults.fuzz.values import (
    HEADERS,
    NEWCOMER,
    PATIENT,
    ROLES,
    STAFF,
    STRANGER,
    TYPES,
    Request,
    any_of,
    multipart,
    odd,
    odd_json,
    odd_text,
    quoted,
)

METHODS = ["GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "PURGE", "get", "X-Y"]
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
LOOKUPS = """exact iexact contains icontains startswith endswith in gt gte lt lte range isnull regex iregex year
iso_year month day week week_day quarter time hour minute date search trigram_similar unaccent len 0 0_1
contained_by has_key has_keys overlap id pk""".split()
PARAMETERS_OF_LISTS = "q p o e all page _to_field _popup _facets _changelist_filters ordering e_ page_size".split()
NUMBERS_OF_FORMS = ["99999999999999999999", "-1", "1001", "1000", "20", "0", "", "x", "1e9", "1_0", "٣", "\x00", " 1 "]
Maker = Callable[[random.Random, Places], "Request"]


def make(seed: int, number: int, places: Places) -> Request:
    """The request of that number."""
    chance = random.Random(f"{seed} {number}")  # noqa: S311 - a rehearsal, not a secret
    request: Request = chance.choices(list(MAKERS), weights=list(MAKERS.values()))[0](chance, places)
    if chance.random() < 0.25:
        more = [(name, any_of(chance, values)) for name, values in chance.sample(sorted(HEADERS.items()), 2)]
        request = replace(request, headers=[*request.headers, *more])
    if chance.random() < 0.06:
        request = replace(request, method=chance.choice(METHODS))
    return request


# --- Addresses -------------------------------------------------------------------------------------------------------


def _address(chance: random.Random, places: Places) -> str:
    """One that exists, mostly; or its pattern with something else in place of what it asks for."""
    route = chance.choice(places.routes)
    known = places.addresses.get(route)
    if known and chance.random() < 0.7:
        path = chance.choice(known)
    else:
        path = "/" + PARAMETER.sub(lambda found: _parameter(chance, found[1] or "str", places), route)
        path = re.sub(r"\^|\$|\(\?P<app_label>.*?\)|\(\?P<url>.*?\)", lambda _: quoted(odd(chance)), path)
    if chance.random() < 0.1 and not path.startswith("/admin"):
        path = "/es" + path
    return path


def _parameter(chance: random.Random, kind: str, places: Places) -> str:
    if kind == "uuid" and chance.random() < 0.8:
        every = " ".join(path for paths in places.addresses.values() for path in paths)
        known: list[str] = UUID.findall(every)
        return chance.choice([*known, str(uuid.UUID(int=0)), str(uuid.UUID(int=2**128 - 1))])
    if kind == "slug" and chance.random() < 0.5:
        return chance.choice(
            ["mailgun", "postmark", "resend", "pain", "x", "-", "_", "treatments", "es", "en", "letter"]
        )
    return quoted(odd(chance)[:1500])


def _with_query(chance: random.Random, path: str, names: list[str]) -> str:
    pairs = []
    for _ in range(chance.choice([0, 1, 1, 2, 3, 40])):
        name = chance.choice(names) if chance.random() < 0.9 else odd_text(chance)[:200]
        pairs.append(f"{quoted(name)}={quoted(odd(chance)[:3000])}")
    if chance.random() < 0.05:
        pairs.append(chance.choice(["%", "%zz", "&&==&", "a[b][c]=1", "x" * 4000, "%00", "=", ";a=b", "%u0041=%ud800"]))
    return f"{path}?{'&'.join(pairs)}" if pairs else path


# --- Kinds of requests -----------------------------------------------------------------------------------------------


def _look(chance: random.Random, places: Places) -> Request:
    """Any page, with what it asks for in its query."""
    path = _address(chance, places)
    return Request("GET", _with_query(chance, path, places.words), who=_somebody(chance, path))


def _list(chance: random.Random, places: Places) -> Request:
    """A list of the desk with look-ups, its search, its order and its pages."""
    path = chance.choice(sorted(places.lists))
    pairs = []
    for _ in range(chance.choice([1, 1, 1, 2, 4])):
        name = chance.choice(PARAMETERS_OF_LISTS)
        if chance.random() < 0.75:
            steps = [chance.choice(places.lists[path]), *chance.choices(LOOKUPS, k=chance.choice([0, 1, 1, 1, 2]))]
            name = "__".join(steps)
        pairs.append(f"{quoted(name)}={quoted(odd(chance)[:3000])}")
    target = f"{path}?{'&'.join(pairs)}"
    if chance.random() < 0.1:
        app, model = path.strip("/").split("/")[1:3]
        about = f"app_label={app}&model_name={model}&field_name={quoted(chance.choice(places.lists[path]))}"
        target = f"/admin/autocomplete/?{about}&term={quoted(odd(chance)[:900])}&page={quoted(odd(chance)[:40])}"
    return Request("GET", target, who=_somebody(chance, target))


def _form(chance: random.Random, places: Places) -> Request:
    """A form of some page, filled in as it was shown but for one field, a few or all of them."""
    route = chance.choice(sorted(route for route, forms in places.forms.items() if forms))
    form = chance.choice(places.forms[route])
    share = chance.choice([0.0, 0.05, 0.2, 1.0])
    pairs: list[tuple[str, bytes]] = []
    for name, shown, choices in form.fields:
        value = chance.choice([shown, *choices]).encode()
        if name.endswith(("_FORMS", "_forms")):
            value = chance.choice(NUMBERS_OF_FORMS).encode() if chance.random() < 0.3 else shown.encode()
        elif chance.random() < share:
            value = odd(chance)
        pairs += [(name, value)] * chance.choices([1, 0, 2, 60], weights=[90, 5, 4, 1])[0]
    if pairs and not share:
        place = chance.randrange(len(pairs))
        pairs[place] = (pairs[place][0], odd(chance))
    return _posted(chance, form, pairs)


def _posted(chance: random.Random, form: Form, pairs: list[tuple[str, bytes]]) -> Request:
    if form.is_multipart or chance.random() < 0.15:
        kind, body = multipart(chance, pairs)
    else:
        kind = "application/x-www-form-urlencoded"
        body = "&".join(f"{quoted(name)}={quoted(value)}" for name, value in pairs).encode()
    headers = [("Content-Type", kind), *([("HX-Request", "true")] if chance.random() < 0.2 else [])]
    return Request("POST", quote(form.address, safe="/%"), headers, body, _somebody(chance, form.address))


def _body(chance: random.Random, places: Places) -> Request:
    """Any address, any method, any content."""
    kind = chance.choice(TYPES)
    body = chance.choice([odd_json(chance), odd(chance), chance.randbytes(chance.choice([0, 1, 300, 70_000]))])
    path = _address(chance, places)
    target, who = _with_query(chance, path, places.words), _somebody(chance, path)
    return Request(chance.choice(METHODS), target, [("Content-Type", kind)], body, who)


def _path(chance: random.Random, places: Places) -> Request:
    """An address that a browser would not send."""
    path = _address(chance, places)
    paths = [
        path + "//",
        "/" + path,
        path.rstrip("/"),
        path + "%00",
        path + "/../../etc/passwd",
        path.replace("/", "%2f"),
        path + "%ff",
        path + quoted(odd(chance)[:1500]),
        path.upper(),
        path + ";x=1",
        path + "%0d%0aX:%20y",
        path + ".php",
        "/" + quoted(odd(chance)[:1500]),
        "/static/" + quoted(odd(chance)[:1500]),
        "/static/../crm/settings.py",
        "/media/" + quoted(odd(chance)[:1500]),
        "/%c0%ae%c0%ae/",
        "/" + "a/" * 900,
        "/es" * 50 + "/",
        "/u/" + quoted(odd(chance)[:900]) + "/",
    ]
    return Request("GET", chance.choice(paths), who=_somebody(chance, path))


def _upload(chance: random.Random, places: Places) -> Request:
    """A piece of a document that never was, or does not fit."""
    every = [path for paths in places.addresses.values() for path in paths if "upload" in path]
    start = chance.choice(every or ["/my/documents/uploads/"])
    path = start + (f"{uuid.UUID(int=chance.getrandbits(128))}/" if chance.random() < 0.5 else "")
    headers = [("Upload-Offset", any_of(chance, HEADERS["Upload-Offset"]))]
    body = chance.randbytes(chance.choice([0, 1, 500, 5_000]))
    return Request(chance.choice(["PUT", "POST", "GET"]), path, headers, body, chance.choice([PATIENT, "superuser"]))


def _somebody(chance: random.Random, path: str) -> str:
    """Mostly whoever gets somewhere there."""
    if chance.random() < 0.06:
        return chance.choice([STRANGER, PATIENT, NEWCOMER, *STAFF])
    if path.startswith("/admin/"):
        return chance.choices(STAFF, weights=[*[2] * len(ROLES), 1, 12])[0]
    return chance.choices([STRANGER, PATIENT, NEWCOMER], weights=[4, 8, 1] if "/my/" in path else [9, 3, 1])[0]


MAKERS: dict[Maker, int] = {_look: 24, _list: 18, _form: 32, _body: 10, hook: 8, _path: 6, _upload: 2}
