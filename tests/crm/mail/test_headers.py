"""What every answer says to the browser, and what the cookies of a site behind https are called."""

import re
import subprocess
import sys

import pytest
from django.test import Client

from crm.models import Location
from script.check import PUBLIC
from tests.faults import rehearsal

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/", "/candidate/", "/admin/login/", "/healthz", "/nowhere/"])
def test_no_page_needs_a_device(center: Location, client: Client, path: str) -> None:
    policy = client.get(path).headers["Permissions-Policy"]

    assert {"camera=()", "microphone=()", "geolocation=()"} <= set(policy.split(", "))


@pytest.mark.parametrize("path", ["/my/", "/es/my/", "/my/code/", "/my/no-such-page/", "/my/documents/", "/my/data/"])
def test_no_private_page_is_for_search_engines(center: Location, client: Client, path: str) -> None:
    assert client.get(path).headers["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize("path", ["/u/a-token/", "/feeds/a-token.ics", "/admin/set-password/a/b/", "/admin/login/"])
def test_no_address_with_a_secret_in_it_is_for_search_engines(center: Location, client: Client, path: str) -> None:
    assert client.get(path).headers["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize("path", ["/candidate/", "/es/candidate/", "/candidate/emergency/", "/", "/learn/"])
def test_search_engines_find_the_form(center: Location, client: Client, path: str) -> None:
    assert "X-Robots-Tag" not in client.get(path).headers


def test_cookies_over_https_are_of_this_host_alone() -> None:
    say = "import django; django.setup()\nfrom django.conf import settings as s\n"
    say += "from crm.patient_portal import requests; from intake.public import views\n"
    say += "from intake.requests import attribution\nprint(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, "
    say += "requests.COOKIE, attribution.COOKIE, views.REFERENCE_COOKIE, views.EMERGENCY_COOKIE)"
    place = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1"}
    command = [sys.executable, "-c", say]

    run = subprocess.run(
        command,
        cwd=rehearsal.ROOT,
        env=PUBLIC | place | {"DJANGO_SETTINGS_MODULE": "crm.settings"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )

    named = "sessionid csrftoken patient came_by request_reference request_emergency".split()
    assert run.stdout.split() == [f"__Host-{name}" for name in named]


def test_every_cookie_of_ours_is_named_in_one_place() -> None:
    """Each that some code sets or deletes has one of the constants above for its name."""
    given = re.compile(r"(?:set_cookie|set_signed_cookie|delete_cookie)\(\s*([^,)]+)")
    sources = [path for app in ("crm", "intake", "scheduling") for path in (rehearsal.ROOT / app).rglob("*.py")]
    names = {name.strip() for path in sources for name in given.findall(path.read_text(encoding="utf-8"))}
    assert names == {"COOKIE", "cookie"}
