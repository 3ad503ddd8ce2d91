"""The pages to read as visitors, search engines and a public site's administrator meet them."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from django.core.checks import run_checks
from django.test import Client
from pytest_django import Settings

from crm.models import Location
from intake import checks
from intake.public import articles, pages
from intake.public.articles import Article
from intake.questionnaire import language_help
from script.check import PUBLIC
from tests.faults.rehearsal import database_url

ALL = list(articles.articles().values())
EDUCATION = [article for article in ALL if article.kind == "education"]
NOTICES = [article for article in ALL if article.kind == "notice"]
PATHS = ["/", "/learn/", "/candidate/", *(f"/learn/{article.slug}/" for article in ALL)]

pytestmark = pytest.mark.usefixtures("center")


def by_slug(article: Article) -> str:
    return article.slug


def page_at(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, path
    return str(response.content.decode())


@pytest.fixture
def public(settings: Settings) -> None:
    """A site that real patients reach, on which no page has been reviewed yet."""
    settings.IS_PUBLIC = True


@pytest.fixture
def one_reviewed(public: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, with sciatica approved by its physician."""
    known = articles.articles()
    approved = replace(known["sciatica"], reviewed_by="Dr. Robin Example")
    monkeypatch.setattr(articles, "articles", lambda _language="en": known | {"sciatica": approved})


