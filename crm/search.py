"""Looking somebody up by what is at hand: a reference, a telephone number, or pieces of a name or an address."""

import re

from django.db.models import Q, QuerySet

from crm import registry
from crm.models import Lead

COLUMNS = ("first_name", "last_name", "email", "phone")
_TELEPHONE = re.compile(r"[+(\d][\d\s().-]{3,}")
_REFERENCE = re.compile(r"[2-9A-HJ-NP-Za-hj-np-z]{4}-?[2-9A-HJ-NP-Za-hj-np-z]{4}")


def matching(leads: QuerySet[Lead], term: str) -> QuerySet[Lead]:
    """Those of `leads` that `term` means: a reference with or without its dash, a telephone number however it is
    written, or words that all occur somewhere. An empty term means everybody."""
    term = term.strip()
    wanted = _by_telephone(term) if _TELEPHONE.fullmatch(term) else _by_words(term)
    if _REFERENCE.fullmatch(term):  # One in eleven references has no digit: it may be a name as well.
        wanted |= _by_reference(term)
    return leads.filter(wanted)


def _by_reference(term: str) -> Q:
    """The lead's own reference, or the one of any of its requests."""
    plain = term.replace("-", "").upper()
    wanted = f"{plain[:4]}-{plain[4:]}"
    found = Q(reference=wanted)
    for leads_of in registry.references():
        found |= Q(pk__in=leads_of(wanted))
    return found


def _by_telephone(term: str) -> Q:
    return Q(phone__icontains=re.sub(r"\D", "", term))


def _by_words(term: str) -> Q:
    wanted = Q()
    for word in term.split():
        found = Q()
        for column in COLUMNS:
            found |= Q(**{f"{column}__icontains": word})
        wanted &= found
    return wanted
