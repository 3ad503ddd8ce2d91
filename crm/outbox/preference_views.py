"""Choosing which mails to get, or none: /u/<token>/. Without signing in, and nothing is changed by looking.

POST takes effect before the answer. It needs no cookie and no CSRF token, because providers send it for their users
(RFC 8058, "One-Click"): the token in the address is the permission.
"""

from datetime import datetime
from typing import Any

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language, gettext, override
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from crm.mail import opt_out, suppression, unsubscribe_token
from crm.mail.unsubscribe_token import Holder
from crm.models import Lead, Scope, SuppressedBecause

NOTHING_STOPPED = "none"


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """Show what is stopped (GET, which changes nothing), or take a choice (POST `scope`: education, most, everything,
    or none to get all mails again). A POST without one (RFC 8058) stops all but appointments and takes nothing back."""
    holder = unsubscribe_token.read(token)
    if holder is None:
        return render(request, "crm/outbox/no_preferences.html", status=404)
    lead = Lead.objects.select_related("location").filter(pk=holder.lead_id).first()
    with override(lead.language if lead else get_language()):
        done = request.method == "POST" and _choose(request, holder, lead)
        refused = request.method == "POST" and not done
        context = {"done": done, "refused": refused, **_how_it_stands(holder, lead)}
        return render(request, "crm/outbox/preferences.html", context, status=422 if refused else 200)


def _how_it_stands(holder: Holder, lead: Lead | None) -> dict[str, Any]:
    """Return what the page says of what goes out and why. `is_of_address`: it speaks of the address of the link alone,
    because nothing of this person's goes there anymore."""
    stopped = opt_out.scope_of(_in_use(holder, lead), holder.lead_id)
    if lead is None:
        return {"scope": stopped, "is_of_address": True}
    is_theirs = _is_theirs(holder, lead)
    return {
        "scope": stopped or (opt_out.choice_of(lead) if is_theirs else None),
        "is_former": not is_theirs,
        "is_without": not lead.email,
        "is_of_address": not is_theirs or not lead.email,
        "can_return": _may_return(holder, lead),
        "is_stopped": _is_stopped_by_others(holder, lead),
    }


def _choose(request: HttpRequest, holder: Holder, lead: Lead | None) -> bool:
    """Carry out the choice that was posted. False, and nothing changed, for one that there is not or that has no
    effect."""
    said = _said(request)
    wanted = Scope.MOST if said is None else said
    now, address = timezone.now(), _address(holder, lead)
    if wanted == NOTHING_STOPPED:
        return lead is not None and _get_all_again(holder, lead, now=now)
    if wanted not in Scope.values:
        return False
    scope = Scope(wanted)
    because, earlier = SuppressedBecause.OPT_OUT, [] if said is None else _hashes(holder, lead)
    if address:
        opt_out.opt_out(address, lead_id=holder.lead_id, scope=scope, because=because, now=now, instead_of=earlier)
    if holder.address_hash not in suppression.hashes_of(address):
        opt_out.opt_out_by_hash(holder.address_hash, lead_id=holder.lead_id, scope=scope, now=now)
    if lead and not lead.email and opt_out.was_theirs(lead, holder.address_hash):  # it holds at their next one
        opt_out.opt_out_by_hash(suppression.hash_of(""), lead_id=holder.lead_id, scope=scope, now=now)
    opt_out.narrow(earlier, lead_id=holder.lead_id, scope=scope, now=now)  # where only hashes are left
    if lead and _is_theirs(holder, lead):
        opt_out.note_education(lead, given=False, words=_in_words(scope), now=now, language=get_language() or "")
    return True


def _said(request: HttpRequest) -> str | None:
    """Return the choice that was posted. Our page always names one; whatever else is posted here is a provider's one
    click, however it is written: None."""
    try:
        return request.POST.get("scope")
    except (BadRequest, MultiPartParserError, SuspiciousOperation):
        return None


def _get_all_again(holder: Holder, lead: Lead, *, now: datetime) -> bool:
    """Lift what a person stopped; False when that has no effect. Educational mails come again only to whoever had
    agreed to them."""
    if not _may_return(holder, lead):
        return False
    opt_out.opt_in(_hashes(holder, lead), lead=lead, now=now)
    has_agreed = _is_theirs(holder, lead) and opt_out.has_ever_agreed(lead)
    if has_agreed and not _is_stopped_by_others(holder, lead):
        words = gettext("Nothing: I would like to get e-mail again")
        opt_out.note_education(lead, given=True, words=words, now=now, language=get_language() or "")
    return True


def _in_words(scope: Scope) -> str:
    """Return the words that stood beside a choice on the page, as proof of it."""
    return {
        Scope.EDUCATION: gettext("Educational e-mail"),
        Scope.MOST: gettext("Everything but appointments"),
        Scope.EVERYTHING: gettext(
            "Everything. Answers to your own requests, such as links and codes, do not come either."
        ),
    }[scope]


def _hashes(holder: Holder, lead: Lead | None) -> list[str]:
    """Return the hashes under which a choice may stand: the token may be older than the key that is in force."""
    return [holder.address_hash, *suppression.hashes_of(_address(holder, lead))]


def _may_return(holder: Holder, lead: Lead) -> bool:
    return opt_out.may_return(_in_use(holder, lead), lead, is_theirs=_is_theirs(holder, lead))


def _is_stopped_by_others(holder: Holder, lead: Lead) -> bool:
    return opt_out.is_stopped_by_others(lead, _in_use(holder, lead))


def _in_use(holder: Holder, lead: Lead | None) -> list[str]:
    """Return the hashes of the address to which mails go for whoever holds the link: a former address that gave out
    stops nothing."""
    address = _address(holder, lead)
    return suppression.hashes_of(address) if address else [holder.address_hash]


def _address(holder: Holder, lead: Lead | None) -> str:
    """Return the address on record for which the choice counts, in clear, so that a mail on its way can be waited for;
    "" when the link is not this person's."""
    return lead.email if lead and _is_theirs(holder, lead) else ""


def _is_theirs(holder: Holder, lead: Lead) -> bool:
    """Tell whether the link is this person's: it went to the address on record, or to a former one that was once shown
    to be theirs. With no address on record nobody can say otherwise."""
    of_now = suppression.hashes_of(lead.email)
    return not lead.email or holder.address_hash in of_now or opt_out.was_theirs(lead, holder.address_hash)
