"""Opting out of mails, and back in."""

import time
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from crm.enums.leads import ActivityKind, ConsentKind, MessageState
from crm.mail import suppression
from crm.models import (
    Activity,
    ConsentRecord,
    InboundMail,
    Lead,
    Message,
    PatientSession,
    Scope,
    SuppressedBecause,
    Suppression,
)
from crm.models.activity import BY_ITSELF
from crm.models.inbound import InboundKind

# A mail whose content is on its way when somebody opts out is waited for: a server takes a moment for it. One that
# takes longer must not hold a thread of the site, and its mail is the last one.
WAIT_SECONDS = 3.0
_LOOK_EVERY = 0.1
BEFORE_DATA = [MessageState.QUEUED, MessageState.SENDING]


def opt_out(
    address: str,
    *,
    lead_id: UUID | None,
    scope: Scope,
    because: SuppressedBecause,
    now: datetime,
    instead_of: Collection[str] = (),
) -> bool:
    """Stop mails of a scope to an address. Once this returns none leaves, but for a mail whose server has not answered
    for WAIT_SECONDS. Asking twice changes nothing more: False the second time.

    `everything` also stops the appointment mails of that lead, and of nobody else who uses the address. What a person
    asked for is kept as their own word too, which nobody else who uses the address takes back. `instead_of`: hashes of
    addresses, where it replaces what they had asked for earlier, before any mail is judged by it. Side effects:
    Suppression rows; what waits or is held by a worker is suppressed; a line on the timeline of the lead if there still
    is one. Not to be called inside a transaction: the rows have to be seen by others before mails are taken from them.
    """
    with transaction.atomic():
        is_new = record(address, lead_id=lead_id, scope=scope, because=because, now=now)
        if lead_id:
            narrow(instead_of, lead_id=lead_id, scope=scope, now=now)
    take_from_the_outbox(address, now=now)
    _wait_for_mails_on_their_way(address)
    return is_new


@transaction.atomic
def record(address: str, *, lead_id: UUID | None, scope: Scope, because: SuppressedBecause, now: datetime) -> bool:
    """Record a stop inside a transaction, which may be a larger one: every mail that is claimed after it is committed
    is judged by these rows. Also a line on the lead's timeline. False when the rows were there."""
    is_new = _stop(suppression.hash_of(address), lead_id, scope, because, now)
    if is_new and lead_id and Lead.objects.filter(pk=lead_id).exists():
        summary = f"No more mail: {scope.label.lower()} ({because.label.lower()})"
        details = {} if because == SuppressedBecause.OPT_OUT else {BY_ITSELF: True}
        Activity.objects.create(lead_id=lead_id, kind=ActivityKind.DETAILS, at=now, summary=summary, details=details)
    return is_new


def take_from_the_outbox(address: str, *, now: datetime) -> None:
    """Suppress mails to a stopped address that wait, and those that a worker has claimed: without its lease it hands
    nothing over. A mail claimed or written after the stop was committed is judged by that."""
    for message_id, reason in suppression.of_messages(list(_waiting(address)), now=now).items():
        Message.objects.filter(pk=message_id, state__in=BEFORE_DATA).update(
            state=MessageState.SUPPRESSED, reason=reason, lease_token=None, lease_until=None, finished_at=now
        )


def opt_out_by_hash(address_hash: str, *, lead_id: UUID | None, scope: Scope, now: datetime) -> bool:
    """Stop mails of a scope to an address of which only the hash is known, as after its record was erased; no mail is
    taken back or waited for. False when the stop was there."""
    with transaction.atomic():
        return _stop(address_hash, lead_id, scope, SuppressedBecause.OPT_OUT, now)


def opt_in(address_hashes: list[str], *, lead: Lead, now: datetime) -> int:
    """Lift what a person who wants mails again had asked for, and what stands for the address; no bounce, complaint or
    word of somebody else who uses it. Return how many rows were lifted."""
    count = _asked(address_hashes, lead.pk).update(lifted_at=now)
    if count:
        Activity.objects.create(lead=lead, kind=ActivityKind.DETAILS, at=now, summary="Wants mail again")
    return count


