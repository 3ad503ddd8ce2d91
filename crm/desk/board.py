"""The board: leads by stage, the newest in each stage first, a page of a column at a time.

No row is counted beyond MOST_COUNTED and none is skipped over: with a million leads a page costs what it costs with a
thousand. Stages beside the line, where most leads end, show what came there in the last 90 days.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery

from crm.enums.leads import SIDE_STAGES, Stage
from crm.leads import search, stages
from crm.leads.stages import Age
from crm.models import Lead, StageRule, Task, User

PAGE, MOST_COUNTED, MOST_FOUND = 20, 200, 500
RECENT = timedelta(days=90)


@dataclass(frozen=True)
class Filters:
    """Narrow what the board shows: `owner` is "mine", "none" or "" for all, the others a value or "".
    `q`: as in the list."""

    owner: str = ""
    location: str = ""
    language: str = ""
    source: str = ""
    outcome: str = ""
    region: str = ""
    tag: str = ""
    q: str = ""

    @classmethod
    def read(cls, given: Any, *, besides: Collection[str] = ()) -> "Filters":
        """Read filters from a query string, without those that this person may not use (`besides`)."""
        names = set(cls.__dataclass_fields__) - set(besides)
        return cls(**{name: str(given.get(name, ""))[:60] for name in names})

    def wanted(self, user: User) -> Q:
        """Return what a card has to match. Runs one query when somebody is looked for: at most MOST_FOUND are shown."""
        wanted = Q()
        if self.q:
            found = search.matching(Lead.objects.visible_to(user), self.q).order_by("-stage_since", "-pk")
            wanted &= Q(pk__in=list(found.values_list("pk", flat=True)[:MOST_FOUND]))
        if self.owner == "mine":
            wanted &= Q(owner=user)
        elif self.owner == "none":
            wanted &= Q(owner=None)
        if self.location and _is_uuid(self.location):
            wanted &= Q(location=self.location)
        if self.region:
            wanted &= Q(state=self.region)
        if self.tag:
            wanted &= Q(tags__contains=[self.tag])
        names = {"language": self.language, "how_heard": self.source, "outcome": self.outcome}
        return wanted & Q(**{name: value for name, value in names.items() if value})

    @property
    def any(self) -> bool:
        return any(getattr(self, name) for name in self.__dataclass_fields__)


@dataclass(frozen=True)
class Card:
    lead: Lead
    age: Age
    next_due: datetime | None


@dataclass(frozen=True)
class BoardColumn:
    """A stage with its cards. `after`: where the next page begins, "" at the end. `count`: None for a single page."""

    rule: StageRule
    cards: list[Card] = field(default_factory=list)
    after: str = ""
    count: int | None = None

    @property
    def goals(self) -> list[tuple[str, str]]:
        """Return the stages where its cards may go."""
        return stages.goals_of(self.rule.stage)

    @property
    def count_in_words(self) -> str:
        return f"{MOST_COUNTED}+" if (self.count or 0) > MOST_COUNTED else str(self.count)


def columns(user: User, filters: Filters, *, now: datetime) -> list[BoardColumn]:
    """Return every column with its first cards. Runs three queries, four when somebody is looked for."""
    rules, wanted = stages.rules(), filters.wanted(user)
    shown = {stage: _in_stage(stage, user, wanted, now=now) for stage in rules}
    by_stage = _first_cards(list(shown.values()), now=now)
    counts = _counts(list(shown.values()))
    return [_column(rule, by_stage.get(stage, []), count=counts[stage.value]) for stage, rule in rules.items()]


def column(user: User, filters: Filters, stage: Stage, after: str, *, now: datetime) -> BoardColumn:
    """Return the next page of one column; an unreadable `after` begins anew. Runs one query, two when somebody is
    looked for."""
    leads = _in_stage(stage, user, filters.wanted(user), now=now)
    if position := _position(after):
        since, pk = position
        leads = leads.filter(Q(stage_since__lt=since) | Q(stage_since=since, pk__lt=pk))
    found = _with_cards(leads.order_by("-stage_since", "-pk")[: PAGE + 1])
    return _column(stages.rules()[stage], [_card(lead, now=now) for lead in found])


def _in_stage(stage: Stage, user: User, wanted: Q, *, now: datetime) -> QuerySet[Lead]:
    leads = Lead.objects.filter(stage=stage).visible_to(user)
    if stage in SIDE_STAGES or stage == Stage.PATIENT:
        leads = leads.filter(stage_since__gt=now - RECENT)
    return leads.filter(wanted)


def _first_cards(parts: list[QuerySet[Lead]], *, now: datetime) -> dict[Stage, list[Card]]:
    pages = [part.order_by("-stage_since", "-pk").values_list("pk", flat=True)[: PAGE + 1] for part in parts]
    ids = list(pages[0].union(*pages[1:], all=True)) if pages else []
    found: dict[Stage, list[Card]] = {}
    for lead in _with_cards(Lead.objects.filter(pk__in=ids).order_by("-stage_since", "-pk")):
        found.setdefault(Stage(lead.stage), []).append(_card(lead, now=now))
    return found


def _with_cards(leads: QuerySet[Lead]) -> QuerySet[Lead]:
    tasks = Task.objects.open().filter(lead=OuterRef("pk")).order_by("due_at").values("due_at")[:1]
    return leads.select_related("owner").annotate(next_due=Subquery(tasks))


def _counts(parts: list[QuerySet[Lead]]) -> Counter[str]:
    """Return how many leads stand in each stage, counting no further than one beyond MOST_COUNTED."""
    bits = [part.order_by().values_list("stage", flat=True)[: MOST_COUNTED + 1] for part in parts]
    return Counter(bits[0].union(*bits[1:], all=True)) if bits else Counter()


def _card(lead: Lead, *, now: datetime) -> Card:
    return Card(lead, stages.age_of(lead.stage, lead.stage_since, now=now), lead.next_due)  # type: ignore[attr-defined]


def _column(rule: StageRule, cards: list[Card], *, count: int | None = None) -> BoardColumn:
    shown, last = cards[:PAGE], cards[PAGE - 1].lead if len(cards) > PAGE else None
    after = f"{last.stage_since.isoformat()}~{last.pk}" if last else ""
    return BoardColumn(rule, shown, after, count)


def _position(after: str) -> tuple[datetime, UUID] | None:
    since, _, pk = after.partition("~")
    try:
        return datetime.fromisoformat(since), UUID(pk)
    except ValueError:
        return None


def _is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False
