"""Every address of the desk, from the resolver: what is added is walked, and wanted in the table, by itself."""

import re
from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.urls import URLPattern, URLResolver

from tests.walk.world import Place

BASE = "/admin/"
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
# What stands in the address of one list is the row of that list.
_OF_A_LIST = {"object_id", "pk", "id"}
# Beside the address alone: other ways to ask for it, with headers.
VARIANTS: dict[str, list[tuple[str, dict[str, str]]]] = {
    "": [("", {"HX-Request": "true"}), ("?whose=all", {})],
    "board/": [("?stage=new", {"HX-Request": "true"}), ("?q=zq", {}), ("?q=%28212%29+555", {})],
    "bell/": [("", {"HX-Request": "true"})],
    "search/": [("?s=zq", {}), ("?s=zq&extended=1", {}), ("?s=zq", {"HX-Request": "true"})],
    "autocomplete/": [("?app_label=crm&model_name=oncallshift&field_name=user&term=zq", {})],
    "calendar/": [("?view=week", {}), ("?by=room", {}), ("?location={other}", {})],
    "front-desk/": [("", {"HX-Request": "true"}), ("?location={other}", {})],
    "crm/lead/<uuid:lead_id>/change/": [("?panels=all", {}), ("?show=mail", {})],
    "crm/lead/<uuid:lead_id>/details/": [("?panels=all", {})],
    "crm/lead/<uuid:lead_id>/packet/print/": [("?as=pdf", {})],
    "crm/lead/<uuid:lead_id>/summary/": [("?as=pdf", {})],
    "crm/lead/<uuid:lead_id>/imaging/<uuid:study_id>/print/<str:which>/": [("?as=pdf", {})],
    "crm/sequenceversion/<uuid:pk>/": [("?for={reference}", {}), ("?for={other_reference}", {})],
    "crm/task/": [("?state=all", {})],
    "crm/user/": [("?q=zq", {})],
    "crm/accessevent/": [("?q={lead}", {}), ("?q={other_lead}", {})],
    "intake/question/": [("?state=all", {})],
}
LIST_VARIANTS: list[tuple[str, dict[str, str]]] = [
    ("?q=zq", {}),
    ("?location__id__exact={other}", {}),
    ("?lead__location__id__exact={other}", {}),
]
# Sent to every address: what forms and buttons of any of them take. None of it is right for all.
BODY = {
    **dict.fromkeys(["note", "reason", "text", "call-note", "note-text", "name", "title", "subject", "body"], "Hello"),
    **{"what": "drop", "until": "hour", "to": "arrived", "move-to": "contacting", "move-expected_stage": "new"},
    **{"call-outcome": "reached", "decision": "suitable", "outcome": "SELF_CARE", "release": "1", "step": "outcome"},
    **{"first_name": "New", "last_name": "Name", "email": "new@example.org", "phone": "(212) 555-0199"},
}


def all_of_them() -> list[str]:
    """The patterns below /admin/, each once, in order."""
    return sorted(set(_walk(admin.site.get_urls(), "")))


def _walk(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[str]:
    for found in patterns:
        here = before + str(found.pattern)
        if isinstance(found, URLResolver):
            yield from _walk(found.url_patterns, here)
        else:
            yield here


def address(pattern: str, place: Place) -> str:
    """Filled in with what is of a place."""
    if pattern.startswith("^"):
        return f"{BASE}{place.ids['app_label']}/"
    if pattern.startswith("(?P<url>"):
        return f"{BASE}{place.ids['url']}"
    return BASE + _PARAMETER.sub(lambda found: str(_value(found[1], pattern, place.ids)), pattern)


def _value(name: str, pattern: str, ids: dict[str, Any]) -> Any:
    room = "/".join(pattern.split("/")[:2])
    return ids[room] if name in _OF_A_LIST and room in ids else ids[name]


def mixed(pattern: str, here: Place, there: Place) -> str | None:
    """The lead of one place and something of the other's; None where an address names no two things."""
    if not pattern.startswith("crm/lead/<uuid:lead_id>/"):
        return None
    both = Place(here.name, here.location, there.ids | {"lead_id": here.ids["lead_id"]})
    made = address(pattern, both)
    return made if made not in {address(pattern, here), address(pattern, there)} else None


def variants(pattern: str, here: Place, there: Place, *, of_lists: bool) -> list[tuple[str, dict[str, str]]]:
    """("?query", headers) beside none of either; `of_lists`: with the filters that lists have in common."""
    is_list = pattern.count("/") == 2 and pattern.split("/", maxsplit=1)[0] in {"crm", "intake", "scheduling"}
    words = {"other": there.location.pk, "lead": here.ids["lead_id"], "other_lead": there.ids["lead_id"]}
    words |= {"reference": here.strings[0], "other_reference": there.strings[0]}
    found = [*VARIANTS.get(pattern, []), *(LIST_VARIANTS if is_list and of_lists else [])]
    return [(query.format(**words), headers) for query, headers in found]