class Outline(HTMLParser):
    """Levels of headings in their order, ids, and the targets of links."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.levels: list[int] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if re.fullmatch(r"h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if "id" in known:
            self.ids.append(known["id"])
        if tag == "a":
            self.links.append(known["href"])


# --- Every page ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PATHS)
def test_headings_step_down_one_level_at_a_time(client: Client, path: str) -> None:
    levels = Outline(page_at(client, path)).levels

    assert levels.count(1) == 1
    assert levels[0] == 1
    assert [(a, b) for a, b in pairwise(levels) if b > a + 1] == []


@pytest.mark.parametrize("path", PATHS)
def test_ids_are_unique_and_every_link_leads_somewhere(client: Client, path: str) -> None:
    outline = Outline(page_at(client, path))

    assert len(outline.ids) == len(set(outline.ids))
    inside = {link[1:] for link in outline.links if link.startswith("#")}
    assert inside <= set(outline.ids)
    others = {link for link in outline.links if link.startswith("/")}
    assert {link: client.get(link).status_code for link in others} == dict.fromkeys(others, 200)
    assert {link for link in outline.links if not link.startswith(("#", "/"))} <= {"tel:911", "tel:+12125550100"}


@pytest.mark.parametrize("article", ALL, ids=by_slug)
def test_article_page_shows_it_with_its_contents_and_related_pages(client: Client, article: Article) -> None:
    page = page_at(client, f"/learn/{article.slug}/")

    assert f'<article class="article prose" lang="{article.language}">' in page
    assert ("Not yet medically reviewed" in page) is (article.kind == "education")
    assert all(f'<a href="#{heading.anchor}">' in page for heading in article.headings)
    [links] = re.findall(r"Browse related resources</h2>(.*?)</nav>", page, re.DOTALL)
    assert re.findall(r'href="/learn/([a-z-]+)/"', links) == [near.slug for near in articles.related(article, ALL)]


@pytest.mark.parametrize("article", EDUCATION, ids=by_slug)
def test_warning_signs_stand_on_pages_about_conditions_and_treatments(client: Client, article: Article) -> None:
    page = page_at(client, f"/learn/{article.slug}/")

    assert ("Get emergency care at once" in page) is ("visit" not in article.tags)


@pytest.mark.parametrize("slug", ["nothing-here", "Sciatica", "en"])
def test_unknown_article_is_not_found(client: Client, slug: str) -> None:
    assert client.get(f"/learn/{slug}/").status_code == 404


@pytest.mark.parametrize("path", ["/", "/learn/"])
def test_map_and_list_lead_to_the_same_pages(client: Client, path: str) -> None:
    page = page_at(client, path)
    on_map = re.findall(r'class="mark" href="([^"]+)" aria-label="([^"]+)"', page)
    [listed] = re.findall(r'<ol class="map-list">(.*?)</ol>', page, re.DOTALL)

    assert on_map == re.findall(r'href="([^"]+)">([^<]+)</a>', listed)
    assert len(on_map) == 8


# --- What only reviewed pages may do ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("public")
@pytest.mark.parametrize("article", EDUCATION, ids=by_slug)
def test_public_site_does_not_show_an_unreviewed_page(client: Client, article: Article) -> None:
    assert client.get(f"/learn/{article.slug}/").status_code == 404
    assert f"/learn/{article.slug}/" not in client.get("/sitemap.xml").content.decode()


@pytest.mark.usefixtures("public")
@pytest.mark.parametrize("article", NOTICES, ids=by_slug)
def test_public_site_shows_its_notices(client: Client, article: Article) -> None:
    page_at(client, f"/learn/{article.slug}/")

    assert f"/learn/{article.slug}/" in client.get("/sitemap.xml").content.decode()


@pytest.mark.usefixtures("public")
@pytest.mark.parametrize("path", ["/", "/learn/", "/candidate/", *(f"/learn/{notice.slug}/" for notice in NOTICES)])
def test_public_site_links_to_nothing_it_does_not_show(client: Client, path: str) -> None:
    links = {link for link in Outline(page_at(client, path)).links if link.startswith("/")}

    assert {link: client.get(link).status_code for link in links} == dict.fromkeys(links, 200)


@pytest.mark.usefixtures("public")
def test_public_site_without_a_reviewed_page_says_so(client: Client) -> None:
    page = page_at(client, "/learn/")

    assert "Our physicians are still checking these pages" in page
    assert "spine-map" not in page


@pytest.mark.usefixtures("one_reviewed")
def test_public_site_shows_a_page_once_it_is_reviewed(client: Client) -> None:
    page = page_at(client, "/learn/sciatica/")

    assert "Medically reviewed by Dr. Robin Example" in page
    assert "Not yet medically reviewed" not in page
    assert "/learn/sciatica/" in client.get("/sitemap.xml").content.decode()
    assert "/learn/sciatica/" in page_at(client, "/learn/")


@pytest.mark.usefixtures("one_reviewed")
def test_reviewed_page_names_others_that_are_held_back_without_a_link(client: Client) -> None:
    page = page_at(client, "/learn/sciatica/")

    assert "In about 9 of 10 people the cause is a herniated disc." in page
    assert "/learn/herniated-disc/" not in page


def test_deployment_check_names_each_unreviewed_page() -> None:
    found = [warning for warning in run_checks(include_deployment_checks=True) if warning.id == "intake.W001"]

    assert [warning.msg for warning in found] == [
        f"The page '{language}/{article.slug}' was not medically reviewed, so a public site does not show it."
        for language in ("en", "es")
        for article in EDUCATION
    ]
    assert [warning for warning in run_checks() if warning.id == "intake.W001"] == []


@pytest.mark.usefixtures("one_reviewed")
def test_deployment_check_is_content_with_a_reviewed_page() -> None:
    assert "sciatica" not in "".join(warning.msg for warning in checks.check_reviews())


@pytest.mark.parametrize(
    ("settings_module", "names_it"), [("crm.settings", True), ("script.deploy_settings", False)], ids=["real", "ours"]
)
def test_deployment_check_as_a_command(settings_module: str, names_it: bool) -> None:
    """Our own checks of a checkout tolerate pages that wait for a physician; an administrator's do not hide them."""
    command = [sys.executable, "manage.py", "check", "--deploy", "--settings", settings_module]
    variables = os.environ | PUBLIC | {"DATABASE_URL": database_url()}
    variables.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)  # set while a browser test shares this process's life
    run = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)

    assert run.returncode == 0
    assert ("The page 'es/sciatica' was not medically reviewed" in run.stderr) is names_it


# --- For machines ----------------------------------------------------------------------------------------------------


