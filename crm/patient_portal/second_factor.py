"""How somebody who opened a link shows who they are: a mailed code, a code told on the phone, or the date of birth.

Each stands behind a link and never instead of one: a name, an address and a birthday are known to many.

A mailed code proves that one reads a mailbox. Where two people share one, it proves nothing about which of them is
reading, so it is not offered there. A date of birth is easy to guess by machine: few tries a day
(crm/patient_portal/attempts.py)."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from crm.enums.leads import ProofWay
from crm.models import PatientSession
from crm.patient_portal import access as patient_access
from crm.patient_portal import attempts


@dataclass(frozen=True)
class Ways:
    """What may be offered beside the telephone, which always may. `code`: one that came by mail or is told."""

    mail: bool
    birthday: bool
    code: bool = True


def ways(session: PatientSession, *, now: datetime, address: str = "") -> Ways:
    """Return what this browser may use; nothing before it has opened a link, whoever is asked about."""
    lead = session.lead
    if not session.may_be_proven:
        return Ways(mail=False, birthday=False, code=False)
    may = {way: attempts.may_try(lead, way, address=address, now=now) for way in ProofWay}
    return Ways(
        mail=bool(lead.email) and may[ProofWay.CODE] and patient_access.mails_codes_to(lead),
        birthday=bool(lead.date_of_birth) and may[ProofWay.BIRTHDAY],
        code=may[ProofWay.CODE],
    )


@transaction.atomic
def check_birthday(session: PatientSession, typed: date, *, now: datetime, address: str = "") -> bool:
    """Return True, with the session proven, for the date of birth on record. Wrong tries count by lead and by IP
    address; too many close this way."""
    lead = attempts.hold(session.lead, address=address)
    if not session.may_be_proven or not attempts.may_try(lead, ProofWay.BIRTHDAY, address=address, now=now):
        return False
    if lead.date_of_birth and lead.date_of_birth == typed.isoformat():
        patient_access.prove(session, now=now)
        return True
    attempts.note_wrong(session, ProofWay.BIRTHDAY, address=address, now=now)
    return False
