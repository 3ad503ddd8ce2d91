"""What every decision about a lead has in common: it knows what came until now, or it is refused."""

from collections.abc import Callable

from django.db.models import Model

from crm import registry
from crm.errors import OutOfDate
from crm.models import Lead
from crm.registry import Basis, News

NOTHING = -1  # what a page has shown that carries nothing along


def follows(latest: Model | None, *, earlier: str | None, words: Callable[[], str]) -> None:
    """Raise OutOfDate when somebody has decided since: `latest` is the newest decision, `earlier` the id of the one
    that the page showed, "" for none; None for whoever decides without a page. `words`: what was decided."""
    if latest is not None and earlier is not None and earlier != str(latest.pk):
        raise OutOfDate((words(),))


def known(lead: Lead, *, seen: int | None) -> Basis:
    """Return what a decision about this locked lead stands on. `seen`: the number that its page showed; None for
    whoever decides without a page. Raises OutOfDate when the record has become something else since."""
    basis = registry.basis_of(lead)
    if seen is not None and seen != basis.number:
        raise OutOfDate(news_since(lead, seen=seen))
    return basis


def news_since(lead: Lead, *, seen: int) -> tuple[str, ...]:
    """Return what came since the number that a page showed, one line each; never none."""
    if seen == NOTHING:
        return ("The page did not say what it had shown.",)
    return registry.news_since({lead.pk: seen}).get(lead.pk, News()).lines or ("The record has changed.",)