def narrow(address_hashes: Collection[str], *, lead_id: UUID, scope: Scope, now: datetime) -> int:
    """Let the newest choice of a person replace their earlier ones, after it was recorded; return how many ended. As in
    opt_in, nobody else's word ends."""
    return _asked(address_hashes, lead_id).exclude(scope=scope).update(lifted_at=now)


def may_return(address_hashes: list[str], lead: Lead, *, is_theirs: bool) -> bool:
    """Return whether wanting all mails again has an effect: an address that mail came back from takes none, and no
    person lifts here what was reported or what staff stopped. `is_theirs`: whoever asks speaks for the lead, who may
    agree anew."""
    rows = _in_force(address_hashes, lead.pk)
    reasons = set(rows.values_list("because", flat=True))
    if SuppressedBecause.BOUNCE in reasons:
        return False
    return SuppressedBecause.OPT_OUT in reasons or (is_theirs and not reasons and has_ever_agreed(lead))


def was_theirs(lead: Lead, address_hash: str) -> bool:
    """Return whether an address was once proven to be this person's: a link that was mailed there led to their page, or
    they answered our mail from it."""
    proven = PatientSession.objects.filter(lead=lead, by=None, proven_at__isnull=False, link__message__isnull=False)
    addresses = set(proven.values_list("link__message__to_email", flat=True))
    if any(address_hash in suppression.hashes_of(address) for address in addresses):
        return True
    wrote = InboundMail.objects.filter(lead=lead, kind=InboundKind.REPLY)
    return wrote.filter(address_hash__in=_under_every_key(lead, address_hash)).exists()


def _under_every_key(lead: Lead, address_hash: str) -> list[str]:
    """Return all hashes of an address at which this person was mailed: who wrote from it may have an older key's."""
    mailed = set(Message.objects.filter(lead=lead).values_list("to_email", flat=True))
    return next((hashes for hashes in map(suppression.hashes_of, mailed) if address_hash in hashes), [address_hash])


def follow(lead: Lead, *, before: str, now: datetime) -> None:
    """Let what a person has stopped hold at their new address as well, where the one before was shown to be theirs, or
    it has followed them there from such a one. Nobody else who uses either of them is concerned. While they have none
    it is kept under the empty address, where nothing else is."""
    known, because = suppression.hashes_of(before), SuppressedBecause.OPT_OUT
    theirs = Suppression.objects.filter(lead_ref=lead.pk, because=because, lifted_at=None)
    here, elsewhere = theirs.filter(address_hash__in=known), theirs.exclude(address_hash__in=known)
    scopes = set(here.values_list("scope", flat=True))
    if before and scopes and not any(was_theirs(lead, one) for one in known):
        scopes &= {one.scope for one in elsewhere if was_theirs(lead, one.address_hash)}
    at = suppression.hash_of(lead.email)
    rows = [Suppression(address_hash=at, lead_ref=lead.pk, scope=one, because=because, at=now) for one in scopes]
    Suppression.objects.bulk_create(rows, ignore_conflicts=True)
    if not before:  # it has another place now; without one again, what holds then counts
        here.update(lifted_at=now)


def _in_force(address_hashes: Collection[str], lead_id: UUID) -> "QuerySet[Suppression]":
    """Return what stops mail to a person at an address: their own word, and what stands for the address itself."""
    mine = Q(lead_ref=None) | Q(lead_ref=lead_id)
    return Suppression.objects.filter(mine, address_hash__in=address_hashes, lifted_at=None)


def _asked(address_hashes: Collection[str], lead_id: UUID) -> "QuerySet[Suppression]":
    return _in_force(address_hashes, lead_id).filter(because=SuppressedBecause.OPT_OUT)


