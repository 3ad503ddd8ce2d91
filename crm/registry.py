"""What the apps above crm hang into its pages, in their AppConfig.ready(), so that crm need not know them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import models
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as noop

from crm.enums.leads import Event
from crm.fields.partial_dates import SaidDate
from crm.models import Lead, Location, Message, PatientSession, Treatment, User

MY_DAY, REVIEWS = "my_day", "reviews"  # where lists of work stand
LEDGER_CHANGED = "ledger-changed"  # a treatment was added or corrected in place

Render = Callable[[HttpRequest, Lead], str]
RenderList = Callable[[HttpRequest], tuple[str, set[UUID]]]
Around = Callable[[list[str]], AbstractContextManager[None]]
Listener = Callable[[Lead, "DomainEvent"], None]
Question = Callable[[list[UUID]], set[UUID]]
# Called with the admin site, the request, the lead's id and whatever else the pattern names.
DeskView = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Panel:
    """A box on a page. `render` returns safe HTML, or "" to leave the box out."""

    area: str
    title: str
    permission: str
    render: Render
    order: int
    at_once: bool = False
    again_after: str = ""

    @property
    def key(self) -> str:
        """Its name in an address."""
        return slugify(self.title)


_panels: list[Panel] = []


def panel(
    area: str,
    *,
    title: str,
    permission: str,
    render: Render,
    order: int = 100,
    at_once: bool = False,
    again_after: str = "",
) -> None:
    """Hangs a panel into an area ("lead"). Shown to users with `permission`, lowest order first.

    On the page of a lead it is fetched when it comes into view; `at_once` for what must be seen before anything is
    done, and asks at most two questions. `again_after` names what on the page makes it outdated (LEDGER_CHANGED)."""
    _panels.append(Panel(area, title, permission, render, order, at_once, again_after))


def panels(area: str) -> list[Panel]:
    return sorted((entry for entry in _panels if entry.area == area), key=lambda entry: (entry.order, entry.title))


def filled_panels(area: str, request: HttpRequest, lead: Lead) -> list[tuple[str, str]]:
    """Return (title in the reader's language, safe HTML) of each panel that has something to show of a lead. Areas of
    the private page are "patient", its first page, and "warning", what stands above everything on each of its pages."""
    rendered = ((gettext(entry.title), entry.render(request, lead)) for entry in panels(area))
    return [(title, html) for title, html in rendered if html]


@dataclass(frozen=True)
class Route:
    """A page of the desk below the page of one lead. `permission`: one name, or several between blanks, all needed."""

    pattern: str
    view: DeskView
    permission: str
    name: str


_routes: list[Route] = []


def route(pattern: str, view: DeskView, *, permission: str, name: str) -> None:
    """Hangs a page below /admin/crm/lead/<id>/, for users with `permission` (several between blanks: with all of them);
    reversed as admin:<name>."""
    _routes.append(Route(pattern, view, permission, name))


def routes() -> list[Route]:
    return list(_routes)


@dataclass(frozen=True)
class PersonalData:
    """A model that holds something about a person. `fields` go into the person's copy; without any, `why_not` says
    why nothing does. `order` are the columns that say what came first. `left_out` are the columns of the model that are
    not in the copy, by why."""

    model: type[models.Model]
    path: str
    title: str
    fields: tuple[str, ...]
    order: tuple[str, ...]
    why_not: str
    left_out: dict[str, tuple[str, ...]]
    only: models.Q
    nobody: dict[str, str]
    more: "More | None"


EVERY_ROW = models.Q()
More = Callable[[Any], dict[str, Any]]  # of one row of the model
_personal_data: list[PersonalData] = []


# Why a column is in nobody's copy.
STAFF = "Who of our staff did it."
HANDLING = "How we handle it; it says nothing about you."
REPEATED = "It repeats what is in the copy already."
KEY = "A key, or the number of a row."
YOU = noop("You")  # who it was, where no member of staff is named


def personal_data(
    model: type[models.Model],
    *,
    path: str,
    title: str = "",
    fields: str = "",
    order: str = "",
    why_not: str = "",
    left_out: dict[str, str] | None = None,
    only: models.Q = EVERY_ROW,
    nobody: dict[str, str] | None = None,
    more: More | None = None,
) -> None:
    """Says how a model reaches its Lead (`path`, a lookup), and which fields (names between blanks) belong into the
    copy that the person may ask for, oldest first by `order`; `left_out` are the others, {why: names between blanks},
    and `only` leaves rows out. `nobody` says whom a column means that names no member of staff; `more` adds what no
    column holds, in the language in force. The key of a row and the column that leads to the person go without saying.
    tests/crm/patient_portal/test_personal_data.py finds models and columns that are missing here."""
    others = {why: tuple(names.split()) for why, names in (left_out or {}).items()}
    told, first = tuple(fields.split()), tuple(order.split())
    _personal_data.append(PersonalData(model, path, title, told, first, why_not, others, only, nobody or {}, more))


def personal_data_of_all() -> list[PersonalData]:
    return list(_personal_data)


@dataclass(frozen=True)
class DomainEvent:
    """Something that happened to a lead. `key` tells it from every other one of its kind: told twice, it is one.
    `facts`: what its listeners can no longer read from the lead."""

    event: Event
    now: datetime
    key: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


_listeners: dict[Event, list[Listener]] = defaultdict(list)


_once_a_press: set[Listener] = set()


def listen(events: Iterable[Event], listener: Listener, *, once_a_press: bool = False) -> None:
    """Have `listener` called for these events, inside the transaction in which they happen (crm/leads/events.py).
    `once_a_press`: it looks at the whole record, so that of several events of one press the last one is enough."""
    for event in events:
        _listeners[event].append(listener)
    if once_a_press:
        _once_a_press.add(listener)


def is_once_a_press(listener: Listener) -> bool:
    return listener in _once_a_press


def listeners(event: Event) -> list[Listener]:
    return _listeners[event]


@dataclass(frozen=True)
class Basis:
    """What a decision about a lead stands on. `number` grows with whatever the record becomes; `signs` are the warning
    signs in it, as codes and in `words`, with those that were reported and taken back before a decision had covered
    them; `uncovered` those that a clinician's review has still to cover."""

    number: int = 0
    signs: tuple[str, ...] = ()
    uncovered: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class News:
    """What came since a number: the newest one, and one line each."""

    number: int = 0
    lines: tuple[str, ...] = ()


_basis: list[
    tuple[Callable[[Lead], Basis], Callable[[dict[UUID, int]], dict[UUID, News]], Callable[[Lead], tuple[str, ...]]]
] = []


def judged(
    basis: Callable[[Lead], Basis],
    news: Callable[[dict[UUID, int]], dict[UUID, News]],
    otherwise: Callable[[Lead], tuple[str, ...]],
) -> None:
    """Hang in what decisions stand on, what came to leads since a number of each, and which decisions against the rules
    count or wait, in words; the last two in one query each."""
    _basis[:] = [(basis, news, otherwise)]


def basis_of(lead: Lead) -> Basis:
    return _basis[0][0](lead) if _basis else Basis()


def decided_otherwise(lead: Lead) -> tuple[str, ...]:
    """Return the decisions against the rules that count for a lead or wait for a second person, in words."""
    return _basis[0][2](lead) if _basis else ()


def news_since(seen: dict[UUID, int]) -> dict[UUID, News]:
    return _basis[0][1](seen) if _basis and seen else {}


_unread: list[Callable[[Lead], bool]] = []


def reading(has_unread_sign: Callable[[Lead], bool]) -> None:
    """Hang in whether an emergency sign of a lead was sent and is not in the record yet, in one query."""
    _unread[:] = [has_unread_sign]


def has_unread_sign(lead: Lead) -> bool:
    """Return whether one waits; False where nothing is hung in."""
    return bool(_unread) and _unread[0](lead)


_asked: list[Callable[[Lead, list[Treatment]], None]] = []


def asked(mark: Callable[[Lead, list[Treatment]], None]) -> None:
    """Hang in what marks the treatments of a lead of which the patient was never asked more; in one query."""
    _asked[:] = [mark]


def mark_unasked(lead: Lead, treatments: list[Treatment]) -> None:
    """Set `is_unasked` on those of them of which what is empty was never asked."""
    for mark in _asked:
        mark(lead, treatments)


_dated: list[Callable[[Lead], list[tuple[str, SaidDate]]]] = []


def dated(dates: Callable[[Lead], list[tuple[str, SaidDate]]]) -> None:
    """Hang in which dates a lead has told in answers, each with its question; in one query."""
    _dated[:] = [dates]


def dates_told(lead: Lead) -> list[tuple[str, SaidDate]]:
    """Return the dates among the answers of a lead; none where nothing is hung in."""
    return _dated[0](lead) if _dated else []


_writers: dict[str, Callable[[Message], None]] = {}


def writer(name: str, write: Callable[[Message], None]) -> None:
    """Has the mails of this name written when they leave, whatever they said when they were planned: `write` fills in
    subject, text and HTML, and saves nothing."""
    _writers[name] = write


def writer_of(name: str) -> Callable[[Message], None] | None:
    return _writers.get(name)


_choices: dict[str, list[tuple[str, str]]] = {}


def choices(name: str, values: Iterable[tuple[str, str]]) -> None:
    """Says which values a column takes that only an upper app knows, such as how_heard."""
    _choices[name] = list(values)


def choices_of(name: str) -> list[tuple[str, str]]:
    return _choices.get(name, [])


_words: dict[str, Callable[[str], str]] = {}


def words(name: str, in_words: Callable[[str], str]) -> None:
    """Says how the codes of a column are read that only an upper app knows, in the language in force."""
    _words[name] = in_words


def words_for(name: str) -> Callable[[str], str] | None:
    return _words.get(name)


Reader = Callable[[str, list[str]], tuple[str, str] | None]
_readers: list[Reader] = []


def reader(read: Reader) -> None:
    """Have what a form of the private page sent said in words, where it comes back unstored. `read` takes the name of a
    field and what was sent in it, and returns question and answer, or None for a field that it does not know."""
    _readers.append(read)


def in_words(name: str, values: list[str]) -> tuple[str, str] | None:
    """Return question and answer of a field that was sent; None for one that nobody has typed in."""
    return next((found for read in _readers if (found := read(name, values))), None)


@dataclass(frozen=True)
class Worklist:
    """A list of work on My day, or in the clinicians' queue. `render` returns safe HTML, "" when there is nothing, and
    whom it shows."""

    title: str
    permission: str
    render: RenderList
    order: int
    area: str = MY_DAY


_worklists: list[Worklist] = []


def worklist(*, title: str, permission: str, render: RenderList, order: int = 100, area: str = MY_DAY) -> None:
    """Hang a list into My day, or another area, for users with `permission`; one query each."""
    _worklists.append(Worklist(title, permission, render, order, area))


def worklists(area: str = MY_DAY) -> list[Worklist]:
    found = [entry for entry in _worklists if entry.area == area]
    return sorted(found, key=lambda entry: (entry.order, entry.title))


Waiting = Callable[[User], dict[str, int]]
_waiting: list[Waiting] = []


def waiting(count: Waiting) -> None:
    """Hang into the sidebar how much waits. `count` returns {the name that a link has in crm/desk/site.py: how many},
    of what this person may see."""
    _waiting.append(count)


def waiting_for(user: User) -> dict[str, int]:
    """Return how much waits for a person by link, counted now."""
    return {name: number for count in _waiting for name, number in count(user).items()}


Table = tuple[str, list[tuple[str, str]]]  # (title, [(what, how much)])
_figures: list[tuple[int, Callable[[User], list[Table]]]] = []


def figures(tables: Callable[[User], list[Table]], *, order: int = 100) -> None:
    """Hangs tables of numbers into the page of figures, of the locations that somebody works for. They name no
    person."""
    _figures.append((order, tables))


def figures_of_all(user: User) -> list[Table]:
    """Every table, asked for now."""
    return [table for _order, tables in sorted(_figures, key=lambda entry: entry[0]) for table in tables(user)]


Work = Callable[[datetime], int]
_due: list[Work] = []


def due(work: Work) -> None:
    """Have every sweep call `work` with the present (crm/periodic.py). Each row that it looks after is claimed first:
    any number may run at once."""
    _due.append(work)


def due_of_all() -> list[Work]:
    return list(_due)


_stories: list[Callable[[datetime], None]] = []


def demo(story: Callable[[datetime], None]) -> None:
    """Adds an upper app's part to `manage.py demo`: called with the present, when the people are there."""
    _stories.append(story)


def demo_stories() -> list[Callable[[datetime], None]]:
    return list(_stories)


Referring = Callable[[str], Iterable[UUID]]
_references: list[Referring] = []


def reference(leads_of: Referring) -> None:
    """Have the desk find leads by references that only an upper app knows. `leads_of` takes one such as "7KQF-M2WX" and
    returns ids of leads, best as a queryset of them."""
    _references.append(leads_of)


def references() -> list[Referring]:
    return list(_references)


_proofs: list[Callable[[PatientSession, datetime], None]] = []


def proof(follow: Callable[[PatientSession, datetime], None]) -> None:
    """Have `follow` called when somebody has shown who they are on the private page, in that transaction."""
    _proofs.append(follow)


def tell_proof(session: PatientSession, *, now: datetime) -> None:
    for follow in _proofs:
        follow(session, now)


_places: list[Around] = []


def place(around: Around) -> None:
    """Have `around` entered whenever the desk saves a location; it adds what the desk should know of to its list."""
    _places.append(around)


@contextmanager
def saving_place() -> Iterator[list[str]]:
    """Have everybody follow a location that is saved inside. Yields the list of what they say, filled at the end."""
    said: list[str] = []
    with ExitStack() as all_around:
        for around in _places:
            all_around.enter_context(around(said))
        yield said


_new_addresses: list[Callable[[Location, User, datetime], str]] = []


def new_address(tell: Callable[[Location, User, datetime], str]) -> None:
    """Have `tell` called, with who did it and when, once a location is at another address; it returns what the desk
    should know, or ""."""
    _new_addresses.append(tell)


def tell_of_new_address(location: Location, *, by: User, now: datetime) -> list[str]:
    """Tell everybody whom it concerns that a location is at another address, which is saved. Return their words."""
    return [words for tell in _new_addresses if (words := tell(location, by, now))]


@dataclass(frozen=True)
class Invitation:
    """Something of ours in a person's calendar. `words`: what it is, for staff. `waits`: it is still to come, at the
    time that they were told. `accept` is called with the present when they say that they will be there."""

    lead_id: UUID
    words: str
    waits: bool
    accept: Callable[[datetime], None]


_invitations: list[Callable[[str, int | None], Invitation | None]] = []


def invitations(find: Callable[[str, int | None], Invitation | None]) -> None:
    """Have answers of calendars understood. `find` takes the UID and the SEQUENCE (None: not said) of an entry."""
    _invitations.append(find)


def invitation(uid: str, sequence: int | None) -> Invitation | None:
    """Return what of ours stands in calendars under this UID; None for nothing."""
    return next((found for find in _invitations if uid and (found := find(uid, sequence))), None)


_conditions: dict[str, Question] = {}


def condition(name: str, question: Question) -> None:
    """Adds a condition for sequences (crm/followups/conditions.py): of many leads it returns those for which it
    holds."""
    _conditions[name] = question


def conditions() -> dict[str, Question]:
    return dict(_conditions)
