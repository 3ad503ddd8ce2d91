"""How often somebody may be wrong about who they are, counted in the database: whatever is opened anew, in however
many browsers, and whoever the tries are about when they come from one connection."""

from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Q
from django.utils.crypto import salted_hmac

from crm.enums.leads import ProofWay
from crm.models import Lead, PatientSession, ProofTry

DAY = timedelta(days=1)
A_DAY = {ProofWay.BIRTHDAY: 5, ProofWay.CODE: 20}  # about one person
FROM_ONE_ADDRESS = 50  # about anybody; a clinic, a library or a whole village may share one
KEPT = timedelta(days=90)


def key_of(address: str) -> str:
    """Return the keyed hash under which an IP address is counted; "" for none, which is not counted."""
    return salted_hmac("crm.tries", address, algorithm="sha256").hexdigest() if address else ""


def hold(lead: Lead, *, address: str) -> Lead:
    """Lock the lead and the address until the transaction ends, so that tries at once are counted one by one."""
    locked = Lead.objects.select_for_update(no_key=True).get(pk=lead.pk)
    if address:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key_of(address)])
    return locked


def may_try(lead: Lead, way: ProofWay, *, address: str, now: datetime) -> bool:
    """Tell whether there were few enough wrong tries within a day: this way about this lead, and any from there."""
    about, here = Q(lead=lead, way=way), Q(address_hash=key_of(address)) & ~Q(address_hash="")
    recent = ProofTry.objects.filter(about | here, at__gt=now - DAY)
    counts = recent.aggregate(about=Count("pk", filter=about), here=Count("pk", filter=here))
    return bool(counts["about"] < A_DAY[way] and counts["here"] < FROM_ONE_ADDRESS)


def note_wrong(session: PatientSession, way: ProofWay, *, address: str, now: datetime) -> None:
    """Count a wrong try, in one row."""
    ProofTry.objects.create(lead_id=session.lead_id, session=session, way=way, address_hash=key_of(address), at=now)


def forget_old(*, now: datetime) -> int:
    """Delete tries that are too old to matter; return how many."""
    return ProofTry.objects.filter(at__lt=now - KEPT).delete()[0]
