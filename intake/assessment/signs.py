"""Warning signs in the record of a lead: which there are, which no decision has covered, and what is new since one.

A sign stands here as it was ticked: "B5", or "unsure_B5". docs/decisions/0027-what-a-decision-covers.md tells why.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.formats import date_format
from django.utils.timezone import localtime

from crm.models import HoldClearing, Lead, ReviewDecision
from crm.registry import Basis, News
from intake.assessment import answer_history, repeated_signs, review_facts
from intake.models import Assessment, Unproven, UnprovenRequest
from intake.questionnaire import SIGNS
from intake.rules.candidacy import emergency_signs, review_signs
from intake.rules.snapshot import Snapshot

type _Row = tuple[int, datetime, str, list[str], list[str]]
type _Since = dict[int, _Was]

UNSURE = "unsure_"
WHAT_NEWS_SHOWS = ("lead_id", "number", "at", "cause", "signs", "flags")


@dataclass(frozen=True)
class _Cover:
    """A decision: the number of the assessment that its form showed, and which signs it covers."""

    seen: int
    signs: frozenset[str]
    at: datetime


@dataclass(frozen=True)
class _Was:
    """What an assessment knew."""

    at: datetime
    signs: list[str]
    flags: list[str]


def of_snapshot(snapshot: Snapshot) -> list[str]:
    """Return the signs that fire R1 or R2, whichever rule decides."""
    answers = snapshot.answers
    fired = [*emergency_signs(answers), *review_signs(answers)]
    return [code if answers.red_flags[code] == "yes" else f"{UNSURE}{code}" for code in fired]


def of_answers(answers: dict[str, Any], *, lead: Lead, now: datetime) -> list[str]:
    """Return the signs that answers tell by themselves, whatever else is on record. `lead`: whom they name. No query
    beyond its location."""
    return of_snapshot(answer_history.make_snapshot(answers, lead=lead, now=now))


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
    told_anew = repeated_signs.signs_beyond(made.flags, known.flags)
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
    covers = _covers(lead)
    return _uncovered(made, covers, _since(lead, min((one.seen for one in covers), default=made.number)))


def _uncovered(made: Assessment, covers: list[_Cover], since: _Since) -> list[str]:
    return [sign for sign in made.signs if not any(_knew(sign, made.number, one, since) for one in covers)]


def unknown_to(decision: ReviewDecision, made: Assessment) -> list[str]:
    """Return those of an assessment that a decision did not know: they came later, were gone in between, or were told
    anew. One query."""
    since = _since(decision.lead, decision.seen)
    knew = _Cover(decision.seen, frozenset(decision.signs), decision.at)
    return [sign for sign in made.signs if not _knew(sign, made.number, knew, since)]


def _covers(lead: Lead) -> list[_Cover]:
    """Return what clinicians have decided about of block B, and have lifted a hold for of block A. Two queries."""
    decided = ReviewDecision.objects.in_force().filter(lead=lead).values_list("seen", "signs", "at")
    cleared = HoldClearing.objects.filter(lead=lead).values_list("seen", "signs", "at")
    of_reviews = [_Cover(seen, frozenset(s for s in signs if not is_emergency(s)), at) for seen, signs, at in decided]
    of_holds = [_Cover(seen, frozenset(s for s in signs if is_emergency(s)), at) for seen, signs, at in cleared]
    return of_reviews + of_holds


def _since(lead: Lead, number: int) -> _Since:
    """Return each assessment from a number on. One query."""
    found = Assessment.objects.filter(lead=lead, number__gte=number).order_by("number")
    rows = found.values_list("number", "at", "signs", "flags")
    return {number: _Was(at, signs, flags) for number, at, signs, flags in rows}


def _knew(sign: str, number: int, cover: _Cover, since: _Since) -> bool:
    """Return whether a decision knew a sign of the assessment of this number. What it covered though it had been taken
    back by then, and comes again, it did not know."""
    then = since.get(cover.seen)
    if beyond([sign], cover.signs) or _code(sign) in repeated_signs.signs_beyond(
        since[number].flags, then.flags if then else []
    ):
        return False
    return all(_is_there(sign, was.signs) for later, was in since.items() if cover.seen <= later <= number)


def _is_there(sign: str, signs: Iterable[str]) -> bool:
    """Tell whether a sign is there, sure or not: somebody who is less sure now has not said that it is over."""
    code = sign.removeprefix(UNSURE)
    return code in signs or f"{UNSURE}{code}" in signs


def basis(lead: Lead) -> Basis:
    """Return what a decision about a lead stands on now: the signs of the record, and those that were reported and
    taken back before a decision had covered them. At most six queries."""
    latest = Assessment.objects.filter(lead=lead).defer("snapshot").order_by("-number").first()
    if latest is None:
        return Basis()
    covers, since = _covers(lead), _since(lead, 0)
    gone = _taken_back(latest, covers, since) | _of_reports(latest, covers, since)
    open_signs = [*_uncovered(latest, covers, since), *gone]
    return Basis(
        number=latest.number,
        signs=(*latest.signs, *gone),
        uncovered=tuple(sign for sign in open_signs if not is_emergency(sign)),
        words=(
            *map(in_words, latest.signs),
            *(f"{in_words(sign)}: told {_day(at)}, no longer on record" for sign, at in gone.items()),
            *_flags_in_words(latest.flags, ()),
        ),
    )


def _taken_back(latest: Assessment, covers: list[_Cover], since: _Since) -> dict[str, datetime]:
    """Return the signs that stood before and that nobody had decided about, each as it stood last, and when."""
    last = {_code(sign): (sign, number) for number, was in since.items() for sign in was.signs}
    return {
        sign: since[number].at
        for sign, number in last.values()
        if not _is_there(sign, latest.signs) and not any(_knew(sign, number, one, since) for one in covers)
    }


def _of_reports(latest: Assessment, covers: list[_Cover], since: _Since) -> dict[str, datetime]:
    """Return the same of requests that were taken over: what a later answer had taken back by then never stood in the
    record."""
    taken_over = UnprovenRequest.objects.filter(lead=latest.lead_id, state=Unproven.TAKEN_OVER)
    return {
        sign: waits.at
        for waits in taken_over.select_related("lead__location").prefetch_related("submissions")
        for sign in of_report(waits)
        if waits.decided_at
        and not _stood(sign, waits.decided_at, since)
        and not any(one.at >= waits.decided_at and not beyond([sign], one.signs) for one in covers)
    }


def _stood(sign: str, at: datetime, since: _Since) -> bool:
    """Return whether a sign stood in the record at a moment, or came later."""
    before = [was for was in since.values() if was.at < at]
    later = [was for was in since.values() if was.at >= at]
    return any(_is_there(sign, was.signs) for was in [*before[-1:], *later])


def of_report(waits: UnprovenRequest) -> list[str]:
    """Return every sign that was named with a request, on whichever of its pages. No query where its submissions are
    at hand."""
    found: dict[str, None] = {}
    for sent in sorted(waits.submissions.all(), key=lambda one: (one.at, one.pk)):
        found |= dict.fromkeys(of_answers(sent.answers, lead=waits.lead, now=sent.at))
    return list(found)


def _day(at: datetime) -> str:
    return date_format(localtime(at), "M j, Y")


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
    """Return what is new in one lead's assessments, which begin with the one that was seen."""
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
    told_anew = map(repeated_signs.in_words, repeated_signs.beyond(flags, known))
    return [*told_anew, *map(review_facts.in_words, review_facts.beyond(flags, known))]
