"""Pages to read: the start page and patient education."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from intake import content


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The start page."""
    known = content.articles()
    return render(request, "intake/home.html", {"articles": [a for a in known.values() if a.kind == "education"]})


@require_safe
def learn(request: HttpRequest) -> HttpResponse:
    """All education pages."""
    known = content.articles()
    return render(request, "intake/learn.html", {"articles": [a for a in known.values() if a.kind == "education"]})


@require_safe
def article(request: HttpRequest, slug: str) -> HttpResponse:
    """One page with its contents list, sources and related pages. 404 for an unknown slug."""
    known = content.articles()
    if slug not in known:
        raise Http404
    shown = known[slug]
    related = [known[other] for other in shown.related if other in known]
    return render(request, "intake/article.html", {"article": shown, "related": related})
