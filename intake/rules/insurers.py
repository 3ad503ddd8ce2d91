"""Which insurer and which kind of plan somebody means by what they write. Pure.

Names are compared by whole words; slashes, hyphens and dots count as blanks. What is denied names nobody, and what can
mean several things, or does not fit the kind of plan, stays open: then staff ask. How people write insurers was taken
from lists of accepted insurances of spine practices and from payer lists of clearinghouses (docs/coverage.md).
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Any

from crm.values.us_places import STATES
from intake.questionnaire import PAGE

COMMERCIAL, MEDICARE, ADVANTAGE = "commercial", "medicare", "medicare_advantage"
MEDICAID, SELF_PAY, OTHER = "medicaid", "self_pay", "other"
INSURER_QUESTIONS = frozenset({"plan_type", "payer_name"})

_PLAN_TYPES = next(one.choices for one in PAGE["insurance"].questions if one.name == "plan_type")
_BLUE = r"blue ?cross(?: and)?(?: blue ?shield)?|blue ?shield|bc ?bs|blue ?choice"
_BLUE_OF = {
    "South Carolina": "bcbs_sc",
    "Illinois": "hcsc",
    "Texas": "hcsc",
    "Montana": "hcsc",
    "New Mexico": "hcsc",
    "Oklahoma": "hcsc",
}
_PAYERS = {
    "aetna": r"aetnas?",
    "cigna": r"cignas?|evi ?core",
    "hcsc": r"hcsc|health care service corp(?:oration)?",
    "uhc_oh": r"(?:united ?health(?: ?care)?|uhc) community plan (?:of )?(?:ohio|oh)",
    "uhc": r"united ?health(?: ?cares?)?|uhc|umr",
    "medicare": r"medicare",
}
_PLANS = {
    ADVANTAGE: r"advantage|medicare (?:complete|plus|choice|hmo|ppo|gold)|part c|mapd|health ?spring|gold plus",
    MEDICAID: r"medicaid|community plan|better health|healthy blue|dual|dsnp|snp",
    OTHER: r"supplement|medigap|aarp|railroad|federal|fep|dental|vision|tricare|champva|workers? comp\w*|auto",
}
# Words that name nothing but Medicare itself.
_ORIGINAL = set("medicare original traditional straight regular part parts a b d and health insurance us card".split())
# And words in which somebody says that there is no insurer.
_NO_INSURER = set(
    "i self pay cash out of pocket uninsured insurance n a na yo pago efectivo ninguno ninguna seguro".split()
)
_DENIES = set(
    "no not non none never without dont doesnt isnt arent wasnt nor neither except formerly former previously was had "
    "used longer instead lost cancelled canceled dropped expired ended old sin nunca ni tampoco excepto antes".split()
)
_TURNS = set("but only just now currently pero solo sino ahora".split())
_DOUBTS = set("maybe perhaps probably possibly think guess unsure either quizas creo".split())


@dataclass(frozen=True)
class Insurer:
    """`payer`: the key of an insurer that has lists of ours, "" when there is none or it is open which. `possible`: the
    payers that may be meant. `name`: what was written, cleaned. `question`: what staff have to ask, "" when clear."""

    name: str = ""
    plan: str = ""
    payer: str = ""
    possible: tuple[str, ...] = ()
    question: str = ""

    def is_same(self, other: "Insurer") -> bool:
        """Return whether both may be one. A kind of plan without a name is the same as any insurer of that kind."""
        if self.plan != other.plan or self.plan in {"", SELF_PAY} or not (self.name and other.name):
            return self.plan == other.plan
        return (self.payer or self.name) == (other.payer or other.name)

    @property
    def identity(self) -> str:
        """Return the insurer as a text to be compared later: equal for the same insurer as it was told."""
        return ":".join(part for part in (self.plan, self.payer or self.name) if part)


def told(answers: dict[str, Any]) -> Insurer:
    """Return the insurer that a patient's answers name."""
    return recognize(str(answers.get("payer_name") or ""), str(answers.get("plan_type") or ""))


def in_words(name: str, plan: str) -> str:
    """Return an insurer as staff read it: the name as written, else the kind of plan; one that has left the list as it
    was stored."""
    label = str(dict(_PLAN_TYPES).get(plan, plan))
    return label if plan == SELF_PAY else name.strip() or label


def recognize(name: str, plan: str = "") -> Insurer:
    """Return the insurer that is meant by a name as written and by the kind of plan that was chosen on the form."""
    plan = "" if plan == "unsure" else plan
    if plan == SELF_PAY or not (name.strip() or plan):
        return Insurer(plan=plan)
    words, clear = _affirmed(name)
    named = _named(words)
    if not words and plan == MEDICARE:
        named = ["medicare"]
    meant = _plan_in(words, named)
    kind = plan or meant or COMMERCIAL
    beside = kind in {MEDICARE, MEDICAID, OTHER}  # where Medicare itself may pay too
    payers = [one for one in named if one != MEDICARE] or (named if beside else [])
    made = Insurer(name=_cleaned(name), plan=kind, possible=tuple(payers))
    question = _question(words, made, clear=clear, conflict=_conflict(plan, meant))
    return replace(made, payer="" if question or len(payers) != 1 else payers[0], question=question)


