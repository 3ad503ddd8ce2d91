"""Requests in somebody's name: what staff decide about them, and what follows.

Anybody can type a name and an address. Such a request changes nothing of the record (intake/requests/actions.py) until
somebody has looked: either it was them, and counts from then on, or it was not, and stays as it is."""

from collections.abc import Collection
from datetime import datetime
from functools import partial
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import QuerySet

from crm.enums.leads import ActivityKind
from crm.errors import DomainError
from crm.leads import actions as leads
from crm.leads import events, reviews, tasks
from crm.models import Activity, Lead, PatientSession, User
from crm.models.task import FIRST_CALL
from crm.values.normalize import mailbox_key
from intake.assessment import actions as assessments
from intake.assessment import clinical_tasks, signs
from intake.models import Submission, Unproven, UnprovenRequest
from intake.requests import known_people, pending, sign_reports
from intake.requests import rows as request
from intake.requests.rows import Request

NAMED_A_SIGN = "A request was taken over: it named a warning sign"
NOTHING = UUID(int=0)  # what a page has shown that does not say
MAY_LIFT, MAY_REVIEW = "crm.clear_urgent", "crm.decide_review"

log = structlog.get_logger("nucleus.intake")


class UnprovenRefused(DomainError):
    """Somebody else has decided already, more was sent meanwhile, a reason or a choice is missing, or a clinician
    has to decide."""


class MoreWasSent(UnprovenRefused):
    """Something came with the request since the page was made."""


def waiting(lead: Lead) -> list[UnprovenRequest]:
    """Return those that wait for somebody to look, oldest first. One query."""
    found = UnprovenRequest.objects.filter(lead=lead, state=Unproven.WAITING)
    rows = list(found.prefetch_related("submissions").order_by("at", "pk"))
    for one in rows:
        one.lead = lead
    return rows


@transaction.atomic
@events.one_press()
def take_over(
    waits: UnprovenRequest,
    *,
    by: User,
    accept: Collection[str] = (),
    keeps_email: bool = False,
    seen: UUID | None = None,
    now: datetime,
) -> list[str]:
    """Take over a request, since it was them: answers, agreements, treatments and a warning sign count from now on.
    Raises UnprovenRefused.

    Wishes that are newer on record stay, and are returned by name.

    `accept`: which of the contact details that were typed otherwise replace those on record; a new e-mail address ends
    links and sessions of the former one (crm.leads.actions.correct_details). Links and codes open what counts from now
    on, so where the request does not name the address on record somebody has to say which counts: `keeps_email`, or
    "email" in `accept` for the one that was typed, and for none when none was.
    `seen`: the latest submission of the request that whoever decides had before them (`latest`), NOTHING where their
    page does not say, None without a page; what was sent since is looked at first (MoreWasSent).
    """
    held = _locked(waits, seen)
    if address_is_open(held) and keeps_email == ("email" in accept):
        raise UnprovenRefused("Choose which e-mail address counts: links and codes go there.")
    differing = {"email": ""} if address_is_open(held) else {}
    differing |= known_people.differing(held.lead, held.data)
    changes = {name: value for name, value in differing.items() if name in accept}
    _decide(held, Unproven.TAKEN_OVER, by=by, now=now)
    if changes:
        leads.correct_details(held.lead, by=by, changes=changes)
    newer = _let_count(held, now=now)
    stays = f"Newer on record, and left as they are: {in_words(newer)}." if newer else ""
    _note(held, "Request taken over: it was them", by=by, now=now, note=stays)
    return newer


@transaction.atomic
def prove(session: PatientSession, now: datetime) -> None:
    """Act on a patient who has shown who they are: what was sent from this very browser before counts from now on. What
    came in their name from elsewhere goes on waiting, and so does a report that cannot be applied: it locks nobody out.
    Contact details stay as they are on record."""
    for waits in sign_reports.sent_from(session):
        try:
            with transaction.atomic(), events.one_press():
                _let_count_as_proven(waits, session, now=now)
        except UnprovenRefused:  # somebody decides about it at this moment
            continue
        except Exception as trouble:
            log.error("report_not_applied", report=str(waits.pk), exc_info=trouble)


def _let_count_as_proven(waits: UnprovenRequest, session: PatientSession, *, now: datetime) -> None:
    held = _locked(waits, None)
    _decide(held, Unproven.TAKEN_OVER, by=None, now=now, keep=session)
    _let_count(held, now=now)
    typed = known_people.differing(held.lead, held.data)
    stays = f"Typed otherwise than on record: {in_words(sorted(typed))}." if typed else ""
    _note(held, "They have shown who they are: what they sent counts", by=None, now=now, note=stays)


def _let_count(held: UnprovenRequest, *, now: datetime) -> list[str]:
    """Let the record follow a report. Its signs are in the record then, and reviewed there; what a later answer has
    taken back since is looked at all the same."""
    told = signs_of(held)
    newer = _absorb(held, now=now)
    pending.apply_request(held, now=now)
    events.once_a_press(("signs", held.pk), partial(_see_to_signs, held, told, now=now))
    return newer


def _see_to_signs(held: UnprovenRequest, told: list[str], *, now: datetime) -> None:
    """See to the signs of a request that counts now: its own review ends when the record's opens, or when a decision
    has covered what it said. What a later answer has taken back is news for whoever decides at this moment, though the
    rules say the same."""
    latest = assessments.latest(held.lead)
    left_out = signs.beyond(told, latest.signs if latest else [])
    if left_out:
        assessments.assess(held.lead, cause=NAMED_A_SIGN, now=now, sign_told=True)
    if not all(signs.is_emergency(sign) for sign in left_out) and not reviews.is_open(held.lead):
        tasks.open_once(clinical_tasks.review(held.lead, key=f"review:{held.pk}", now=now))
    tasks.close(f"{reviews.OF_A_REPORT}{held.pk}", now=now)


