"""Pages to read: the start page, patient education and what search engines ask for."""

import json
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.sitemaps import Sitemap
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from intake.public import articles
from intake.public.articles import Article
from intake.questionnaire import language_help

GROUPS = ("condition", "treatment", "visit")  # each page of medical facts bears one of these tags
SHOWS_WARNING_SIGNS = {"condition", "treatment"}
UNSAFE_IN_SCRIPT = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"}


def readable() -> dict[str, Article]:
    """Return the pages that may be read here, by slug, in the visitor's language where it exists."""
    language = (get_language() or articles.ORIGINAL).partition("-")[0]
    return articles.shown(language, public=settings.IS_PUBLIC)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the start page."""
    return render(request, "intake/public/home.html", _grouped())


@require_safe
def learn(request: HttpRequest) -> HttpResponse:
    """Show all education pages, as a map of the spine and as lists."""
    return render(request, "intake/public/learn.html", _grouped())


@require_safe
def article(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one page with its contents list, sources and related pages. 404 if the slug is unknown or not published."""
    pages = readable()
    if slug not in pages:
        raise Http404
    page = pages[slug]
    context = {
        "article": page,
        "stretches": [(_with_links(part.html, among=pages), part) for part in page.parts],
        "related": articles.related(page, pages.values()),
        "structured_data": structured_data(page),
        "page_address": settings.SITE_URL + reverse("intake:article", args=[slug]),
        "has_warning_signs": page.tags & SHOWS_WARNING_SIGNS,
        "offers": language_help.OFFERS if slug == "languages" else (),
    }
    return render(request, "intake/public/article.html", context)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Tell crawlers what they may visit: the pages to read and the form, nothing that belongs to a person."""
    prefixes = ["", *(f"/{code}" for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE)]
    context = {"site_url": settings.SITE_URL, "prefixes": prefixes}
    return render(request, "intake/public/robots.txt", context, content_type="text/plain")


class ReadingMap(Sitemap):  # type: ignore[type-arg]  # takes no [str] when it runs
    """Addresses for search engines: the start page, the form and every page that may be read."""

    protocol = urlsplit(settings.SITE_URL).scheme
    i18n = alternates = x_default = True

    def items(self) -> list[str]:
        return ["intake:home", "intake:learn", "intake:candidate", *readable()]

    def location(self, item: str) -> str:
        return reverse(item) if ":" in item else reverse("intake:article", args=[item])

    def lastmod(self, item: str) -> object:
        page = readable().get(item)
        return page.updated if page else None

    def get_domain(self, site: object = None) -> str:
        return urlsplit(settings.SITE_URL).netloc


def structured_data(page: Article) -> SafeString:
    """Return what the page is, in schema.org's words, as JSON safe inside a script element. Empty for notices."""
    if page.kind != "education":
        return mark_safe("")
    data: dict[str, object] = {
        "@context": "https://schema.org",
        "@type": "MedicalWebPage",
        "name": page.title,
        "description": page.summary,
        "url": settings.SITE_URL + reverse("intake:article", args=[page.slug]),
        "inLanguage": page.language,
        "dateModified": page.updated.isoformat(),
        "audience": {"@type": "MedicalAudience", "audienceType": "Patient"},
        "citation": list(page.sources),
    }
    if page.reviewed_by:
        data |= {"lastReviewed": page.updated.isoformat(), "reviewedBy": {"@type": "Person", "name": page.reviewed_by}}
    return mark_safe(json.dumps(data).translate(UNSAFE_IN_SCRIPT))


def _with_links(html: str, *, among: dict[str, Article]) -> str:
    """Link only to pages that are shown, in the language being read: the texts write links without one."""
    return articles.without_links_to_others(html, among).replace('href="/', f'href="{reverse("intake:home")}')


def _grouped() -> dict[str, list[Article]]:
    """Return the education pages by group, and those that have a mark on the map."""
    pages = [page for page in readable().values() if page.kind == "education"]
    groups = {group: [page for page in pages if group in page.tags] for group in GROUPS}
    return groups | {"on_map": [page for page in pages if page.on_map]}
