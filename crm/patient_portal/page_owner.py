"""Whose page a form stands on.

A browser holds one session of the private page, and its tabs may be older than that. So every form names the session in
which its page was opened, signed, and a press counts only where it still is for the same person.
"""

from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from crm import registry
from crm.models import PatientSession
from crm.patient_portal import access as patient_access

FIELD, HEADER = "whose_page", "X-Whose-Page"
CSRF = "csrfmiddlewaretoken"
_SIGNER = Signer(salt="crm.whose_page")


def token_of(session: PatientSession) -> str:
    """Return what the forms of a page carry. The key of a session opens nothing, and tells nobody whose it is."""
    return _SIGNER.sign(session.pk.hex)


def channels_of(session: PatientSession) -> list[str]:
    """Return the names under which the open pages of one browser hear of each other (static/js/stay.js): those whose
    forms count for each other, as `is_of` says. They name nobody."""
    kept = [f"lead {session.lead_id}"] if session.is_proven or session.may_be_proven else []
    kept += [f"request {session.origin}"] if session.origin else []
    return [salted_hmac("crm.whose_page.channels_of", one, algorithm="sha256").hexdigest() for one in kept]


def fields_of(request: HttpRequest) -> list[tuple[str, str]]:
    """Return what was sent, field by field, as a form would send it again."""
    return [(name, value) for name, values in request.POST.lists() if name != CSRF for value in map(str, values)]


def said_in(request: HttpRequest) -> list[tuple[str, str]]:
    """Return what was typed and ticked, as question and answer."""
    read = [registry.in_words(name, [str(one) for one in values]) for name, values in request.POST.lists()]
    return [one for one in read if one and one[1]]


def is_from_script(request: HttpRequest) -> bool:
    """Tell whether one of our scripts asks: it names the page in a header, and reads JSON."""
    return HEADER in request.headers


def named_in(request: HttpRequest, session: PatientSession | None) -> PatientSession | None:
    """Return the session, alive or over, in which the page of a form was opened; None when the form does not say.
    `session`: the browser's own, for which nobody has to ask the database."""
    token = request.headers.get(HEADER) or request.POST.get(FIELD, "")
    try:
        key = UUID(_SIGNER.unsign(token))
    except (BadSignature, ValueError):
        return None
    if session and session.pk == key:
        return session
    return PatientSession.objects.filter(pk=key).select_related("lead__location", "by").first()


def is_of(session: PatientSession, named: PatientSession | None) -> bool:
    """Tell whether a page that was opened in `named` belongs to the person for whom this browser is open now.

    A browser that has shown nothing owns the pages of the request that it has sent, and no others: whether two requests
    are about one person is nothing to tell it.
    """
    if named is None or session.pk == named.pk:
        return named is not None
    if session.is_proven or session.may_be_proven:
        return session.lead_id == named.lead_id
    return session.origin is not None and session.origin == named.origin


def may_open_both(session: PatientSession, named: PatientSession | None) -> bool:
    """Tell whether one member of staff has opened both sessions, and may still open the page that was sent."""
    staff = session.by
    if named is None or staff is None or not (session.is_on_behalf and named.is_on_behalf and named.by_id == staff.pk):
        return False
    return patient_access.may_fill_in(staff, named.lead_id)