def _conflict(chosen: str, meant: str) -> bool:
    """Tell whether the kind of plan that was chosen is another one than the name tells."""
    known = {COMMERCIAL, MEDICARE, ADVANTAGE, MEDICAID}
    return bool(chosen and meant) and chosen != meant and (chosen in known or meant in known)


def _question(words: str, made: Insurer, *, clear: bool, conflict: bool) -> str:
    """Return what is to be asked about the insurer, "" when nothing is."""
    if not clear or (words and set(words.split()) <= _NO_INSURER):
        return "It is not clear which insurer is meant"
    if made.plan == ADVANTAGE:
        return "Medicare Advantage has criteria of its own: ask which company runs the plan, and what counts there"
    if conflict or _is_medicare_of_others(words, made):
        return "The name does not fit the kind of plan: ask which one it is"
    if len(made.possible) > 1:
        return "More than one insurer may be meant: ask which one"
    if not made.possible and re.search(rf"\b(?:{_BLUE})", words) and not _other_state(words):
        return "There are many Blue Cross and Blue Shield companies: ask of which state"
    return ""


def _is_medicare_of_others(words: str, made: Insurer) -> bool:
    """Tell whether it is called Medicare, and other words make it doubtful that Medicare itself is meant."""
    if made.possible == ("medicare",):
        return bool(set(words.split()) - _ORIGINAL)
    return made.plan == MEDICARE


def _plan_in(words: str, named: list[str]) -> str:
    """Return the kind of plan that the words tell, "" when they tell none."""
    for plan, pattern in _PLANS.items():
        if re.search(rf"\b(?:{pattern})\b", words):
            return plan
    if MEDICARE in named:
        return ADVANTAGE if len(named) > 1 or re.search(rf"\b(?:{_BLUE})", words) else MEDICARE
    return ""


def _named(words: str) -> list[str]:
    """Return the keys of the insurers that stand in a text. A Blue Cross Blue Shield company is one by its state."""
    found = [key for key, pattern in _PAYERS.items() if re.search(rf"\b(?:{pattern})\b", words)]
    return [key for key in dict.fromkeys([*found, *_blue(words)]) if key != "uhc" or "uhc_oh" not in found]


def _blue(words: str) -> list[str]:
    if not re.search(rf"\b(?:{_BLUE})", words):
        return []
    codes = {name: code.lower() for code, (name, _zone) in STATES.items()}
    found = []
    for name, key in _BLUE_OF.items():
        code = codes[name]
        if re.search(rf"\b{name.lower()}\b|\b(?:of )?{code}\b|\bbc ?bs ?{code}\b", words):
            found.append(key)
    return found


def _other_state(words: str) -> bool:
    names = [name.lower() for name, _zone in STATES.values() if name not in _BLUE_OF]
    codes = [code.lower() for code, (name, _zone) in STATES.items() if name not in _BLUE_OF]
    return any(re.search(rf"\b{name}\b", words) for name in names) or bool(
        re.search(rf"\bbc ?bs ?(?:of )?(?:{'|'.join(codes)})\b", words)
    )


def _affirmed(name: str) -> tuple[str, bool]:
    """Return the words of the clauses that deny nothing, and whether it is clear what the others deny."""
    kept, clear = [], "?" not in name
    for clause in _clauses(name):
        words = clause.split()
        clear = clear and not _DOUBTS & set(words)
        if not _DENIES & set(words):
            kept.append(clause)
        elif not _named(clause):
            clear = False
    return " ".join(kept), clear and bool(kept or not _plain(name).strip())


def _clauses(name: str) -> list[str]:
    """Cut at commas and brackets, and before words that turn or deny."""
    clauses: list[list[str]] = [[]]
    for word in re.sub(r"[,;:()!?\n]", " | ", _plain(name)).split():
        denies_anew = word in _DENIES and not (clauses[-1] and set(clauses[-1]) <= _DENIES)
        if word == "|" or word in _TURNS or denies_anew:
            clauses.append([])
        if word not in _TURNS | {"|"}:
            clauses[-1].append(word)
    return [_cleaned(" ".join(clause)) for clause in clauses if clause]


def _cleaned(text: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9]", " ", _plain(text)).split())


def _plain(text: str) -> str:
    """Return small letters without accents and apostrophes; single ones in a row are joined: "u.h.c.", "b c b s"."""
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower().replace("'", "")
    return re.sub(r"\b[a-z](?:[. ]+[a-z]){2,}\b(?![a-z])", lambda found: re.sub(r"[. ]", "", found[0]), folded)
