"""Which warning signs a careful reader finds in what one person has told, page after page (docs/red-flags.md, decision
30), and what a clinician has to look at though it is no sign. Knows none of the product's tables."""

from datetime import date, timedelta
from typing import Any

NO_SIGN = {"none", "B7", "unsure_B7", "declined_A4"}
HASTE = ["no", "declined", "unsure", "yes"]
BLOCK = {"safety_check": "A", "safety_check_b": "B"}
# A question that tells a sign by itself, by its answer.
ALONE: dict[str, dict[str, str]] = {
    "limb_weakness": {"worse": "A5", "yes_unsure": "unsure_A5", "same": "B6"},
    "limb_numbness": {"same": "B6"},
    "lift_foot": {"no_new": "A5", "unsure": "unsure_A5", "no_old": "B6"},
    "cancer_other": {"yes": "B1", "unsure": "unsure_B1"},
    "hand_clumsiness": {"yes": "B8", "unsure": "unsure_B8"},
    "gait_balance": {"yes": "B8", "unsure": "unsure_B8"},
}
CORD = {
    "hand_clumsiness": {"yes": "yes", "unsure": "unsure"},
    "gait_balance": {"yes": "yes", "unsure": "unsure"},
    "hands_gait_change": {"worse": "yes", "unsure": "unsure"},
}
YES = {"yes": "yes", "unsure": "unsure"}
EVENTS = {"infection", "surgery", "drugs"}
SINCE = {"fever", "infection", "worse_pain"}
SIDE_EFFECTS = {"infection", "pain_flare"}
# Facts for a look: the question, the answers, and the questions that settle it once they are answered.
LOOKS: list[tuple[str, set[str], tuple[str, ...]]] = [
    ("limb_weakness", {"unsure"}, ()),
    ("limb_numbness", {"worse"}, ()),
    ("prior_spine_surgery", {"yes"}, ("recent_events",)),
    ("steroids_months", {"yes"}, ("new_severe_pain",)),
    ("conditions", {"osteoporosis"}, ("new_severe_pain",)),
    ("conditions", {"cancer"}, ("cancer_other",)),
]
ASKED_ANEW = {"recent_events", "new_severe_pain"}  # of the last weeks or months: never about what is told later


def bare(sign: str) -> str:
    return sign.removeprefix("unsure_")