def choice_of(lead: Lead) -> Scope | None:
    """Return what this person gets no more, in one word for every page that shows or asks it: the widest of what they
    stopped and of what they have not agreed to. None when everything goes out."""
    stopped = scope_of(suppression.hashes_of(lead.email), lead.pk)
    return stopped or (None if _agreed(lead) else Scope.EDUCATION)


def is_stopped_by_others(lead: Lead, address_hashes: list[str] | None = None) -> bool:
    """Return whether mail to the address is stopped for a reason that its owner cannot lift: it came back, was
    reported, or staff stopped it. `address_hashes`: of another address than the one on record."""
    rows = _in_force(address_hashes or suppression.hashes_of(lead.email), lead.pk)
    return rows.exclude(because=SuppressedBecause.OPT_OUT).exists()


def note_education(
    lead: Lead, *, given: bool, words: str, now: datetime, version: str = "", language: str = ""
) -> None:
    """Keep the proof of a yes or no to educational mails, in the `words` that were chosen; nothing when the latest one
    says so already. A yes also takes back every stop of one's own."""
    if given != _agreed(lead):
        ConsentRecord.objects.create(
            lead=lead,
            kind=ConsentKind.EDUCATION,
            given=given,
            text=words,
            text_version=version or "link",
            language=language or lead.language,
            at=now,
        )
    if given:
        opt_in(suppression.hashes_of(lead.email), lead=lead, now=now)


def has_ever_agreed(lead: Lead) -> bool:
    """Return whether they once said yes to educational mails, whatever they said since."""
    return ConsentRecord.objects.filter(lead=lead, kind=ConsentKind.EDUCATION, given=True).exists()


def _agreed(lead: Lead) -> bool:
    """Return whether the latest word about educational mails was a yes; without any word it was not."""
    latest = ConsentRecord.objects.filter(lead=lead, kind=ConsentKind.EDUCATION).order_by("-at", "-entry").first()
    return latest is not None and latest.given


def scope_of(address_hashes: list[str], lead_id: UUID | None) -> Scope | None:
    """Return the widest scope that is stopped for a person at an address; None when they get everything. Takes the
    hashes of one address, under every key that was ever in force."""
    rows = Suppression.objects.filter(address_hash__in=address_hashes, lifted_at=None)
    asked = {Scope(row.scope) for row in rows if row.lead_ref in (None, lead_id)}
    return next((scope for scope in (Scope.EVERYTHING, Scope.MOST, Scope.EDUCATION) if scope in asked), None)


def _stop(address_hash: str, lead_id: UUID | None, scope: Scope, because: SuppressedBecause, now: datetime) -> bool:
    refs = [None, lead_id] if lead_id and because == SuppressedBecause.OPT_OUT else [None]
    before = Suppression.objects.count_of(address_hash, scope, because)
    if before and because == SuppressedBecause.BOUNCE:  # what was tried again has come back, too
        Suppression.objects.filter(address_hash=address_hash, because=because, lifted_at=None).update(at=now)
    Suppression.objects.bulk_create(
        [Suppression(address_hash=address_hash, lead_ref=ref, scope=scope, because=because, at=now) for ref in refs],
        ignore_conflicts=True,
    )
    return Suppression.objects.count_of(address_hash, scope, because) > before


def _wait_for_mails_on_their_way(address: str) -> None:
    ends_at = time.monotonic() + WAIT_SECONDS
    going = _going(address)
    while going.exists() and time.monotonic() < ends_at:
        time.sleep(_LOOK_EVERY)


def _waiting(address: str) -> "QuerySet[Message]":
    """Return the mails to an address whose content is not on its way yet, found by message_waits_for_address, the index
    of what has not gone out."""
    return Message.objects.filter(to_email__iexact=address, state__in=BEFORE_DATA, lead__isnull=False)


def _going(address: str) -> "QuerySet[Message]":
    return Message.objects.filter(to_email__iexact=address, state=MessageState.IN_DATA)
