"""Pages to read: the start page, patient education, and what search engines ask for."""

import json
import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Info, register
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from intake import content
from intake.content import Article

# Where on templates/components/spine_map.svg each page is meant.
SPOTS = {
    "herniated-disc": (262, 276),
    "bulging-disc": (262, 141),
    "degenerative-disc-disease": (180, 401),
    "spinal-stenosis": (310, 44),
    "facet-disease": (360, 128),
    "bone-spurs": (92, 226),
    "spondylolisthesis": (110, 336),
    "sciatica": (392, 420),
}
_LINK = re.compile(r'<a href="/learn/([\w-]+)/">(.*?)</a>')


def known_pages() -> dict[str, Article]:
    """What may be read here, in the visitor's language. A public site shows no education page that is not reviewed."""
    return content.published(get_language() or content.FIRST_LANGUAGE, everything=not settings.IS_PUBLIC)


def _education() -> list[Article]:
    return [article for article in known_pages().values() if article.kind == "education"]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The start page."""
    return render(request, "intake/home.html", {"articles": _education()})


@require_safe
def learn(request: HttpRequest) -> HttpResponse:
    """All education pages, as a list and on a map of the spine."""
    shown = _education()
    return render(request, "intake/learn.html", {"articles": shown, "spots": _spots(shown)})


@require_safe
def article(request: HttpRequest, slug: str) -> HttpResponse:
    """One page with its contents list, sources and related pages. 404 for an unknown slug, or one not yet reviewed."""
    known = known_pages()
    if slug not in known:
        raise Http404
    shown = known[slug]
    context = {
        "article": shown,
        "parts": [_without_dead_links(part, known) for part in shown.parts],
        "related": content.related(shown, _education()),
        "about": _schema(shown),
    }
    return render(request, "intake/article.html", context)


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Every public page that may be read, for search engines."""
    paths = [reverse(f"intake:{name}") for name in ("home", "learn", "candidate")]
    paths += [reverse("intake:article", args=[slug]) for slug in known_pages()]
    context = {"addresses": [_address(path) for path in paths]}
    return render(request, "intake/sitemap.xml", context, content_type="application/xml")


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Where search engines have nothing to look for."""
    lines = ["User-agent: *", "Disallow: /my/", "Disallow: /admin/", f"Sitemap: {_address(reverse('intake:sitemap'))}"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain")


def _spots(shown: list[Article]) -> list[dict[str, Any]]:
    """The published pages that have a place on the map of the spine, numbered."""
    placed = [article for article in shown if article.slug in SPOTS]
    return [
        {"number": number, "slug": one.slug, "title": one.title, "x": SPOTS[one.slug][0], "y": SPOTS[one.slug][1]}
        for number, one in enumerate(placed, start=1)
    ]


def _address(path: str) -> str:
    return settings.SITE_URL.rstrip("/") + path


def _without_dead_links(html: str, known: dict[str, Article]) -> SafeString:
    """The words of a link to a page that is not published stay; the link goes. `html` was cleaned when it was read."""
    return mark_safe(_LINK.sub(lambda link: link[0] if link[1] in known else link[2], html))


def _schema(shown: Article) -> SafeString:
    """What the page is, for machines (schema.org MedicalWebPage), safe inside a script element."""
    about: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "MedicalWebPage" if shown.kind == "education" else "WebPage",
        "name": shown.title,
        "description": shown.summary,
        "url": _address(reverse("intake:article", args=[shown.slug])),
        "inLanguage": shown.language,
        "dateModified": shown.updated.isoformat(),
    }
    if shown.kind == "education":
        about |= {"audience": {"@type": "Patient"}, "citation": list(shown.sources)}
    if shown.reviewed_by:
        about |= {"reviewedBy": {"@type": "Person", "name": shown.reviewed_by}}
    text = json.dumps(about, ensure_ascii=False)
    return mark_safe(text.replace("<", "\\u003c").replace("&", "\\u0026"))


@register("content", deploy=True)
def check_reviews(**_: Any) -> list[CheckMessage]:
    """Says before a public site starts which pages it will not show."""
    waiting = [slug for slug, one in content.articles().items() if one.kind == "education" and not one.reviewed_by]
    if not waiting:
        return []
    hint = "Have a clinician read them and write the name into reviewed_by at the head of each file."
    return [Info(f"Not shown until reviewed: {', '.join(waiting)}.", hint=hint, id="intake.I001")]
