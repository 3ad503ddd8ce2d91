"""What every answer says to the browser, and what the cookies of a site behind https are called."""

import subprocess
import sys

import pytest
from django.test import Client

from crm.models import Location
from script.check import PUBLIC
from tests.faults import rehearsal

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/", "/candidate/", "/admin/login/", "/healthz", "/nowhere/"])
def test_no_page_needs_a_device(centre: Location, client: Client, path: str) -> None:
    policy = client.get(path).headers["Permissions-Policy"]

    assert {"camera=()", "microphone=()", "geolocation=()"} <= set(policy.split(", "))


def test_cookies_over_https_are_of_this_host_alone() -> None:
    say = "import django; django.setup()\nfrom django.conf import settings as s; from crm import private\n"
    say += "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, private.COOKIE)"
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

    assert run.stdout.split() == ["__Host-sessionid", "__Host-csrftoken", "__Host-patient"]
