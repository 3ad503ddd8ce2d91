"""Which models hold something about a person, and what of it goes into the person's own copy."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.utils.translation import gettext_noop as noop

STAFF = "Who of our staff did it."
HANDLING = "How we handle it; it says nothing about you."
REPEATED = "It repeats what is in the copy already."
KEY = "A key, or the number of a row."
YOU = noop("You")  # who it was, where no member of staff is named
EVERY_ROW = models.Q()
More = Callable[[Any], dict[str, Any]]  # of one row of the model


@dataclass(frozen=True)
class PersonalData:
    """A model that holds something about a person. `fields` go into the person's copy; without any, `why_not` says
    why nothing does. `order` are the columns that say what came first. `left_out` are the columns of the model that are
    not in the copy, by why."""

    model: type[models.Model]
    path: str
    title: str
    fields: tuple[str, ...]
    order: tuple[str, ...]
    why_not: str
    left_out: dict[str, tuple[str, ...]]
    only: models.Q
    nobody: dict[str, str]
    more: "More | None"


_personal_data: list[PersonalData] = []


def personal_data(
    model: type[models.Model],
    *,
    path: str,
    title: str = "",
    fields: str = "",
    order: str = "",
    why_not: str = "",
    left_out: dict[str, str] | None = None,
    only: models.Q = EVERY_ROW,
    nobody: dict[str, str] | None = None,
    more: More | None = None,
) -> None:
    """Register how a model reaches its Lead (`path`, a lookup), and which fields (names between blanks) belong into the
    copy that the person may ask for, oldest first by `order`; `left_out` are the others, {why: names between blanks},
    and `only` leaves rows out. `nobody` says whom a column means that names no member of staff; `more` adds what no
    column holds, in the language in force. The key of a row and the column that leads to the person go without saying.
    tests/crm/patient_portal/test_personal_data.py finds models and columns that are missing here."""
    others = {why: tuple(names.split()) for why, names in (left_out or {}).items()}
    told, first = tuple(fields.split()), tuple(order.split())
    _personal_data.append(PersonalData(model, path, title, told, first, why_not, others, only, nobody or {}, more))


def personal_data_of_all() -> list[PersonalData]:
    return list(_personal_data)
