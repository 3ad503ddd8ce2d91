"""Changing sequences: copies are drafts; a published one begins for new people; nobody is moved unasked."""

import json
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import transaction

from crm.audit import access
from crm.enums.leads import TRANSITIONS, UNDER_WAY, AccessAction, EnrollmentState, Stage
from crm.followups import conditions, plan, published
from crm.mail import templates as mail_templates
from crm.models import Enrollment, Message, SequenceVersion, StepOutcome, User, VersionState
from crm.models.sequence import EnrollmentQuerySet
from crm.outbox import withdrawn_steps
from crm.sequences import difference, words
from crm.sequences.definition import Definition, Do, SequenceRefused, read

BEHIND = "Its day had passed when the sequence was changed"


@transaction.atomic
def copy(version: SequenceVersion, *, by: User, now: datetime) -> SequenceVersion:
    """Make a draft with the body of this version and the next number; it is saved."""
    of_key = SequenceVersion.objects.select_for_update(no_key=True).filter(key=version.key)
    number = max(one.number for one in of_key) + 1
    return SequenceVersion.objects.create(
        key=version.key, number=number, body=version.body, created_by=by, created_at=now
    )


class DraftChanged(SequenceRefused):
    """Somebody else saved the draft since the page was made; the message says what they should look at."""


def fingerprint(version: SequenceVersion) -> str:
    """Name what a draft holds, so that a page can say later what it had shown."""
    return sha256(json.dumps([version.body, version.note], sort_keys=True).encode()).hexdigest()[:16]


@transaction.atomic
def save_draft(version: SequenceVersion, *, body: dict[str, Any], note: str, seen: str = "") -> SequenceVersion:
    """Keep an edited body. Raises SequenceRefused, in words, for one that cannot be carried out, and DraftChanged when
    the draft is not what the page had `seen` (its fingerprint)."""
    definition = read(body, conditions=conditions.known() | {*version.definition.when, *version.definition.stops})
    texts = set(mail_templates.names())
    unknown = sorted({step.text for step in definition.steps if step.do == Do.MAIL} - texts)
    if unknown:
        raise SequenceRefused(f"There is no text {', '.join(unknown)}.")
    _refuse_what_never_happens(definition)
    locked = SequenceVersion.objects.select_for_update(no_key=True).get(pk=version.pk)
    if locked.state != VersionState.DRAFT:
        raise SequenceRefused("It was published meanwhile: make a copy.")
    if seen and seen != fingerprint(locked) and (locked.body, locked.note) != (definition.body, note):
        changes = "; ".join(difference.in_words(locked.definition, definition)) or "the note alone"
        raise DraftChanged(f"Somebody else saved this draft. Yours would change: {changes}. Save again to do so.")
    locked.body, locked.note = definition.body, note
    locked.save(update_fields=["body", "note"])
    return locked


@transaction.atomic
def publish(version: SequenceVersion, *, seen: str = "") -> None:
    """Put a version in force, which begins from now on; the one before is withdrawn. Raises SequenceRefused when it is
    in force, would end wherever it begins, or moves leads where none gets by itself, and DraftChanged as save_draft."""
    versions = SequenceVersion.objects.select_for_update(no_key=True).filter(key=version.key)
    locked = versions.get(pk=version.pk)
    if locked.state == VersionState.PUBLISHED:
        raise SequenceRefused("This version is in force already.")
    if seen and seen != fingerprint(locked):
        raise DraftChanged("Somebody else saved this draft since your page was made: look at it and publish it then.")
    _refuse_what_never_happens(locked.definition)
    versions.filter(state=VersionState.PUBLISHED).update(state=VersionState.WITHDRAWN)
    versions.filter(pk=version.pk).update(state=VersionState.PUBLISHED)
    transaction.on_commit(published.forget, robust=True)


@transaction.atomic
def withdraw(version: SequenceVersion) -> None:
    """Withdraw a version: it begins for nobody anymore, and whoever is in it goes on. Raises SequenceRefused when it is
    not in force."""
    changed = SequenceVersion.objects.filter(pk=version.pk, state=VersionState.PUBLISHED)
    if not changed.update(state=VersionState.WITHDRAWN):
        raise SequenceRefused("This version is not in force.")
    transaction.on_commit(published.forget, robust=True)


def under_way_elsewhere(version: SequenceVersion) -> int:
    """Return how many enrollments are under way in another version of the same sequence."""
    return _elsewhere(version).count()


@transaction.atomic
def move_everybody(version: SequenceVersion, *, by: User, now: datetime) -> int:
    """Move whoever is under way in another version of the sequence to this one; return how many. A step is done once,
    whatever the version: its key tells. What this version puts behind somebody is skipped for them, and waiting mails
    of steps that it leaves out are taken back. Leaves an AccessEvent that names them."""
    if version.state != VersionState.PUBLISHED:
        raise SequenceRefused("Publish it first: people are moved to the version in force only.")
    locked = _elsewhere(version).select_for_update(no_key=True, of=("self",))
    moved = list(locked.select_related("lead__location").prefetch_related("version"))
    for enrollment in moved:
        stands_at = enrollment.paused_at or now
        overdue = plan.overdue(enrollment, now=stands_at)
        enrollment.version = version
        plan.skip_overdue(enrollment, reason=BEHIND, but=overdue, now=stands_at)
        if enrollment.state == EnrollmentState.LIVE:
            plan.set_due(enrollment, now=now)
        enrollment.save(update_fields=["version", "due_at", "state", "ended_at"])
    _take_back_what_is_gone(moved, version, now=now)
    if moved:
        access.record(AccessAction.EDIT, by=by, object_type="lead", ids=sorted({one.lead_id for one in moved}))
    return len(moved)


def _refuse_what_never_happens(definition: Definition) -> None:
    """Refuse a sequence that would end wherever it begins, or moves leads to a stage that none gets to by itself: one
    is lost for a reason that a person knows, and no stage leads back to New."""
    begins_on = set(definition.when) | ({"closed"} if conditions.FOR_CLOSED & set(definition.when) else set())
    if both := sorted(begins_on & set(definition.stops)):
        told = ", ".join(words.condition(name) for name in both)
        raise SequenceRefused(f"It would end wherever it begins: {told}.")
    possible = set().union(*TRANSITIONS.values()) - {Stage.LOST}
    wrong = [step for step in definition.steps if step.do == Do.STAGE and step.to not in possible]
    if wrong:
        steps = ", ".join(f"{step.key} ({Stage(step.to).label})" for step in wrong)
        raise SequenceRefused(f"No lead gets there by itself: {steps}. Open a task instead.")


def _take_back_what_is_gone(moved: list[Enrollment], version: SequenceVersion, *, now: datetime) -> None:
    kept = [step.key for step in version.definition.steps]
    gone = StepOutcome.objects.filter(enrollment__in=[one.pk for one in moved]).exclude(step__in=kept)
    mails = Message.objects.filter(pk__in=gone.values("message"))
    withdrawn_steps.open_again(withdrawn_steps.take_back(mails, reason=withdrawn_steps.GONE, now=now))


def _elsewhere(version: SequenceVersion) -> EnrollmentQuerySet:
    return Enrollment.objects.filter(key=version.key, state__in=UNDER_WAY).exclude(version=version)
