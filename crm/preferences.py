"""Choosing which mails to get, or none: /u/<token>/. Without signing in, and nothing is changed by looking.

POST takes effect before the answer. It needs no cookie and no CSRF token, because providers send it for their users
(RFC 8058, "One-Click"): the token in the address is the permission.
"""

from datetime import datetime

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language, gettext, override
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from crm import preference_link, suppression
from crm.actions import opt_out
from crm.models import Lead, Scope, SuppressedBecause
from crm.preference_link import Holder

NOTHING_STOPPED = "none"


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows what is stopped and changes nothing. POST `scope`: education, most, everything, or none to get all
    mails again; without one, as RFC 8058 posts, everything but appointments stops."""
    holder = preference_link.read(token)
    if holder is None:
        return render(request, "private/no_preferences.html", status=404)
    lead = Lead.objects.select_related("location").filter(pk=holder.lead_id).first()
    with override(lead.language if lead else get_language()):
        done = request.method == "POST" and _choose(request, holder, lead)
        stopped = opt_out.scope_of(_hashes(holder, lead), holder.lead_id)
        can_return = lead is not None and (stopped is not None or opt_out.has_ever_agreed(lead))
        scope = stopped or (opt_out.choice_of(lead) if lead else None)
        context = {"scope": scope, "scopes": Scope, "done": done, "can_return": can_return}
        return render(
            request, "private/preferences.html", context, status=200 if done or request.method != "POST" else 422
        )


def _choose(request: HttpRequest, holder: Holder, lead: Lead | None) -> bool:
    """False for a choice that there is not."""
    wanted = _wanted(request)
    now, address = timezone.now(), _address(holder, lead)
    if wanted == NOTHING_STOPPED:
        return lead is not None and _get_all_again(holder, lead, now=now)
    if wanted not in Scope.values:
        return False
    scope = Scope(wanted)
    if address:
        opt_out.opt_out(address, lead_id=holder.lead_id, scope=scope, because=SuppressedBecause.OPT_OUT, now=now)
    else:
        opt_out.opt_out_by_hash(holder.address_hash, lead_id=holder.lead_id, scope=scope, now=now)
    if lead:
        opt_out.note_education(lead, given=False, words=_in_words(scope), now=now, language=get_language() or "")
    return True


def _wanted(request: HttpRequest) -> str:
    """Our page always names a choice. Whatever else is posted here is a provider's one click, however it is written."""
    try:
        return request.POST.get("scope", Scope.MOST)
    except (BadRequest, MultiPartParserError, SuspiciousOperation):
        return Scope.MOST


def _get_all_again(holder: Holder, lead: Lead, *, now: datetime) -> bool:
    """Lifts what they stopped. Educational mails come again only to whoever had agreed to them."""
    opt_out.opt_in(_hashes(holder, lead), lead=lead, now=now)
    if opt_out.has_ever_agreed(lead):
        words = gettext("Nothing: I would like to get e-mail again")
        opt_out.note_education(lead, given=True, words=words, now=now, language=get_language() or "")
    return True


def _in_words(scope: Scope) -> str:
    """Return what stood beside the choice."""
    return {
        Scope.EDUCATION: gettext("Educational e-mail"),
        Scope.MOST: gettext("Everything but appointments"),
        Scope.EVERYTHING: gettext(
            "Everything. Answers to your own requests, such as links and codes, do not come either."
        ),
    }[scope]


def _hashes(holder: Holder, lead: Lead | None) -> list[str]:
    """Under which the choice may stand: the token may be older than the key that is in force."""
    return [holder.address_hash, *suppression.hashes_of(_address(holder, lead))]


def _address(holder: Holder, lead: Lead | None) -> str:
    """The address in clear while it is on record, so that a mail on its way can be waited for."""
    known = lead.email if lead else ""
    return known if known and holder.address_hash in suppression.hashes_of(known) else ""
