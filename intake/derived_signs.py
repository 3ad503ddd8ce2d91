"""Which warning signs answers tell: those ticked in a list of signs, and those that other questions tell with them.

Pages are heard in the order in which they were sent. What a question tells counts from then on, beats "none of these"
of the same page and of before, and gives way only to a later answer to that very sign or to its own question.
docs/decisions/0030-heard-in-every-place.md tells why.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from intake.questionnaire import EMERGENCY_SIGNS, NONE, REVIEW_SIGNS
from intake.questionnaire.red_flags import ASKED_AS_SIGNS, EMERGENCY_QUESTIONS, SIGN_RULES, Part, SignRule

SURE, NOT_SURE = "yes", "unsure"
_HASTE = ("", "no", "declined", NOT_SURE, SURE)
_LISTED = dict(zip(ASKED_AS_SIGNS, (dict(EMERGENCY_SIGNS), dict(REVIEW_SIGNS)), strict=True))


class Heard:
    """The signs of one record, page after page."""

    def __init__(self) -> None:
        self._ticked: dict[str, list[str]] = {}
        self._told: dict[SignRule, str] = {}
        self._shown: dict[str, Any] = {}  # what a page is filled in with, and says again when it is sent

    def hear(self, page: Mapping[str, Any]) -> None:
        """Take in the answers of one page."""
        for name in ASKED_AS_SIGNS:
            if page.get(name):
                self._ticked[name] = list(page[name])
                self._give_way(name)
        answered = {name for name, value in page.items() if values(value)}
        self._told |= _told({**self._shown, **page}, asked=answered)
        self._shown |= {name: value for name, value in page.items() if name not in EMERGENCY_QUESTIONS}
        for rule in [rule for rule in self._told if any(_denies(page, part) for part in rule.parts)]:
            del self._told[rule]

    @property
    def signs(self) -> dict[str, str]:
        """{"A1": "yes", "B2": "unsure", "A4": "declined"}."""
        found = ticked(box for boxes in self._ticked.values() for box in boxes)
        for sign, told in _as_signs(self._told):
            found[sign] = max(found.get(sign, ""), told, key=_HASTE.index)
        return found

    def _give_way(self, name: str) -> None:
        """Only to an answer about this very sign: its own box, or "none of these"."""
        boxes = self._ticked[name]
        codes = set(_LISTED[name]) if boxes == [NONE] else {box.rpartition("_")[2] for box in boxes}
        self._told = {rule: sure for rule, sure in self._told.items() if rule.sign not in codes}


def of_page(page: Mapping[str, Any]) -> dict[str, str]:
    """Return what one page tells on its own."""
    heard = Heard()
    heard.hear(page)
    return heard.signs


def emergencies_in(posted: Mapping[str, list[str]]) -> list[str]:
    """Return the signs of block A that questions tell as they came over the wire, whatever else was sent beside: "A5",
    or "unsure_A5"."""
    told = _as_signs(_told(posted, asked=posted))
    found = {sign if sure == SURE else f"unsure_{sign}" for sign, sure in told if sign.startswith("A")}
    return sorted(found)


def ticked(boxes: Iterable[str]) -> dict[str, str]:
    """Return {sign: answer} from the boxes that were ticked; "yes" beside "unsure" wins."""
    signs: dict[str, str] = {}
    for box in boxes:
        answer, _, sign = box.rpartition("_")
        if sign != NONE and signs.get(sign) != SURE:
            signs[sign] = answer or SURE
    return signs


def _told(answers: Mapping[str, Any], *, asked: Iterable[str]) -> dict[SignRule, str]:
    """The rules that hold for answers, of those about a question that was `asked`."""
    among = set(asked)
    found = {rule: _weakest(rule, answers) for rule in SIGN_RULES if not among.isdisjoint(rule.questions)}
    return {rule: sure for rule, sure in found.items() if sure}


def _as_signs(told: Mapping[SignRule, str]) -> list[tuple[str, str]]:
    """Without those beside which another one says more."""
    signs = {rule.sign for rule in told}
    return [(rule.sign, sure) for rule, sure in told.items() if rule.unless not in signs]


def _denies(page: Mapping[str, Any], part: Part) -> bool:
    """Whether a question was answered, and otherwise."""
    return bool(values(page.get(part.question))) and not level(part, page)


def _weakest(rule: SignRule, answers: Mapping[str, Any]) -> str:
    return min((level(part, answers) for part in rule.parts), key=_HASTE.index)


def level(part: Part, answers: Mapping[str, Any]) -> str:
    """Return whether the answers to one question tell it for sure, not sure ("unsure"), or not at all ("")."""
    given = values(answers.get(part.question))
    return SURE if given & part.sure else NOT_SURE if given & part.unsure else ""


def values(answer: Any) -> set[str]:
    """Return an answer as the words in it; none when nothing was answered."""
    several = answer if isinstance(answer, list | tuple) else [answer]
    return {str(one) for one in several if one not in (None, "")}
