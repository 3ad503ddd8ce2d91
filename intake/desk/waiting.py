"""What came in beside the pipeline and waits for a person: questions, and requests that were held back."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Case, Count, Min, Value, When
from django.http import HttpRequest
from django.template.loader import render_to_string

from crm import registry
from crm.admin.lead.page import user_of
from crm.models import User
from crm.models.lead import visible_q
from intake.models import Quarantine, QuarantinedRequest, Question

QUESTIONS, DOUBTFUL, HELD = "questions", "doubtful", "held"


@dataclass(frozen=True)
class Heap:
    """How many wait, and since when the oldest of them."""

    count: int
    since: datetime


def register() -> None:
    """Register the counts of what waits and the worklist with crm; called once, when the app is ready."""
    registry.waiting(counts)
    registry.worklist(title="Questions and held requests", permission="intake.view_question", render=on_my_day, order=5)


def counts(user: User) -> dict[str, int]:
    """Return how many questions and held requests wait, each for whoever may see them. One query at most."""
    seen = {QUESTIONS: "intake.view_question", HELD: "intake.view_quarantinedrequest"}
    names = [name for name, permission in seen.items() if user.has_perm(permission)]
    found = heaps(user) if names else {}
    return {name: found[name].count if name in found else 0 for name in names}


def on_my_day(request: HttpRequest) -> tuple[str, set[UUID]]:
    """Return how many wait and since when, and nobody by name."""
    found = heaps(user_of(request))
    if not request.user.has_perm("intake.view_quarantinedrequest"):
        found.pop(HELD, None)
    return render_to_string("intake/desk/worklist_waiting.html", found) if found else "", set()


def heaps(user: User) -> dict[str, Heap]:
    """Return what waits at the locations that somebody works for, without the empty heaps. One query."""
    asked = Case(When(reasons=[], then=Value(QUESTIONS)), default=Value(DOUBTFUL))
    questions = Question.objects.filter(visible_q(user), answered_at=None).annotate(heap=asked)
    held = QuarantinedRequest.objects.filter(visible_q(user), state=Quarantine.HELD).annotate(heap=Value(HELD))
    each = [rows.order_by().values_list("heap").annotate(Count("pk"), Min("at")) for rows in (questions, held)]
    return {heap: Heap(count, since) for heap, count, since in each[0].union(each[1], all=True) if count}
