"""Looking somebody up by what is at hand: a reference, a telephone number, or pieces of a name or an address."""

import re

from django.db.models import Q, QuerySet

from crm.models import Lead

COLUMNS = ("first_name", "last_name", "email", "phone")
_TELEPHONE = re.compile(r"[+(\d][\d\s().-]{3,}")
_REFERENCE = re.compile(r"[2-9A-HJ-NP-Za-hj-np-z]{4}-?[2-9A-HJ-NP-Za-hj-np-z]{4}")


def matching(leads: QuerySet[Lead], term: str) -> QuerySet[Lead]:
    """Those of `leads` that `term` means: a reference with or without its dash, a telephone number however it is
    written, or words that all occur somewhere. An empty term means everybody."""
    term = term.strip()
    if _REFERENCE.fullmatch(term) and re.search(r"\d", term):
        plain = term.replace("-", "").upper()
        return leads.filter(reference=f"{plain[:4]}-{plain[4:]}")
    if _TELEPHONE.fullmatch(term):
        return leads.filter(phone__icontains=re.sub(r"\D", "", term))
    for word in term.split():
        leads = leads.filter(_somewhere(word))
    return leads


def _somewhere(word: str) -> Q:
    found = Q()
    for column in COLUMNS:
        found |= Q(**{f"{column}__icontains": word})
    return found
