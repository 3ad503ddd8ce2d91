"""A person's own copy of what we keep about them, in the language in force: crm/patient_portal/data_export.py says what
is in it."""

import json
from collections.abc import Iterator
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Field, Model
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as noop

from crm import registry
from crm.models import Lead, User
from crm.patient_portal.column_labels import NAMES
from crm.registry import PersonalData

ABOUT = noop("About this copy")
REMARKS = (
    noop("Codes are kept for other programs; what they mean stands beside them under “in_words”."),
    noop("What the columns are called in plain words stands under “names”."),
    noop("A file can be fetched at its “download” address while your private page is open in the same browser."),
    # docs/decisions/0034-notes-in-the-copy.md: it stands in every copy, so that it tells nobody who told us something.
    noop("What other people told us in confidence is not in any copy (45 CFR 164.524(a)(2)(v))."),
)


def export(lead: Lead) -> dict[str, list[dict[str, Any]]]:
    """Return {title: [{column: value}]} of everything registered about one person, oldest first."""
    about = {
        "made_at": timezone.now(),
        "language": get_language(),
        "remarks": [gettext(one) for one in REMARKS],
        "names": {name: gettext(words) for name, words in NAMES.items()},
    }
    found: dict[str, list[dict[str, Any]]] = {gettext(ABOUT): [about]}
    for entry in registry.personal_data_of_all():
        if entry.fields:
            found[gettext(entry.title)] = _rows(entry, lead)
    return found


def words_of(model: type[Model], name: str) -> dict[str, str]:
    """Return {code: words} of a column, in English; {} for one that holds no codes."""
    column = model._meta.get_field(name)
    holds = getattr(column, "base_field", column)
    listed = holds.flatchoices if isinstance(holds, Field) else ()
    return {str(code): str(label) for code, label in listed or registry.choices_of(name)}


def _rows(entry: PersonalData, lead: Lead) -> list[dict[str, Any]]:
    """Return the rows of one model. Those of one moment stand in the order of what they say, never of a random key."""
    related = [name for name in entry.fields if entry.model._meta.get_field(name).is_relation]
    rows = entry.model._default_manager.filter(entry.only, **{entry.path: lead.pk}).select_related(*related)
    told = [([getattr(row, name) for name in entry.order], _copy(entry, row)) for row in rows]
    told.sort(key=lambda one: (one[0], json.dumps(one[1], cls=DjangoJSONEncoder, sort_keys=True)))
    return [copy for _first, copy in told]


def _copy(entry: PersonalData, row: Model) -> dict[str, Any]:
    copy: dict[str, Any] = {name: _told(entry, name, getattr(row, name)) for name in entry.fields}
    if words := dict(_in_words(entry, row)):
        copy["in_words"] = words
    return copy | (entry.more(row) if entry.more else {})


def _told(entry: PersonalData, name: str, value: Any) -> Any:
    """Return a value as the copy tells it: a row by its words, a member of staff by their name."""
    if value is None and name in entry.nobody:
        return gettext(entry.nobody[name])
    if isinstance(value, User):
        return value.name
    return str(value) if isinstance(value, Model) else value


def _in_words(entry: PersonalData, row: Model) -> Iterator[tuple[str, Any]]:
    """Yield what the codes in a row mean, by column. A code that has left its list stays as it was stored."""
    for name in entry.fields:
        value, said = getattr(row, name), registry.words_for(name)
        words = words_of(entry.model, name)
        if not value or not (said or words):
            continue
        codes = [str(one) for one in (value if isinstance(value, list) else [value])]
        told = [said(code) if said else gettext(words[code]) if words.get(code) else code for code in codes]
        yield name, told if isinstance(value, list) else told[0]