class Heard:
    """`told`: the sign that each question, or several together, tell now, by a name for that; what a treatment tells
    has its kind before it."""

    def __init__(self) -> None:
        self.ticked: dict[str, list[str]] = {}
        self.told: dict[str, str] = {}
        self.answers: dict[str, Any] = {}
        self.injections: dict[str, dict[str, Any]] = {}
        self.settled: dict[str, set[str]] = {}  # of facts for a look: what was answered with them or since
        # Of what is news when it is told again: each time that it was told, the day and the kind of treatment.
        self.times: dict[str, list[tuple[date, str]]] = {}

    def hears(self, page: dict[str, Any], *, on: date) -> None:
        """A page with questions."""
        before, lately = self.standing, {box.rpartition("_")[2] for name in BLOCK for box in page.get(name) or []}
        for name, block in BLOCK.items():
            if page.get(name):
                self.ticked[name] = list(page[name])
                self._gives_way(list(page[name]), block)
        for name, tells in ALONE.items():
            if page.get(name):
                self._says(name, sign := tells.get(page[name], ""))
                lately.add(bare(sign))
        if page.get("recent_events"):
            given = set(page["recent_events"])
            self._says("recent_events", "B5" if given & EVENTS else "unsure_B5" if "unsure" in given else "")
            lately |= {"B5"} if given & {*EVENTS, "unsure"} else set()
        if self._hears_cord(page):
            lately.add("A9")
        self._hears_new_pain(page)
        if page.get("new_severe_pain") in YES and any(name.startswith("pain and ") for name in self.told):
            lately.add("B4")
        self._hears_facts(page)
        self.answers |= page
        self._notes(before, lately, on)

    def _notes(self, before: set[str], lately: set[str], on: date, kind: str = "") -> None:
        """While it stands an emergency is told anew each time, what happened lately on a later day."""
        for sign in ("B4", "B5", *(f"A{number}" for number in range(1, 11))):
            if sign not in self.standing:
                self.times.pop(sign, None)
            elif sign not in before or sign not in self.times:
                self.times[sign] = [(on, kind)]
            elif sign in lately and (sign.startswith("A") or on >= max(day for day, _kind in self.times[sign])):
                self.times[sign].append((on, kind))

    @property
    def told_anew(self) -> dict[str, list[date]]:
        found: dict[str, list[date]] = {}
        for sign, times in self.times.items():
            days = [day for day, _kind in times]
            found[sign] = sorted(days if sign.startswith("A") else set(days))[1:]
        return {sign: days for sign, days in found.items() if days}

    def _gives_way(self, boxes: list[str], block: str) -> None:
        """Only to its own box, or to "none of these"."""
        about = {box.rpartition("_")[2] for box in boxes}
        for name, sign in list(self.told.items()):
            if bare(sign) in about or (boxes == ["none"] and bare(sign).startswith(block)):
                del self.told[name]

    def _says(self, name: str, sign: str) -> None:
        self.told.pop(name, None)
        if sign:
            self.told[name] = sign

    def _hears_cord(self, page: dict[str, Any]) -> bool:
        """Clumsy hands, unsteady walking and getting worse, on one page: return whether it told all of them."""
        levels = [CORD[name].get(page.get(name) or "", "") for name in CORD]
        denied = any(page.get(name) and not level for name, level in zip(CORD, levels, strict=True))
        if denied or all(levels):
            self._says("cord", "" if denied else "unsure_A9" if "unsure" in levels else "A9")
        return all(levels)

    def _hears_new_pain(self, page: dict[str, Any]) -> None:
        """New severe pain on this page, with what makes bones weak, there or before: it was filled in."""
        pain = page.get("new_severe_pain")
        shown = {name: page.get(name) or self.answers.get(name) or "" for name in ("steroids_months", "conditions")}
        weak = {"steroids_months": YES.get(shown["steroids_months"], "")}
        weak |= {one: "yes" if one in shown["conditions"] else "" for one in ("osteoporosis", "immune")}
        for name, level in weak.items():
            is_asked = page.get(name if name == "steroids_months" else "conditions")
            if not is_asked and not pain:
                continue
            if pain in YES and level:
                unsure = "unsure" in (pain, level)
                self._says(f"pain and {name}", "unsure_B4" if unsure else "B4")
            elif pain == "no" or (is_asked and not level):
                self._says(f"pain and {name}", "")

    def _hears_facts(self, page: dict[str, Any]) -> None:
        """What is told for the first time waits for its condition from then on."""
        for name, answers, settled_by in LOOKS:
            there, before = _words(page.get(name)) & answers, _words(self.answers.get(name)) & answers
            if there and there != before:
                self.settled[f"{name} {sorted(answers)}"] = set()
            answered = {one for one in settled_by if _is_settled(page.get(one))}
            self.settled.setdefault(f"{name} {sorted(answers)}", set()).update(answered)

    def hears_of_an_injection(self, kind: str, page: dict[str, Any], *, on: date, began: date | None) -> None:
        """`began`: the last day on which it can have been, None when nobody knows."""
        known, before = self.injections.setdefault(kind, {}), self.standing
        if "recent" not in known or "start" in page:
            known["recent"] = began is None or began >= on - timedelta(days=92)
            known["began"] = began
        known |= {name: page[name] for name in ("side_effects",) if name in page}
        since = set(page.get("since_then") or [])
        if since:
            self._says(f"{kind} fever", "A7" if {"fever", "worse_pain"} <= since else "")
            self._says(f"{kind} since", "B5" if since & SINCE and known["recent"] else "")
        if not known["recent"]:
            self._says(f"{kind} since", "")
            self._says(f"{kind} side", "")
        told = set(known.get("side_effects") or []) & SIDE_EFFECTS
        if page.get("side_effects") or (told and known["recent"] and "start" in page):
            self._says(f"{kind} side", "B5" if told and known["recent"] else "")
        is_lately = known["recent"] and (since & SINCE or set(page.get("side_effects") or []) & SIDE_EFFECTS)
        lately = {"A7"} if {"fever", "worse_pain"} <= since else set()
        self._notes(before, lately | ({"B5"} if is_lately else set()), on, kind)

    def takes_back(self, kind: str, *, on: date) -> None:
        """It never was: what it told goes with it."""
        before = self.standing
        self.injections.pop(kind, None)
        self.told = {name: sign for name, sign in self.told.items() if not name.startswith(f"{kind} ")}
        left = {sign: [one for one in times if one[1] != kind] for sign, times in self.times.items()}
        self.times = {sign: times for sign, times in left.items() if times}
        self._notes(before, set(), on)

    @property
    def flags(self) -> dict[str, str]:
        """{"A1": "yes", "B2": "unsure"}, as the rules want them."""
        boxes = [box for boxes in self.ticked.values() for box in boxes if box != "none"]
        signs = list(self.told.values())
        if any(bare(sign) == "A9" for sign in signs):
            signs = [sign for sign in signs if bare(sign) != "B8"]
        found: dict[str, str] = {}
        for box in [*boxes, *signs]:
            answer, _, sign = box.rpartition("_")
            found[sign] = max(found.get(sign, "no"), answer or "yes", key=HASTE.index)
        return found

    @property
    def standing(self) -> set[str]:
        return {sign for sign, said in self.flags.items() if said in YES}

    @property
    def signs(self) -> set[str]:
        """Those that fire R1 or R2: all of block A; of block B a yes, or two that somebody is not sure of."""
        boxes = {code if sure == "yes" else f"{sure}_{code}" for code, sure in self.flags.items()} - NO_SIGN
        second = {one for one in boxes if bare(one).startswith("B")}
        sure = any(one == bare(one) for one in second)
        return {one for one in boxes if one not in second} | (second if sure or len(second) > 1 else set())

    @property
    def looks(self) -> set[str]:
        """Facts without what would make them a sign."""
        found = {f"{kind} {one['began']}" for kind, one in self.injections.items() if one["recent"]}
        for name, answers, settled_by in LOOKS:
            there = _words(self.answers.get(name)) & answers
            since = self.settled.get(f"{name} {sorted(answers)}", set())
            about_it = [one for one in settled_by if one not in ASKED_ANEW or one in since]
            if there and not any(_is_settled(self.answers.get(one)) for one in about_it):
                found.add(f"{name} {sorted(there)}")
        return found


def _is_settled(answer: Any) -> bool:
    return bool({answer} - {None, "", "unsure"} if not isinstance(answer, list) else set(answer) - {"unsure"})


def _words(answer: Any) -> set[str]:
    return {answer} - {None, ""} if not isinstance(answer, list) else set(answer)
