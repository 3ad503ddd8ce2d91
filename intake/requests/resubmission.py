"""The request form sent again, with changes, by the browser that had sent it: what of it the lead follows."""

from datetime import datetime

from crm import dispatch
from crm.enums.leads import Event, MessageState
from crm.followups import address_change
from crm.leads import events
from crm.mail import emails
from crm.models import Lead, Message
from crm.outbox import readdressing
from crm.values.normalize import name_key
from intake.assessment import actions as assessments
from intake.models import Submission
from intake.requests import known_people
from intake.requests.known_people import IDENTITY


def apply_repeat(sent: Submission, *, is_urgent: bool, now: datetime) -> None:
    """Let the lead that the form made follow. A warning sign was acted on when it came."""
    lead = known_people.locked(sent.lead)
    changed = _changed_details(lead, sent)
    former = lead.email
    for name in changed:
        setattr(lead, name, sent.answers[name])
    lead.save(update_fields=[*changed, "updated_at"])
    if "email" in changed:
        _turn_to_new_address(lead, sent, former=former, is_urgent=is_urgent, now=now)
    if is_urgent:
        events.announce(lead, Event.OUTCOME_CHANGED, now=now)
    assessments.assess(lead, cause="The request was sent again, changed", now=now, sign_told=is_urgent)
    events.announce(lead, Event.SUBMITTED, now=now, key=str(sent.pk))


def _changed_details(lead: Lead, sent: Submission) -> list[str]:
    """Return contact details that follow: they still are what the form had said before, and nobody has shown to be this
    person. What somebody has corrected or proven since stays. Nor do they become those of somebody else on record."""
    said = {name: _before(sent).answers.get(name, "") for name in IDENTITY if name in sent.answers}
    changed = [name for name, value in said.items() if getattr(lead, name) == value != sent.answers[name]]
    if not changed or Lead.objects.proven().filter(pk=lead.pk).exists() or _is_somebody_else(lead, sent):
        return []
    return changed


def _before(sent: Submission) -> Submission:
    earlier = Submission.objects.filter(lead=sent.lead, form_id=sent.form_id, unproven=None, reference__isnull=False)
    return earlier.filter(entry__lt=sent.entry).order_by("-entry")[0]


def _is_somebody_else(lead: Lead, sent: Submission) -> bool:
    """Tell whether another lead has this name with this e-mail or telephone."""
    given = {name: str(sent.answers.get(name) or "") for name in IDENTITY}
    others = Lead.objects.reached_by(email=given["email"], phone=given["phone"]).exclude(pk=lead.pk)
    wanted = name_key(given["first_name"], given["last_name"])
    return any(name_key(*names) == wanted for names in others.values_list("first_name", "last_name"))


def _turn_to_new_address(lead: Lead, sent: Submission, *, former: str, is_urgent: bool, now: datetime) -> None:
    """End what the former address opened. An acknowledgement that still waits says no more than the new one will;
    beside a warning sign there is none."""
    if not is_urgent:
        waits = Message.objects.filter(lead=lead, name="ack", state=MessageState.QUEUED)
        waits.update(state=MessageState.CANCELLED, reason=readdressing.NOT_THEIRS, finished_at=now)
    address_change.changed(lead, before=former, now=now)
    if lead.email and not is_urgent:
        message = emails.acknowledgement(lead, reference=str(sent.reference), submission_id=sent.pk, now=now)
        message.save(force_insert=True)
        dispatch.send_after_commit(message)
