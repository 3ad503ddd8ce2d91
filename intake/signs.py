"""Warning signs in the record of a lead: which there are, which no decision has covered, and what is new since one.

A sign stands here as it was ticked: "B5", or "unsure_B5". docs/decisions/0027-what-a-decision-covers.md tells why.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.formats import date_format
from django.utils.timezone import localtime

from crm.models import HoldClearing, Lead, ReviewDecision
from crm.registry import Basis, News
from intake import looks, record
from intake.candidacy import emergency_signs, review_signs
from intake.models import Assessment
from intake.questionnaire import SIGNS
from intake.snapshot import Snapshot

type _Row = tuple[int, datetime, str, list[str], list[str]]

UNSURE = "unsure_"
WHAT_NEWS_SHOWS = ("lead_id", "number", "at", "cause", "signs", "flags")


def of_snapshot(snapshot: Snapshot) -> list[str]:
    """Return the signs that fire R1 or R2, whichever rule decides."""
    answers = snapshot.answers
    fired = [*emergency_signs(answers), *review_signs(answers)]
    return [code if answers.red_flags[code] == "yes" else f"{UNSURE}{code}" for code in fired]


def of_answers(answers: dict[str, Any], *, lead: Lead, now: datetime) -> list[str]:
    """Return the signs that answers tell by themselves, whatever else is on record. `lead`: whom they name. No query
    beyond its location."""
    return of_snapshot(record.make_snapshot(answers, lead=lead, now=now))


def is_emergency(sign: str) -> bool:
    """Return whether a sign is of block A: only clearing the hold covers it."""
    return sign.removeprefix(UNSURE).startswith("A")


def beyond(signs: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return those of `signs` that are not among `known`. A plain yes is more than "not sure"; the other way it is no
    news."""
    there = set(known)
    return [sign for sign in signs if sign not in there and sign.removeprefix(UNSURE) not in there]


def in_words(sign: str) -> str:
    code = sign.removeprefix(UNSURE)
    return f"{SIGNS.get(code, code)} ({code}{', not sure' if sign != code else ''})"


def uncovered(lead: Lead, made: Assessment) -> list[str]:
    """Return those of an assessment that no decision has covered: none knew them, or they were gone in between and came
    again. No query without signs, else three."""
    if not made.signs:
        return []
    decided = ReviewDecision.objects.in_force().filter(lead=lead).values_list("seen", "signs")
    cleared = HoldClearing.objects.filter(lead=lead).values_list("seen", "signs")
    covers = [(seen, {sign for sign in signs if not is_emergency(sign)}) for seen, signs in decided]
    covers += [(seen, {sign for sign in signs if is_emergency(sign)}) for seen, signs in cleared]
    since = _since(lead, min((seen for seen, _signs in covers), default=made.number))
    return [sign for sign in made.signs if not any(_knew(sign, seen, signs, since) for seen, signs in covers)]


def unknown_to(decision: ReviewDecision, made: Assessment) -> list[str]:
    """Return those of an assessment that a decision did not know: they came later, or were gone in between. One
    query."""
    since = _since(decision.lead, decision.seen)
    return [sign for sign in made.signs if not _knew(sign, decision.seen, decision.signs, since)]


def _since(lead: Lead, number: int) -> dict[int, list[str]]:
    """The signs of each later assessment."""
    return dict(Assessment.objects.filter(lead=lead, number__gt=number).values_list("number", "signs"))


def _knew(sign: str, seen: int, signs: Iterable[str], since: dict[int, list[str]]) -> bool:
    """Whether a decision on what was `seen` has a sign in mind that stands now."""
    return not beyond([sign], signs) and all(_is_there(sign, since[later]) for later in since if later > seen)


def _is_there(sign: str, signs: list[str]) -> bool:
    """Sure or not: somebody who is less sure now has not said that it is over."""
    code = sign.removeprefix(UNSURE)
    return code in signs or f"{UNSURE}{code}" in signs


def basis(lead: Lead) -> Basis:
    """Return what a decision about a lead stands on now. At most four queries."""
    latest = Assessment.objects.filter(lead=lead).defer("snapshot").order_by("-number").first()
    if latest is None:
        return Basis()
    return Basis(
        number=latest.number,
        signs=tuple(latest.signs),
        uncovered=tuple(sign for sign in uncovered(lead, latest) if not is_emergency(sign)),
        words=(*map(in_words, latest.signs), *map(looks.in_words, looks.beyond(latest.flags, ()))),
    )


def news(seen: dict[UUID, int]) -> dict[UUID, News]:
    """Return what the record of each lead has become since its assessment of this number: the newest number, and in
    words what came. One query."""
    wanted = Q(pk__in=[])
    for lead_id, number in seen.items():
        wanted |= Q(lead=lead_id, number__gte=number)
    rows = Assessment.objects.filter(wanted).order_by("lead_id", "number")
    found: dict[UUID, list[_Row]] = defaultdict(list)
    for lead_id, *row in rows.values_list(*WHAT_NEWS_SHOWS):
        found[lead_id].append(tuple(row))
    return {lead_id: _news(found[lead_id], number) for lead_id, number in seen.items()}


def _news(rows: list[_Row], seen: int) -> News:
    """From the assessments of one lead, the one that was seen first."""
    known, looked = next(((signs, flags) for number, _at, _cause, signs, flags in rows if number == seen), ([], []))
    lines: list[str] = []
    for number, at, cause, signs, flags in rows:
        if number > seen:
            new = [f"Warning sign: {in_words(sign)}" for sign in beyond(signs, known)]
            new += [looks.in_words(look) for look in looks.beyond(flags, looked)]
            said = ". ".join([cause, *new]).replace("?.", "?")
            lines.append(f"{date_format(localtime(at), 'M j, g:i A')}: {said}")
            known, looked = signs, flags
    return News(number=rows[-1][0] if rows else seen, lines=tuple(lines))
