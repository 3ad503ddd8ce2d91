"""People whom the center knows already: finding them, and what a request of theirs changes once it counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, cast
from uuid import UUID, uuid4

from django.db import connection
from django.db.models import Exists, OuterRef

from crm.db import bulk_insert
from crm.enums.leads import SIDE_STAGES, ActivityKind, Event, Outcome, Stage
from crm.leads import actions as leads
from crm.leads import call_window, events, tasks
from crm.models import Activity, Lead, Task
from crm.safety import alerts
from crm.values import telephone
from crm.values.normalize import mailbox_key, name_key
from intake.assessment import actions as assessments
from intake.assessment import clinical_tasks
from intake.assessment.answer_history import NO_ANSWERS
from intake.models import Submission, UnprovenRequest
from intake.requests import rows
from intake.requests.rows import Request

CONTACT_FIELDS = ("first_name", "last_name", "email", "phone", "phone_type", "preferred_contact", "best_time")
LEAD_FIELDS = (*CONTACT_FIELDS, "state", "ok_voicemail", "how_heard")
WISHES = {"preferred_contact", "best_time", "ok_voicemail", "state", "how_heard"}
IDENTITY = ("first_name", "last_name", "email", "phone")
NOBODY = UUID(int=0)


@dataclass(frozen=True)
class Person:
    """A lead with the name and the e-mail or telephone of a request. `waits_for_call`: somebody is to call already."""

    lead: Lead
    waits_for_call: bool


def find(asked: Request) -> Person | None:
    """Return whoever has this name and gave this e-mail or telephone before. Another name on it, as in a household, is
    another person: staff see the two beside each other and nothing is merged by itself. For staff who write a request
    down only people of the locations that they work for are known.

    Three statements, whoever is known, and the names of all are compared. Until the transaction ends, requests with the
    same e-mail or telephone wait: twenty at once make one lead.
    """
    email, phone = asked.data.get("email") or "", asked.data.get("phone") or ""
    _wait_for_others(email, telephone.number_of(phone))
    reached = Lead.objects.reached_by(email=email, phone=phone)
    reached = reached.visible_to(asked.by) if asked.by else reached
    wanted = name_key(asked.data.get("first_name", ""), asked.data.get("last_name", ""))
    names = reached.values_list("pk", "first_name", "last_name")
    same = next((pk for pk, first, last in names if name_key(first, last) == wanted), NOBODY)
    calls = Task.objects.open().filter(call_window.CALLS, lead=OuterRef("pk"))
    found = Lead.objects.filter(pk=same).select_related("location").annotate(waits_for_call=Exists(calls)).first()
    return Person(found, cast(Any, found).waits_for_call) if found else None


def _wait_for_others(*contacts: str) -> None:
    """Take the locks in one order, so that nobody waits in a circle. Their numbers are hashes: a lock too many is
    harmless."""
    digests = (sha256(f"request:{mailbox_key(contact)}".encode()).digest() for contact in contacts)
    numbers = sorted(int.from_bytes(digest[:8], signed=True) for digest in digests)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(number) FROM unnest(%s::bigint[]) AS number", [numbers])


@events.one_press()
def attach(asked: Request, known: Lead) -> Submission:
    """Keep another request of somebody known that staff wrote down: it counts at once."""
    lead = locked(known)
    sent = rows.kept(asked, lead)
    other = {name: value for name, value in differing(lead, asked.data).items() if name in {"email", "phone"}}
    gaps = {name: value for name, value in other.items() if _is_gap(name, getattr(lead, name), value)}
    different = [value for name, value in other.items() if name not in gaps]
    summary = f"Asked for help again{', with ' + ' and '.join(different) if different else ''}"
    bulk_insert.insert(
        [sent, rows.entry(asked, lead, sent, kind=ActivityKind.REQUEST, summary=summary)], savepoint=False
    )
    if not asked.urgent and not Task.objects.open().filter(call_window.CALLS, lead=lead).exists():
        tasks.open_once(rows.first_call(asked, lead, sent))
    if gaps:
        lead = leads.correct_details(lead, by=asked.by, changes=gaps)
    absorb(asked, lead, sent)
    return sent


def locked(lead: Lead) -> Lead:
    """Read the row again and keep it from changing until the transaction ends."""
    return Lead.objects.select_for_update(of=("self",), no_key=True).select_related("location").get(pk=lead.pk)


def absorb(
    asked: Request, lead: Lead, sent: Submission, *, alarm_raised: bool = False, said_at: datetime | None = None
) -> list[str]:
    """Let a request of somebody known count: its agreements and rating, wishes, gaps that it fills, a warning sign, a
    way back from a side stage, a new look by the rules. Contact details on record stay. `alarm_raised`:
    somebody was called when it came. `said_at`: when it was last sent; return the wishes that are newer on record and
    stay."""
    bulk_insert.insert(rows.proofs(asked, lead), savepoint=False)
    newer = _refresh(lead, asked, said_at=said_at or asked.now)
    if asked.urgent and alarm_raised:
        hold(lead, now=asked.now)
    elif asked.urgent:
        raise_alarm(lead, key=sent.pk, now=asked.now, is_loud=not asked.many)
    if lead.stage in SIDE_STAGES:
        leads.move(lead, to=Stage.QUALIFYING, by=asked.by, note="Asked for help again", now=asked.now)
    assessments.ask(lead, cause="Asked for help again", now=asked.now, sign_told=asked.urgent)
    events.announce(lead, Event.SUBMITTED, now=asked.now, key=str(sent.pk))
    return newer


def raise_alarm(lead: Lead, *, key: object, now: datetime, is_loud: bool = True) -> None:
    """Set in motion what a warning sign of a person who is proven calls for, once a `key`: a hold on everything
    routine, a call now, an alert."""
    hold(lead, now=now)
    call_at_once(lead, key=key, now=now, is_loud=is_loud)


def hold(lead: Lead, *, now: datetime) -> None:
    """Keep everything routine from a lead until a clinician has lifted the hold."""
    leads.record_outcome(lead, outcome=Outcome.URGENT, safety_hold=True, recheck_on=None, now=now)


def call_at_once(lead: Lead, *, key: object, cause: object = None, now: datetime, is_loud: bool = True) -> None:
    """Open the urgent call, one a lead, and raise the alert, once a `cause`; leave the lead as it is. `cause`: what was
    reported just now by a browser that has not shown whose it is; of what it reports (`key`) there is one call, to be
    made again, with the same statement whatever is open."""
    open_call = tasks.open_again if cause else tasks.open_one
    open_call(clinical_tasks.urgent_call(lead, key=key, now=now))
    alerts.raise_alert(lead, key=f"urgent:{cause or key}", now=now, is_loud=is_loud)


def raise_unproven_alarm(
    lead: Lead, waits: UnprovenRequest | None, *, key: object, now: datetime, is_loud: bool = True
) -> None:
    """Act on a warning sign from a browser that has not shown whose it is, with the same statements whoever it is
    about: a call now and an alert; the hold is on the request in somebody's name, or on the lead that the sender made
    (`waits` None). What else follows a hold is a worker's (intake/requests/pending.py). `key`: what was reported.
    """
    mine, theirs = (waits.pk, uuid4()) if waits else (uuid4(), lead.pk)
    UnprovenRequest.objects.filter(pk=mine).update(has_sign=True)
    held = {"safety_hold": True, "outcome": Outcome.URGENT, "recheck_on": None, "updated_at": now}
    Lead.objects.filter(pk=theirs).update(**held)
    with bulk_insert.kept_if(waits is None and not lead.safety_hold):
        bulk_insert.insert([clinical_tasks.hold_noted(lead, now=now)], savepoint=False)
    ask_for_review(lead, waits, now=now)
    call_at_once(lead, key=mine if waits else lead.pk, cause=key, now=now, is_loud=is_loud)


def ask_for_review(lead: Lead, waits: UnprovenRequest | None, *, now: datetime) -> None:
    """Ask a clinician to look at a report, once. Where what was sent is the lead's own (`waits` None), the rules ask
    for it themselves when a worker lets the lead follow; the statements are the same."""
    with bulk_insert.kept_if(waits is not None):
        tasks.open_once(clinical_tasks.report_review(lead, waits.pk if waits else uuid4(), now=now))


def differing(lead: Lead, data: dict[str, Any]) -> dict[str, str]:
    """Return what was typed otherwise than it is on record, of name, e-mail and telephone. What is not on record at all
    differs too: whoever fills it in may receive links and codes from then on."""
    given = {name: str(data[name]) for name in IDENTITY if data.get(name)}
    return {name: value for name, value in given.items() if not _is_same(name, getattr(lead, name), value)}


def _is_same(name: str, before: str, value: str) -> bool:
    if name == "phone":  # whoever leaves the extension out has given the same number
        return value in {before, telephone.number_of(before)}
    return mailbox_key(before) == mailbox_key(value) if name == "email" else before == value


def _is_gap(name: str, before: str, value: str) -> bool:
    """Tell whether nothing stands there yet, or a number without the extension that was told now."""
    return not before or (name == "phone" and telephone.number_of(value) == before)


def newer_on_record(lead: Lead, names: Iterable[str], *, than: datetime) -> set[str]:
    """Return which of these were told or corrected after a moment, by anything that counts. Two queries."""
    said: set[str] = set()
    for entry in Activity.objects.filter(lead=lead, kind=ActivityKind.DETAILS, at__gt=than):
        said |= {*entry.details.get("changes", {}), *({"date_of_birth"} if "date of birth" in entry.summary else ())}
    for sent in Submission.objects.counting().filter(lead=lead, at__gt=than):
        said |= {name for name, value in sent.answers.items() if value not in NO_ANSWERS}
        said |= {"language"} if sent.reference or sent.answers.get("preferred_language") else set()
    return said.intersection(names)


def _refresh(lead: Lead, asked: Request, *, said_at: datetime) -> list[str]:
    """Take over wishes and the language, and fill gaps; never how somebody is reached, and nothing that is newer on
    record: return what stays for that."""
    names = [name for name in LEAD_FIELDS if name not in IDENTITY]
    given = {name: asked.data[name] for name in names if asked.data.get(name) not in NO_ANSWERS}
    wanted = {name: value for name, value in given.items() if name in WISHES or not getattr(lead, name)}
    wanted = {
        name: value for name, value in (wanted | {"language": asked.language}).items() if getattr(lead, name) != value
    }
    newer = newer_on_record(lead, wanted, than=said_at)
    taken = {name: value for name, value in wanted.items() if name not in newer}
    for name, value in taken.items():
        setattr(lead, name, value)
    lead.save(update_fields=[*taken, "updated_at"])
    return sorted(newer)