def test_sitemap_names_every_page_with_its_day(client: Client, settings: Settings) -> None:
    response = client.get("/sitemap.xml")
    entries = ElementTree.fromstring(response.content)  # noqa: S314  # our own
    name = "{http://www.sitemaps.org/schemas/sitemap/0.9}"

    found = {entry.findtext(f"{name}loc"): entry.findtext(f"{name}lastmod") for entry in entries}

    expected: dict[str, str | None] = {}
    for start in ("", "/es"):
        expected |= dict.fromkeys([f"{start}/", f"{start}/learn/", f"{start}/candidate/"])
        expected |= {f"{start}/learn/{article.slug}/": article.updated.isoformat() for article in ALL}
    assert response["Content-Type"] == "application/xml"
    assert found == {settings.SITE_URL + path: day for path, day in expected.items()}


def test_robots_may_read_and_stay_away_from_people(client: Client, settings: Settings) -> None:
    response = client.get("/robots.txt")

    lines = response.content.decode().splitlines()
    assert response["Content-Type"].startswith("text/plain")
    assert {"Disallow: /admin/", "Disallow: /my/", "Disallow: /u/", "Disallow: /candidate/thanks/"} <= set(lines)
    assert "Disallow: /" not in lines
    assert lines[-1] == f"Sitemap: {settings.SITE_URL}/sitemap.xml"


def structured(client: Client, slug: str) -> dict[str, object]:
    [data] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page_at(client, f"/learn/{slug}/"))
    found: dict[str, object] = json.loads(data)
    return found


@pytest.mark.parametrize("article", EDUCATION, ids=by_slug)
def test_article_tells_machines_what_it_is(client: Client, settings: Settings, article: Article) -> None:
    data = structured(client, article.slug)

    assert data == {
        "@context": "https://schema.org",
        "@type": "MedicalWebPage",
        "name": article.title,
        "description": article.summary,
        "url": f"{settings.SITE_URL}/learn/{article.slug}/",
        "inLanguage": "en",
        "dateModified": article.updated.isoformat(),
        "audience": {"@type": "MedicalAudience", "audienceType": "Patient"},
        "citation": list(article.sources),
    }


@pytest.mark.usefixtures("one_reviewed")
def test_reviewed_article_tells_machines_who_reviewed_it(client: Client) -> None:
    data = structured(client, "sciatica")

    assert data["reviewedBy"] == {"@type": "Person", "name": "Dr. Robin Example"}
    assert data["lastReviewed"] == "2026-11-23"


def test_notice_is_no_medical_page(client: Client) -> None:
    assert "<script" not in page_at(client, "/learn/privacy/")


def test_structured_data_cannot_end_its_element() -> None:
    page = replace(articles.articles()["sciatica"], title="</script><script>x()</script> & more")

    data = pages.structured_data(page)

    assert not set("<>&") & set(data)
    assert json.loads(data)["name"] == page.title


# --- Help in other languages -----------------------------------------------------------------------------------------


def test_offer_of_help_stands_there_in_every_language(client: Client, center: Location) -> None:
    page = page_at(client, "/learn/languages/")

    for offer in language_help.OFFERS:
        [entry] = re.findall(rf'<li class="card-box" lang="{offer.lang}"(.*?)</li>', page, re.DOTALL)
        assert offer.name in entry
        assert offer.text in entry
        assert f"tel:{center.phone}" in entry
        assert ('dir="rtl"' in entry.partition(">")[0]) is offer.is_rtl


def test_languages_are_those_most_spoken_beside_english() -> None:
    codes = [offer.lang for offer in language_help.OFFERS]

    assert len(codes) == len(set(codes)) >= 15
    assert codes[0] == "es"
    assert {"zh-Hans", "vi", "ko", "tl", "ru", "ar", "fr", "ht", "pt"} <= set(codes)
    assert {offer.lang for offer in language_help.OFFERS if offer.is_rtl} == {"ar", "fa", "ur"}
    assert len({offer.text for offer in language_help.OFFERS}) == len(codes)
