"""A reported warning sign: who is told, until when somebody has to answer, and who lifts the hold.

One alert goes out on two paths that share nothing but the database: mails through the outbox, and a signed webhook.
Neither says anything about anybody's health. docs/safety.md tells the whole way.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from crm import dispatch, locations, registry
from crm.enums.leads import ActivityKind, Event, Outcome
from crm.errors import SafetyRefused
from crm.leads import decisions, events
from crm.mail import emails
from crm.models import (
    Activity,
    AlertCause,
    AlertPost,
    EmergencyCount,
    HoldClearing,
    Lead,
    Location,
    Message,
    OnCallShift,
    SafetyAlert,
    User,
)

# After so long without an answer the next circle is told: the rota of the day, then everybody who may lift a hold.
ESCALATE_AFTER = (timedelta(minutes=15), timedelta(minutes=30))


@transaction.atomic
def raise_alert(lead: Lead, *, key: str, now: datetime, is_loud: bool = True) -> SafetyAlert:
    """Tell whoever is on call, once for each `key`, which names what was reported. A lead has one open alert: what is
    reported while it is open is listed there, and the calling begins anew, however far it had gone.

    Not `is_loud`: so many came from one place that one more mail would help nobody. The alert stands at the desk.

    Costs the same statements whether or not the lead has an open alert.
    """
    Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
    known = AlertCause.objects.filter(key=key).select_related("alert").first()
    waiting = SafetyAlert.objects.open().filter(lead=lead).order_by("raised_at", "pk").first()
    alert = known.alert if known else waiting or SafetyAlert(lead=lead, raised_at=now)
    alert.lead = lead
    was_told = bool(alert.level or alert.next_level_at)
    if known and (was_told or alert.acknowledged_at):
        return alert
    if is_loud:
        alert.round, alert.level, alert.next_level_at = alert.round + was_told, 0, now + ESCALATE_AFTER[0]
    columns = ["round", "level", "next_level_at"]
    SafetyAlert.objects.bulk_create([alert], update_conflicts=True, unique_fields=["id"], update_fields=columns)
    AlertCause.objects.bulk_create([AlertCause(alert=alert, key=key, at=now)], ignore_conflicts=True)
    if is_loud:
        _tell(alert, now=now)
    return alert


def escalate(*, now: datetime) -> int:
    """Tell the next circle of every alert that nobody has answered in time; return how many. Any number may run."""
    with transaction.atomic():
        late = list(
            SafetyAlert.objects.open()
            .filter(next_level_at__lte=now)
            .select_for_update(no_key=True, skip_locked=True, of=("self",))
            .select_related("lead__location")
            .order_by("next_level_at", "pk")
        )
        for alert in late:
            begun = cast(datetime, alert.next_level_at) - ESCALATE_AFTER[alert.level]
            alert.level += 1
            later = alert.level < len(ESCALATE_AFTER)
            alert.next_level_at = begun + ESCALATE_AFTER[alert.level] if later else None
            alert.save(update_fields=["level", "next_level_at"])
            _tell(alert, now=now)
    return len(late)


@transaction.atomic
def acknowledge(lead: Lead, *, by: User, now: datetime, seen: Collection[UUID] | None = None) -> int:
    """End the calling about a lead, because somebody takes care of it. Return how many alerts were open.

    `seen`: the reports that their page showed, None without a page. Raises SafetyRefused when there is another one."""
    Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
    reports = AlertCause.objects.filter(alert__in=SafetyAlert.objects.open().filter(lead=lead))
    if seen is not None and reports.exclude(pk__in=seen).exists():
        raise SafetyRefused("It was reported again since your page was made. Look at it, and press once more.")
    count = SafetyAlert.objects.open().filter(lead=lead).update(acknowledged_at=now, acknowledged_by=by)
    if count:
        Activity.objects.create(lead=lead, kind=ActivityKind.SAFETY_HOLD, at=now, by=by, summary="Alert acknowledged")
        transaction.on_commit(locations.forget, robust=True)
    return count


def is_calling(lead: Lead) -> bool:
    """Return whether an alert about a lead waits for somebody who takes it on. One query."""
    return SafetyAlert.objects.open().filter(lead=lead).exists()


@transaction.atomic
def clear_hold(lead: Lead, *, by: User, note: str, now: datetime, seen: int | None = None) -> None:
    """Lift the hold after a clinician has judged it: the decision that covers the emergency signs of the record.

    `seen`: as in crm/leads/decisions.py. Raises OutOfDate when something came since, and SafetyRefused without a
    hold, without a note, while the alert is unanswered, or while a sign that was sent is not in the record yet.
    """
    locked = Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
    if not locked.safety_hold:
        raise SafetyRefused("There is no hold to lift: somebody else may have done it.")
    if not note.strip():
        raise SafetyRefused("Say what you found: the note stays in the record.")
    basis = decisions.known(locked, seen=seen)  # first of all: whoever had taken an alert on is told why there is one
    if is_calling(locked):
        raise SafetyRefused("Press “I take care of it” on this person’s page first, so that nobody else is called.")
    if registry.has_unread_sign(locked):
        raise SafetyRefused("A warning sign was sent just now, and is being read. Open this page again in a minute.")
    HoldClearing.objects.create(
        lead=locked, by=by, at=now, note=note.strip(), seen=basis.number, signs=list(basis.signs)
    )
    locked.safety_hold = False
    locked.save(update_fields=["safety_hold", "updated_at"])
    Activity.objects.create(
        lead=locked, kind=ActivityKind.SAFETY_HOLD, at=now, by=by, summary="Hold lifted", note=note.strip()
    )
    events.announce(locked, Event.HOLD_CLEARED, now=now)


def care_comes_first(lead: Lead) -> bool:
    """Return whether the patient is told to get care now and not to wait for us: under a hold, and once it is lifted
    while the request is urgent still. Nothing beside that may sound as if one could wait."""
    if lead.safety_hold or lead.outcome != Outcome.URGENT:
        return lead.safety_hold
    return HoldClearing.objects.filter(lead=lead).exists()


def count_without_contact(center: Location, *, now: datetime) -> None:
    """Count somebody who was sent to emergency care and left nothing: no more than that is kept."""
    day = now.astimezone(center.zone).date()
    EmergencyCount.objects.bulk_create(
        [EmergencyCount(location=center, day=day)], ignore_conflicts=True, unique_fields=["location", "day"]
    )
    EmergencyCount.objects.filter(location=center, day=day).update(count=F("count") + 1)


def _tell(alert: SafetyAlert, *, now: datetime) -> None:
    """Write the mails and the call of one level, in the transaction of what caused them; they go out after it."""
    center = alert.lead.location
    mails = [
        emails.alert(alert, center=center, to=address, now=now) for address in sorted(_addresses(alert, center, now))
    ]
    Message.objects.bulk_create(mails, ignore_conflicts=True)
    post = AlertPost.objects.create(alert=alert, round=alert.round, level=alert.level, due_at=now)
    dispatch.send_after_commit(*mails)
    dispatch.after_commit("crm.post_alerts", post.pk)
    transaction.on_commit(locations.forget, robust=True)


def _addresses(alert: SafetyAlert, center: Location, now: datetime) -> set[str]:
    """Return whom an alert's level tells: who is on call, the rota of the day, or whoever may lift the hold; nobody
    found, the next of these. The center's alert_email is told as well, if it is set."""
    start = now.astimezone(center.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    circles = [
        _on_call(center, Q(starts_at__lte=now, ends_at__gt=now)),
        _on_call(center, Q(starts_at__lt=start + timedelta(days=1), ends_at__gt=start)),
        _who_may_lift(),
    ]
    house = {center.alert_email} - {""}
    told = next((circle for circle in circles[alert.level :] if circle), set())
    return told | house


def _on_call(center: Location, when: Q) -> set[str]:
    shifts = OnCallShift.objects.filter(when, location=center, user__is_active=True)
    return set(shifts.values_list("user__email", flat=True))


def _who_may_lift() -> set[str]:
    """Return the addresses of everybody who has crm.clear_urgent."""
    people = User.objects.filter(is_active=True).filter(
        Q(is_superuser=True)
        | Q(groups__permissions__codename="clear_urgent", groups__permissions__content_type__app_label="crm")
    )
    return set(people.values_list("email", flat=True))
