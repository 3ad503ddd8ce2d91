"""Which decision against the rules counts for a lead, until when, and when a person is asked about one.

One that lowers, or changes without raising, ends by itself as soon as it rests on something else: a sign that it did
not know, or another rule. One that raised the urgency holds until people end it. docs/decisions/0027 tells why.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime

from crm.enums.leads import ActivityKind, Outcome, TaskKind
from crm.leads import tasks
from crm.models import Activity, Lead, Task, User
from crm.values import opening_hours
from intake.assessment import signs
from intake.models import Assessment, Override

LOOK_AGAIN = "Look again at a decision against the rules"
FOLLOWED = "Another decision followed."
RULES_AGAIN = "The rules count again."


@dataclass(frozen=True)
class Standing:
    """Of a lead: the decision that counts, and the one that waits for a second person."""

    counting: Override | None = None
    waiting: Override | None = None

    def outcome(self, assessment: Assessment) -> Outcome:
        """Return what counts beside an assessment. One that raised the urgency never hides rules that say more."""
        rules = Outcome(assessment.outcome)
        if self.counting is None:
            return rules
        decided = Outcome(self.counting.outcome)
        return rules if self.counting.raises and rules.urgency > decided.urgency else decided


def of(lead: Lead) -> Standing:
    """Return the decisions about a lead that have not ended. One query."""
    found = Override.objects.standing().filter(assessment__lead=lead)
    rows = list(found.select_related("assessment", "by", "approved_by").defer("assessment__snapshot"))
    return Standing(
        next((one for one in rows if one.is_in_force), None), next((one for one in rows if not one.is_in_force), None)
    )


def latest(lead: Lead) -> Override | None:
    """Return the decision about a lead that was made last, whether it counts or not. One query."""
    found = Override.objects.filter(assessment__lead=lead).select_related("by", "assessment")
    return found.defer("assessment__snapshot").order_by("-entry").first()


def in_words(made: Override | None) -> str:
    """Return who has decided what, and why; "" for none."""
    return f"{made.by} decided: {made.get_outcome_display()}. {made.reason}" if made else ""


def told(lead: Lead) -> tuple[str, ...]:
    """Return the decisions that count or wait, for whoever lifts the hold under which they rest. One query."""
    standing = of(lead)
    return tuple(
        f"{in_words(one)} ({date_format(localtime(one.at), 'M j, Y')}, against rule {one.assessment.rule}"
        f"{'' if one.is_in_force else ', waits for a second person'})"
        for one in (standing.counting, standing.waiting)
        if one
    )


def follow(lead: Lead, made: Assessment, *, now: datetime) -> Standing:
    """Let the decisions about a lead follow a new assessment: those end that rest on something else now, and a person
    is asked, unless the rules have arrived at what was decided."""
    standing = of(lead)
    counting, waiting = standing.counting, standing.waiting
    if counting and counting.raises:
        if counting.outcome != made.outcome:
            _ask(lead, counting, about=str(made.number), now=now)
    elif counting and (why := outdated(counting, made)):
        end(counting, because=why, now=now)
        _tell(lead, counting, made, why, now=now)
        counting = None
    if waiting and (why := outdated(waiting, made)):
        end(waiting, because=why, now=now)
        _tell(lead, waiting, made, why, now=now)
        waiting = None
    return Standing(counting, waiting)


def outdated(one: Override, made: Assessment) -> str:
    """Return why a decision does not know what it stands on any more; "" while it does."""
    against = one.assessment
    if new := signs.since(made, against):
        return f"A warning sign came: {', '.join(signs.in_words(sign) for sign in new)}."
    return f"Rule {made.rule} decides now, not {against.rule}." if made.rule != against.rule else ""


def end(one: Override, *, because: str, now: datetime, by: User | None = None) -> None:
    """End a decision, by a person or by itself."""
    one.ended_at, one.ended_because, one.ended_by = now, because[:400], by
    one.save(update_fields=["ended_at", "ended_because", "ended_by"])


def settle(lead: Lead, *, by: User, now: datetime) -> None:
    """Close what asked to look again: somebody has decided."""
    Task.objects.open().filter(lead=lead, key__startswith="override:").update(done_at=now, done_by=by)


def _tell(lead: Lead, one: Override, made: Assessment, why: str, *, now: datetime) -> None:
    summary = f"{one.get_outcome_display()}: the decision {'counts' if one.is_in_force else 'waits'} no longer"
    Activity.objects.create(lead=lead, kind=ActivityKind.OUTCOME, at=now, summary=summary, note=why)
    if one.outcome != made.outcome:
        _ask(lead, one, about="ended", now=now)


def _ask(lead: Lead, one: Override, *, about: str, now: datetime) -> None:
    """Ask to look again, by one open task a decision. Titles are read by roles that may not read outcomes."""
    key: Any = f"override:{one.pk}:"
    if Task.objects.open().filter(lead=lead, key__startswith=key).exists():
        return
    center = lead.location
    due = opening_hours.end_of_next_day(now, hours=center.hours, holidays=center.holidays, zone=center.zone)
    tasks.open_task(lead, kind=TaskKind.OTHER, title=LOOK_AGAIN, due_at=due, key=f"{key}{about}")
