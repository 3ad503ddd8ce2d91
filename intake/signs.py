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
from intake import anew, looks, record
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


def since(made: Assessment, known: Assessment) -> list[str]:
    """Return those of an assessment that an earlier one did not know, or that were told anew since."""
    told_anew = anew.signs_beyond(made.flags, known.flags)
    fresh = {*beyond(made.signs, known.signs), *(sign for sign in made.signs if _code(sign) in told_anew)}
    return [sign for sign in made.signs if sign in fresh]


def _code(sign: str) -> str:
    return sign.removeprefix(UNSURE)


def in_words(sign: str) -> str:
    code = sign.removeprefix(UNSURE)
    return f"{SIGNS.get(code, code)} ({code}{', not sure' if sign != code else ''})"


def uncovered(lead: Lead, made: Assessment) -> list[str]:
    """Return those of an assessment that no decision has covered: none knew them, they were gone in between and came
    again, or they were told anew since. No query without signs, else three."""
    if not made.signs:
        return []
    decided = ReviewDecision.objects.in_force().filter(lead=lead).values_list("seen", "signs")
    cleared = HoldClearing.objects.filter(lead=lead).values_list("seen", "signs")
    covers = [(seen, {sign for sign in signs if not is_emergency(sign)}) for seen, signs in decided]
    covers += [(seen, {sign for sign in signs if is_emergency(sign)}) for seen, signs in cleared]
    since = _since(lead, min((seen for seen, _signs in covers), default=made.number))
    return [sign for sign in made.signs if not any(_knew(sign, made, seen, signs, since) for seen, signs in covers)]


def unknown_to(decision: ReviewDecision, made: Assessment) -> list[str]:
    """Return those of an assessment that a decision did not know: they came later, were gone in between, or were told
    anew. One query."""
    since = _since(decision.lead, decision.seen)
    return [sign for sign in made.signs if not _knew(sign, made, decision.seen, decision.signs, since)]


def _since(lead: Lead, number: int) -> dict[int, tuple[list[str], list[str]]]:
    """Return {number: (signs, flags)} of an assessment and of each later one. One query."""
    found = Assessment.objects.filter(lead=lead, number__gte=number).values_list("number", "signs", "flags")
    return {number: (signs, flags) for number, signs, flags in found}


def _knew(
    sign: str, made: Assessment, seen: int, signs: Iterable[str], since: dict[int, tuple[list[str], list[str]]]
) -> bool:
    """Return whether a decision that covers `signs`, made on the assessment number `seen`, knew a sign of `made`."""
    _signs, flags = since.get(seen, ([], []))
    if beyond([sign], signs) or _code(sign) in anew.signs_beyond(made.flags, flags):
        return False
    return all(_is_there(sign, there) for later, (there, _flags) in since.items() if later > seen)


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
        words=(*map(in_words, latest.signs), *_flags_in_words(latest.flags, ())),
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
            new += _flags_in_words(flags, looked)
            said = ". ".join([cause, *new]).replace("?.", "?")
            lines.append(f"{date_format(localtime(at), 'M j, g:i A')}: {said}")
            known, looked = signs, flags
    return News(number=rows[-1][0] if rows else seen, lines=tuple(lines))


def _flags_in_words(flags: list[str], known: Iterable[str]) -> list[str]:
    """Return those of `flags` that a clinician has to know and that are not among `known`, in words."""
    told_anew = map(anew.in_words, anew.beyond(flags, known))
    return [*told_anew, *map(looks.in_words, looks.beyond(flags, known))]
