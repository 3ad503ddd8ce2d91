"""Looking somebody up by what is at hand: a reference, a telephone number, or pieces of a name or an address."""

import re

from django.db.models import Q, QuerySet

from crm import registry
from crm.db.lookups import plain
from crm.models import Lead
from crm.values import telephone
from crm.values.normalize import one_line, spellings

NAMES = ("first_name", "last_name")
_BEFORE = re.compile(r"(?:mailto:|tel:|#)\s*", re.IGNORECASE)
_WITH_A_NAME = re.compile(r"[^<>]*<([^<>@\s]+@[^<>\s]+)>")
_TELEPHONE = re.compile(r"[+(\d][\d\s().\u2010-\u2015\u2212/-]{3,}")
_EXTENSION = re.compile(r"\s*(?:x|ext\.?|#|,+)\s*\d{1,7}\Z", re.IGNORECASE)
_REFERENCE = re.compile(r"([2-9A-HJ-NP-Z]{4})[\s\u2010-\u2015-]?([2-9A-HJ-NP-Z]{4})", re.IGNORECASE)


def matching(leads: QuerySet[Lead], term: str) -> QuerySet[Lead]:
    """Return those of `leads` that `term` means: a reference with or without its dash, a telephone number however it is
    written, an address copied from a mail, or words that all occur somewhere. An empty term means everybody."""
    term = _BEFORE.sub("", one_line(term), count=1)
    if copied := _WITH_A_NAME.fullmatch(term):
        term = copied[1]
    number = telephone.number_of(telephone.read(term)) or _EXTENSION.sub("", term)
    wanted = _by_telephone(number) if _TELEPHONE.fullmatch(number) else _by_words(term)
    if reference := _REFERENCE.fullmatch(term):  # One in eleven references has no digit: it may be a name as well.
        wanted |= _by_reference("-".join(reference.groups()).upper())
    return leads.filter(wanted)


def _by_reference(wanted: str) -> Q:
    """Return the filter for a lead's own reference, or that of any of its requests."""
    found = Q(reference=wanted)
    for leads_of in registry.references():
        found |= Q(pk__in=leads_of(wanted))
    return found


def _by_telephone(term: str) -> Q:
    """Return the filter for a telephone number: by its digits, without the zeros that are dialed before a country or an
    area."""
    return Q(phone__icontains=re.sub(r"\D", "", term).lstrip("0"))


def _by_words(term: str) -> Q:
    wanted = Q()
    for word in term.split():
        found = Q()
        for spelled in spellings(word) if "@" in word else [word]:
            found |= Q(email__icontains=spelled)
        found |= Q(phone__icontains=word)
        for column in NAMES:
            is_told = any(sign.isalnum() for sign in word)
            found |= Q(**({f"{column}__plain__contains": plain(word)} if is_told else {f"{column}__icontains": word}))
        wanted &= found
    return wanted