def signs_of(waits: UnprovenRequest) -> list[str]:
    """Return every sign that was named with a request, on whichever of its pages. No query where its submissions are
    at hand."""
    return signs.of_report(waits)


def address_is_open(waits: UnprovenRequest) -> bool:
    """Return whether a request names another e-mail address than the one on record, or none at all: that one may be a
    stranger's who gave this person's telephone. Pages that came after a decision name nobody."""
    typed, on_record = str(waits.data.get("email") or ""), waits.lead.email
    return bool(waits.data) and mailbox_key(typed) != mailbox_key(on_record)


def _absorb(held: UnprovenRequest, *, now: datetime) -> list[str]:
    """Absorb the form, as it was sent last; pages that came after a decision have none, but may bear a warning sign."""
    if requests := _requests_of(held):
        asked, lead = _as_sent(held, requests[0]), known_people.locked(held.lead)
        return known_people.absorb(asked, lead, requests[0], alarm_raised=True, said_at=requests[-1].at)
    if held.has_sign:
        known_people.hold(held.lead, now=now)
    return []


def in_words(names: list[str]) -> str:
    """Return columns of a lead as staff read them."""
    return ", ".join(name.replace("_", " ") for name in names)


@transaction.atomic
def set_aside(waits: UnprovenRequest, *, by: User, note: str, seen: UUID | None = None, now: datetime) -> None:
    """Set aside a request that was not theirs: kept as it is, with the reason; nothing of the record changes. Raises
    UnprovenRefused.

    One with an emergency sign wants somebody who may lift a safety hold, as the hold itself does; one with a sign for
    review somebody who decides reviews.
    """
    if not note.strip():
        raise UnprovenRefused("Say how you know: the reason stays beside the request.")
    held = _locked(waits, seen)
    if not by.has_perms(_needs(held)):
        raise UnprovenRefused("It reports a warning sign: only a clinician sets it aside.")
    _decide(held, Unproven.SET_ASIDE, by=by, now=now, note=note.strip())
    calls = [f"{FIRST_CALL}{sent.pk}" for sent in _requests_of(held)]
    tasks.close(*calls, f"urgent:{held.pk}", f"{reviews.OF_A_REPORT}{held.pk}", now=now)
    for other in waiting(held.lead):  # the call that has just been closed was theirs too
        for first in _requests_of(other)[:1]:
            tasks.open_once(request.first_call(_as_sent(other, first), held.lead, first))
    _note(held, "Request set aside: not theirs", by=by, now=now)


def _needs(held: UnprovenRequest) -> list[str]:
    reported = signs_of(held)
    lifts = [MAY_LIFT] if held.has_sign or any(signs.is_emergency(sign) for sign in reported) else []
    return lifts + ([MAY_REVIEW] if any(not signs.is_emergency(sign) for sign in reported) else [])


def latest(waits: UnprovenRequest) -> UUID | None:
    """Return the id of what was sent last with a request, for `seen`."""
    return waits.submissions.order_by("-entry").values_list("pk", flat=True).first()


def _requests_of(waits: UnprovenRequest) -> list[Submission]:
    """Return the request as it was sent, and sent again; pages of the second step have no reference."""
    return list(waits.submissions.filter(reference__isnull=False).order_by("entry"))


def _as_sent(waits: UnprovenRequest, first: Submission) -> Request:
    return Request(
        form_id=first.form_id,
        data=waits.data,
        location=waits.lead.location,
        now=first.at,
        urgent=waits.has_sign,
        page=first.page,
        language=first.language,
        reference=str(first.reference),
        many=True,  # whoever is on call was told when it came
    )


def _locked(waits: UnprovenRequest, seen: UUID | None) -> UnprovenRequest:
    """Lock the lead first, as whoever lets it follow something does; then what whoever sends something more has locked,
    and what they wait for, in their order."""
    known_people.locked(waits.lead)
    list(_sessions_of(waits).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    found = UnprovenRequest.objects.select_for_update(of=("self",), no_key=True).select_related("lead__location")
    held = found.get(pk=waits.pk)
    if held.state != Unproven.WAITING:
        raise UnprovenRefused("Somebody has decided about this already.")
    if seen and seen != latest(held):
        raise MoreWasSent("More was sent meanwhile: look at it, then decide.")
    return held


def _sessions_of(held: UnprovenRequest) -> "QuerySet[PatientSession]":
    """Return the browsers from which more may come with a request."""
    return PatientSession.objects.filter(origin__in=held.submissions.values("pk"), ended_at=None)


def _decide(
    held: UnprovenRequest,
    state: Unproven,
    *,
    by: User | None,
    now: datetime,
    note: str = "",
    keep: PatientSession | None = None,
) -> None:
    held.state, held.decided_by, held.decided_at, held.note = state, by, now, note
    held.save(update_fields=["state", "decided_by", "decided_at", "note"])
    sessions = _sessions_of(held).exclude(pk=keep.pk) if keep else _sessions_of(held)
    sessions.update(ended_at=now)  # begun before anybody had looked: the link in the mail goes on


def _note(held: UnprovenRequest, summary: str, *, by: User | None, now: datetime, note: str = "") -> None:
    Activity.objects.create(lead=held.lead, kind=ActivityKind.REQUEST, at=now, by=by, summary=summary, note=note)
