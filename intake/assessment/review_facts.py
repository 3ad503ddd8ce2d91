"""Facts that a clinician looks at though no sign is told: one review, and no other outcome.

The closed list is LOOK_RULES (intake/questionnaire/red_flags.py). Each stands among the flags of an assessment, with a
digest of what was answered: other words are news.
"""

import hmac
import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.utils.translation import gettext

from intake.questionnaire.red_flags import LOOK_RULE, LOOK_RULES, LookRule
from intake.rules.derived_signs import Heard, fact, level, values

FLAG = "look:"


def of_answers(answers: Mapping[str, Any], *, heard: Heard | None = None) -> list[str]:
    """Return the flags of what a clinician has to look at. `heard`: in which order it was told; all at once without."""
    told = heard or Heard()
    return [f"{FLAG}{rule.code}:{_digest(answers, rule)}" for rule in LOOK_RULES if _holds(rule, answers, told)]


def beyond(flags: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return those of `flags` that ask for a look and are not among `known`."""
    there = set(known)
    return [flag for flag in flags if flag.startswith(FLAG) and flag not in there]


def in_words(flag: str) -> str:
    """Return a flag of this module in the language in force."""
    code = flag.split(":")[1]
    what = gettext(LOOK_RULE[code].words) if code in LOOK_RULE else code
    return gettext("A clinician should look: %(what)s") % {"what": what}


def _holds(rule: LookRule, answers: Mapping[str, Any], heard: Heard) -> bool:
    if not fact(rule, answers):
        return False
    if rule.beside and not level(rule.beside, answers):
        return False
    settling = [name for name in rule.settled_by if heard.settles(rule, name)]
    return not any(values(answers.get(name)) - {"unsure"} for name in settling)


def _digest(answers: Mapping[str, Any], rule: LookRule) -> str:
    """Return a digest of what was told, keyed so that nobody can guess the words from it."""
    told = sorted(values(answers.get(rule.question)) & rule.answers) if rule.answers else answers[rule.question]
    return hmac.new(settings.SECRET_KEY.encode(), json.dumps(told).encode(), sha256).hexdigest()[:8]
