"""A sequence as data: what begins it, its steps, what ends it. Staff edit copies; whatever is saved was read here.

docs/sequences.md explains each word to whoever edits one.
"""

import re
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError, model_validator

from crm.enums.leads import Event, Stage
from crm.errors import DomainError

_DELAY = re.compile(r"(\d{1,4})\s*([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
LONGEST = timedelta(days=730)
MOST_STEPS = 30

# Dates of a lead that a step may wait for instead of counting from the beginning.
DATES = ("recheck_on", "wake_up_on")


class SequenceRefused(DomainError):
    """A definition that cannot be carried out; the message says what to mend."""


class Purpose(StrEnum):
    """What a mail is for in law: an answer to what was asked, part of the relation, or advertising (16 CFR 316.3)."""

    TRANSACTIONAL = "transactional"
    RELATIONSHIP = "relationship"
    COMMERCIAL = "commercial"


class Do(StrEnum):
    MAIL = "mail"
    CALL = "call"
    TASK = "task"
    STAGE = "stage"
    FOLDED = "folded"  # made together with what began the sequence: nothing is left to do


class OnResume(StrEnum):
    """What becomes of steps that fell due during a pause. In no case is there a burst."""

    SKIP = "skip"
    SHIFT = "shift"
    ONCE = "once"  # the last of them only


def read_delay(value: Any) -> timedelta:
    """Read "30m", "2h", "3d" or "2w" as a timedelta. Raises ValueError that says how to write it."""
    if isinstance(value, timedelta):
        return value
    match = _DELAY.fullmatch(str(value).strip())
    if not match:
        raise ValueError("write a number and m, h, d or w, such as 2h, 3d or 2w")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def write_delay(delay: timedelta) -> str:
    """Write a delay as read_delay reads it, such as "3d", in the largest unit that divides it."""
    minutes = int(delay.total_seconds() // 60)
    for unit, size in (("w", 10080), ("d", 1440), ("h", 60)):
        if minutes and minutes % size == 0:
            return f"{minutes // size}{unit}"
    return f"{minutes}m"


Delay = Annotated[timedelta, BeforeValidator(read_delay), PlainSerializer(write_delay), Field(le=LONGEST)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Step(_Strict):
    """`key` names the step in every version of the sequence: what was done under it is not done again.

    `after` counts from the anchor; days and weeks keep the hour on the wall, across clock changes too. With `on`, the
    step waits for that date of the lead while one is set and lies ahead. `other_daypart`: not in the half of the day in
    which the sequence began. `text` is a mail (mail, and what a call replaces), `title` a task, `to` a stage.
    `purpose` is that of the sequence unless it says otherwise.
    """

    key: Name
    do: Do
    after: Delay = timedelta(0)
    on: Literal["", "recheck_on", "wake_up_on"] = ""
    other_daypart: bool = False
    text: str = ""
    title: Annotated[str, Field(max_length=100)] = ""
    to: Stage | Literal[""] = ""
    purpose: Purpose | None = None

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        needs = {Do.MAIL: "text", Do.CALL: "title", Do.TASK: "title", Do.STAGE: "to"}.get(self.do)
        if needs and not getattr(self, needs):
            raise ValueError(f"a step that does “{self.do}” needs “{needs}”")
        return self

    @property
    def in_words(self) -> str:
        words = {Do.MAIL: f"Mail “{self.text}”", Do.STAGE: f"Move to {Stage(self.to).label}" if self.to else ""}
        return words.get(self.do) or self.title or "With the request"

    @property
    def when_in_words(self) -> str:
        """Return when a step is due, such as "after 3d" or "on recheck day, else after 6w"."""
        if self.do == Do.FOLDED:
            return "at once"
        after = f"after {write_delay(self.after)}" if self.after else "at once"
        half = ", in the other half of the day" if self.other_daypart else ""
        return f"on {self.on.removesuffix('_on').replace('_', ' ')} day, else {after}" if self.on else f"{after}{half}"


class Definition(_Strict):
    """`trigger` and `when` (conditions, all of which must hold) begin it; any of `stops` ends it."""

    key: Name
    title: Annotated[str, Field(min_length=1, max_length=80)]
    purpose: Purpose
    trigger: Event
    when: tuple[Name, ...] = ()
    stops: tuple[Name, ...] = ()
    on_resume: OnResume = OnResume.ONCE
    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=MOST_STEPS)]

    @model_validator(mode="after")
    def _step_keys_once(self) -> Self:
        keys = [step.key for step in self.steps]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"two steps have the key {', '.join(twice)}")
        return self

    def purpose_of(self, step: Step) -> Purpose:
        return step.purpose or self.purpose

    def step(self, key: str) -> Step | None:
        return next((step for step in self.steps if step.key == key), None)

    @property
    def body(self) -> dict[str, Any]:
        """Return the definition as it is stored: JSON without what is not said."""
        return self.model_dump(mode="json", exclude_defaults=True)


def read(body: dict[str, Any], *, conditions: frozenset[str] | None = None) -> Definition:
    """Read a definition. Raises SequenceRefused with every mistake in words; `conditions` are the known names, None to
    accept any."""
    try:
        found = Definition.model_validate(body)
    except ValidationError as trouble:
        raise SequenceRefused("; ".join(_in_words(error) for error in trouble.errors())) from None
    unknown = sorted({*found.when, *found.stops} - conditions) if conditions is not None else []
    if unknown:
        raise SequenceRefused(f"Unknown conditions: {', '.join(unknown)}.")
    return found


def _in_words(error: Any) -> str:
    place = [str(part + 1) if isinstance(part, int) else str(part) for part in error["loc"]]
    text = str(error["msg"]).removeprefix("Value error, ")
    return f"{' '.join(place)}: {text}" if place else text
