"""What every decision about a lead has in common: it knows what came until now, or it is refused."""

from crm import registry
from crm.errors import OutOfDate
from crm.models import Lead
from crm.registry import Basis, News


def known(lead: Lead, *, seen: int | None) -> Basis:
    """Return what a decision about this locked lead stands on. `seen`: the number that its page showed; None for
    whoever decides without a page. Raises OutOfDate when the record has become something else since."""
    basis = registry.basis_of(lead)
    if seen is not None and seen != basis.number:
        news = registry.news_since({lead.pk: seen}).get(lead.pk, News())
        raise OutOfDate(news.lines or ("The record has changed.",))
    return basis
