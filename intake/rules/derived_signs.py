"""Which warning signs answers tell: those ticked in a list of signs, and those that other questions tell with them.

Pages are heard in the order in which they were sent. What a question tells counts from then on, beats "none of these"
of the same page and of before, and gives way only to a later answer to that very sign or to its own question.
docs/decisions/0030-heard-in-every-place.md tells why.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from crm.enums.treatment_kinds import GROUP_OF
from crm.enums.treatments import TreatmentGroup
from intake.questionnaire import EMERGENCY_SIGNS, NONE, REVIEW_SIGNS
from intake.questionnaire.red_flags import (
    ASKED_ANEW,
    ASKED_AS_SIGNS,
    CORD_QUESTIONS,
    LOOK_RULES,
    RECENT_SIGNS,
    SIGN_RULES,
    LookRule,
    SignAnswers,
    SignRule,
)

THREE_MONTHS = timedelta(days=92)
ORAL_STEROID = "med_oral_steroid"
SURE, NOT_SURE = "yes", "unsure"
_RECKONED = {"injected", "dated_on"}  # of a treatment, and no answer
_HASTE = ("", "no", "declined", NOT_SURE, SURE)
_EMERGENCIES = frozenset(code for code, _words in EMERGENCY_SIGNS)
_LISTED = dict(zip(ASKED_AS_SIGNS, (dict(EMERGENCY_SIGNS), dict(REVIEW_SIGNS)), strict=True))


def _by_haste(question: str) -> list[str]:
    """Return the answers to a question that tell a sign or a part of one, those of an emergency first."""
    parts = [(rule.sign, part) for rule in SIGN_RULES for part in rule.parts if part.question == question]
    parts.sort(key=lambda one: not one[0].startswith("A"))
    return list(dict.fromkeys(answer for _, part in parts for answer in (*sorted(part.sure), *sorted(part.unsure))))


# Of each question, the answers that tell a sign or a part of one.
_TELLING: dict[str, list[str]] = {
    name: [box for code in codes for box in (code, f"unsure_{code}")] for name, codes in _LISTED.items()
} | {name: _by_haste(name) for rule in SIGN_RULES for name in rule.questions}


class Heard:
    """The signs of one record, page after page."""

    def __init__(self) -> None:
        self._ticked: dict[str, list[str]] = {}
        self._told: dict[tuple[SignRule, str], str] = {}  # of a treatment, with its key
        self._treatments: dict[str, dict[str, Any]] = {}
        self._cord_worse: list[str] = []  # getting worse, without what; once for each page
        self._shown: dict[str, Any] = {}  # what a page is filled in with, and says again when it is sent
        self._answered_since: dict[str, set[str]] = {}  # of looks: what was asked anew with the fact, or later
        # Of signs that are news when they are told again: each time they were told, the day and the treatment.
        self._times: dict[str, list[tuple[date, str]]] = {}

    def hear(self, page: Mapping[str, Any], *, on: date = date.min) -> None:
        """Take in the answers of one page, sent on a day."""
        before, whole = self.signs, {**self._shown, **page}
        for name in ASKED_AS_SIGNS:
            if page.get(name):
                self._ticked[name] = list(page[name])
                self._give_way(name)
        self._take_in(page, whole)
        self._hear_cord(page)
        self._hear_facts(page)
        lately = {rule.sign for rule in _told(whole, asked=_answered(page) & ASKED_ANEW)}
        boxes = ticked(box for name in ASKED_AS_SIGNS for box in page.get(name) or [])
        self._note_times(before, lately | boxes.keys(), on)
        self._shown |= {name: value for name, value in page.items() if name not in ASKED_ANEW}

    def _hear_facts(self, page: Mapping[str, Any]) -> None:
        """Take in facts: one that was not told before drops what was answered before it, where that is asked anew."""
        for rule in LOOK_RULES:
            if (now := fact(rule, page)) and now != fact(rule, self._shown):
                self._answered_since[rule.code] = set()
        answered = {name for name in ASKED_ANEW if values(page.get(name)) - {NOT_SURE}}
        for since in self._answered_since.values():
            since.update(answered)

    def settles(self, rule: LookRule, question: str) -> bool:
        """Return whether an answer to this question can be about the fact: one of before is not, where it asks for the
        last weeks or months."""
        return question not in ASKED_ANEW or question in self._answered_since.get(rule.code, {question})

    def _hear_cord(self, page: Mapping[str, Any]) -> None:
        """Take in a worsening told without what got worse: no sign by itself, and not shown again on any page."""
        what = [values(page.get(name)) for name in CORD_QUESTIONS]
        if all(what) or any(one - {"no"} for one in what):
            self._cord_worse = []
        elif "worse" in (change := values(page.get("hands_gait_change"))):
            self._cord_worse = [*self._cord_worse, str(len(self._cord_worse) + 1)]
        elif change:
            self._cord_worse = []

    def hear_treatment(self, page: Mapping[str, Any], *, on: date) -> None:
        """Take in what was told of one treatment on a day."""
        key, signs_before = page["treatment"], self.signs
        before = self._treatments.get(key, {"kind": ""})
        told = page.get("told", {}) | {"injected": _injected(page, on), "dated_on": on}
        if before.get("injected") and "start" not in told:
            told |= {name: before[name] for name in ("injected", "dated_on")}  # that time passes takes nothing back
        known = before | told
        known |= {name: page[name] for name in ("kind", "start") if name in page}
        self._treatments[key] = known
        if boxes := {name: told[name] for name in ASKED_AS_SIGNS if told.get(name)}:
            self.hear(boxes, on=on)
        whole = {**known, "since_then": told.get("since_then")}
        self._take_in({name: told[name] for name in told if name != "dated_on"}, whole, key)
        if told.get("not_tried"):
            self.leave_out([key])
        self._hear_facts({"side_infection": values(told.get("side_effects")) & {"infection"}})
        self._note_times(signs_before, {rule.sign for rule in _told(whole, asked=_answered(told) - _RECKONED)}, on, key)

    def _note_times(self, before: Mapping[str, str], told: Collection[str], on: date, key: str = "") -> None:
        """Note of each sign that is news when it is told again since when it stands, and when it was told again."""
        now = self.signs
        for sign in RECENT_SIGNS | _EMERGENCIES:
            if not _stands(sign, now):
                self._times.pop(sign, None)
            elif not _stands(sign, before) or sign not in self._times:
                self._times[sign] = [(on, key)]
            elif sign in told and (sign in _EMERGENCIES or on >= max(self._times[sign])[0]):
                self._times[sign].append((on, key))

    @property
    def told_anew(self) -> dict[str, list[date]]:
        """Return the signs that were told again while they stood, and when: one of block A each time, another one on
        which later days."""
        now = self.signs
        days = {sign: [day for day, _key in told] for sign, told in self._times.items() if _stands(sign, now)}
        again = {sign: sorted(on if sign in _EMERGENCIES else set(on))[1:] for sign, on in days.items()}
        return {sign: later for sign, later in again.items() if later}

    def leave_out(self, never_were: Collection[str]) -> None:
        """Take back what was told of these treatments, by their keys."""
        self._told = {one: sure for one, sure in self._told.items() if one[1] not in never_were}
        for key in self._treatments.keys() & set(never_were):
            self._treatments[key] = {**self._treatments[key], "not_tried": True}
        left = {sign: [one for one in told if one[1] not in never_were] for sign, told in self._times.items()}
        self._times = {sign: told for sign, told in left.items() if told}

    def dated(self, key: str, start: date) -> None:
        """Take in when a treatment was, as the record knows by now: an injection that was an old one tells less, a
        recent one more. `start`: the last day on which it can have begun."""
        known = self._treatments.get(key, {})
        if not known.get("injected"):
            return
        when = {"injected": _when_injected(start, known["dated_on"]), "start": start.isoformat()}
        if {when["injected"], known["injected"]} <= {"recent", "unknown"} or when["injected"] == known["injected"]:
            return
        self._treatments[key] = known | when
        self._take_in(when, {**known, **when, "since_then": None}, key)

    @property
    def treatments(self) -> Collection[str]:
        """Return of which treatments something was told, by their keys."""
        return self._treatments.keys()

    @property
    def facts(self) -> dict[str, list[str]]:
        """Return what treatments tell that is no answer to one question, by which treatment told it and how."""
        told = {key: one for key, one in self._treatments.items() if not one.get("not_tried")}
        recent = {key for key, one in told.items() if one["injected"] in {"recent", "unknown"}}
        return {
            "cord_worse": self._cord_worse,
            "injection": sorted(f"{key} {told[key].get('start')}" for key in recent),
            "oral_steroid": sorted(key for key, one in told.items() if one["kind"] == ORAL_STEROID),
            "side_infection": sorted(
                key for key, one in told.items() if key not in recent and "infection" in values(one.get("side_effects"))
            ),
        }

    def _take_in(self, page: Mapping[str, Any], whole: Mapping[str, Any], key: str = "") -> None:
        """Take in the signs that a page tells or denies. `whole`: the page with what it was filled in with."""
        answered = _answered(page)
        asked = answered if "start" in page else answered - {"injected"}  # another date asks anew
        self._told |= {(rule, key): sure for rule, sure in _told(whole, asked=asked).items()}
        for one in [one for one in self._told if one[1] == key and any(_denies(page, part) for part in one[0].parts)]:
            del self._told[one]

    @property
    def signs(self) -> dict[str, str]:
        """{"A1": "yes", "B2": "unsure", "A4": "declined"}."""
        found = ticked(box for boxes in self._ticked.values() for box in boxes)
        for sign, told in _as_signs([(rule, sure) for (rule, _key), sure in self._told.items()]):
            found[sign] = max(found.get(sign, ""), told, key=_HASTE.index)
        return found

    def _give_way(self, name: str) -> None:
        """Drop what was told, but only for an answer about this very sign: its own box, or "none of these"."""
        boxes = self._ticked[name]
        codes = set(_LISTED[name]) if boxes == [NONE] else {box.rpartition("_")[2] for box in boxes}
        self._told = {one: sure for one, sure in self._told.items() if one[0].sign not in codes}


def _injected(page: Mapping[str, Any], on: date) -> str:
    """Return when an injection was, seen from the day on which its details were told: "recent", "old" or "unknown"; ""
    for anything else. A rough date is read by the last day that it can mean."""
    if GROUP_OF.get(page.get("kind", "")) != TreatmentGroup.INJECTION:
        return ""
    if not page.get("start"):
        return "unknown"
    return _when_injected(date.fromisoformat(page["start"]), on)


def _when_injected(start: date, on: date) -> str:
    return "recent" if start >= on - THREE_MONTHS else "old"


def _stands(sign: str, said: Mapping[str, str]) -> bool:
    return said.get(sign) in {SURE, NOT_SURE}


def of_page(page: Mapping[str, Any], *, on: date) -> dict[str, str]:
    """Return what one page tells on its own, sent on a day: one with questions, or one about a treatment."""
    heard = Heard()
    if "told" in page:
        heard.hear_treatment(page, on=on)
    else:
        heard.hear(page)
    return heard.signs


def are_told(page: Mapping[str, Any], *, on: date) -> bool:
    """Return whether one page tells a sign on its own, sure or not."""
    return bool({SURE, NOT_SURE} & set(of_page(page, on=on).values()))


def telling(page: Mapping[str, Any], *, asked: Iterable[str] | None = None) -> set[str]:
    """Return the questions of a page whose answers tell a sign. `asked`: only together with an answer to one of
    these."""
    return {name for rule in _told(page, asked=page if asked is None else asked) for name in rule.questions}


def telling_among(question: str, given: Collection[str]) -> list[str]:
    """Return those of the answers to a question that tell a sign or a part of one."""
    return [answer for answer in _TELLING.get(question, []) if answer in given]


def emergencies_in(posted: Mapping[str, list[str]]) -> list[str]:
    """Return the signs of block A that questions tell as they came over the wire, whatever else was sent beside: "A5",
    or "unsure_A5"."""
    told = _as_signs(_told(posted, asked=posted).items())
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
    """Return the rules that hold for answers, of those about a question that was `asked`."""
    among = set(asked)
    found = {rule: _weakest(rule, answers) for rule in SIGN_RULES if not among.isdisjoint(rule.questions)}
    return {rule: sure for rule, sure in found.items() if sure}


def _as_signs(told: Collection[tuple[SignRule, str]]) -> list[tuple[str, str]]:
    """Return signs and how sure they are, without those beside which another one says more."""
    signs = {rule.sign for rule, _sure in told}
    return [(rule.sign, sure) for rule, sure in told if rule.unless not in signs]


def _answered(page: Mapping[str, Any]) -> set[str]:
    return {name for name, value in page.items() if values(value)}


def _denies(page: Mapping[str, Any], part: SignAnswers) -> bool:
    """Return whether a question was answered, and otherwise."""
    return bool(values(page.get(part.question))) and not level(part, page)


def _weakest(rule: SignRule, answers: Mapping[str, Any]) -> str:
    return min((level(part, answers) for part in rule.parts), key=_HASTE.index)


def level(part: SignAnswers, answers: Mapping[str, Any]) -> str:
    """Return whether the answers to one question tell it for sure, not sure ("unsure"), or not at all ("")."""
    given = values(answers.get(part.question))
    return SURE if given & part.sure else NOT_SURE if given & part.unsure else ""


def fact(rule: LookRule, answers: Mapping[str, Any]) -> set[str]:
    """Return what was told of a fact to look at; nothing where it was not told."""
    given = values(answers.get(rule.question))
    return given & rule.answers if rule.answers else given


def values(answer: Any) -> set[str]:
    """Return an answer as the words in it; none when nothing was answered."""
    several = answer if isinstance(answer, list | tuple | set) else [answer]
    return {str(one) for one in several if one not in (None, "")}
