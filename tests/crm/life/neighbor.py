"""A lead beside the others with whom something is wrong: their clock is none, or a text that they are to get is gone.
It is set aside alone and visibly; all others go on."""

from datetime import datetime, timedelta
from random import Random

from crm.enums.leads import ConsentKind
from crm.models import ConsentRecord, Enrollment, Lead, Location, Message, SequenceVersion, Task, VersionState

SET_ASIDE_WITHIN = timedelta(days=1)  # it is tried a few times, in the hours in which mail goes out


def moves_in(chance: Random, *, center: Location, now: datetime) -> Lead:
    """With a sequence that is due now."""
    zone, text = chance.choice([("America/Nowhere", "resume"), ("America/Denver", "a_text_that_is_gone")])
    lead = Lead.objects.create(
        location=center,
        first_name="Cid",
        last_name="Neighbor",
        email="cid@example.org",
        phone="+12125550198",
        state="CO",
        timezone=zone,
    )
    ConsentRecord.objects.create(lead=lead, kind=ConsentKind.CONTACT, given=True, text="x", text_version="1")
    body = {
        "title": "Their own",
        "purpose": "transactional",
        "trigger": "submitted",
        "steps": [{"key": "one", "do": "mail", "after": "0h", "text": text}],
    }
    version = SequenceVersion.objects.create(key="own", number=1, body={"key": "own", **body}, state=VersionState.DRAFT)
    Enrollment.objects.create(lead=lead, version=version, key="own", anchor=now, started_at=now, due_at=now)
    return lead


def is_set_aside(lead: Lead) -> bool:
    """Whether somebody is asked about it: a task says so."""
    return Task.objects.filter(lead=lead, kind="mail_problem").exists()


def known_by(lead: Lead) -> set[str]:
    """What logs call it."""
    rows = (Enrollment.objects.filter(lead=lead), Message.objects.filter(lead=lead))
    return {str(pk) for found in rows for pk in found.values_list("pk", flat=True)} | {str(lead.pk)}
