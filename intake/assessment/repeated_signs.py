"""Signs told anew, though the record has them: one of block A is news each time, what happened lately on a later day.

Each stands among the flags of an assessment, with how often and when: "anew:B5:1:20261130".
docs/decisions/0027-what-a-decision-covers.md tells why.
"""

from collections.abc import Iterable
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext

from crm.values import reviewed_text
from intake.questionnaire import SIGNS
from intake.rules.derived_signs import Heard

FLAG = "anew:"


def of(heard: Heard) -> list[str]:
    """Return the flags of the signs of a record that were told anew."""
    return [f"{FLAG}{sign}:{len(days)}:{max(days):%Y%m%d}" for sign, days in sorted(heard.told_anew.items())]


def beyond(flags: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return those of `flags` that say so and are not among `known`. Fewer times, and none later, are no news: one of
    the treatments that told it never was."""
    there = {flag.split(":")[1]: _told(flag) for flag in known if flag.startswith(FLAG)}
    return [flag for flag in flags if flag.startswith(FLAG) and _is_news(flag, there.get(flag.split(":")[1]))]


def signs_beyond(flags: Iterable[str], known: Iterable[str]) -> set[str]:
    """Return the signs, by their codes, that were told anew since the flags were `known`."""
    return {flag.split(":")[1] for flag in beyond(flags, known)}


def in_words(flag: str) -> str:
    """Return a flag of this module in the language in force."""
    _, sign, _, day = flag.split(":")
    on = date_format(date.fromisoformat(day), "DATE_FORMAT")
    return gettext("Told anew on %(day)s: %(sign)s") % {"day": on, "sign": reviewed_text.plain(SIGNS.get(sign, sign))}


def _told(flag: str) -> tuple[int, str]:
    _, _, times, day = flag.split(":")
    return int(times), day


def _is_news(flag: str, known: tuple[int, str] | None) -> bool:
    times, day = _told(flag)
    return known is None or ((times, day) != known and not (times < known[0] and day <= known[1]))
