"""The center's logo: uploaded on the desk, shown on the site, shut in when opened by itself."""

from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from pytest_django import Settings

from crm.models import Location

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'

pytestmark = pytest.mark.django_db


@pytest.fixture
def with_logo(center: Location, settings: Settings, tmp_path: Path) -> Location:
    settings.MEDIA_ROOT = tmp_path
    center.logo.save("ours.svg", ContentFile(SVG))
    return center


def test_logo_is_shown_on_the_site(client: Client, with_logo: Location) -> None:
    assert f'src="/logo/{with_logo.pk}/"' in client.get("/").content.decode()


def test_logo_runs_no_script_when_opened_by_itself(client: Client, with_logo: Location) -> None:
    response = client.get(f"/logo/{with_logo.pk}/")

    assert (response.status_code, response["Content-Type"]) == (200, "image/svg+xml")
    assert b"".join(response.streaming_content) == SVG  # type: ignore[attr-defined]  # a FileResponse
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert "sandbox" in response["Content-Security-Policy"]


def test_site_without_a_logo_shows_its_own_mark(client: Client, center: Location) -> None:
    assert 'src="/static/img/logo.svg"' in client.get("/").content.decode()
    assert client.get(f"/logo/{center.pk}/").status_code == 404


def test_lost_logo_file_is_not_found(client: Client, with_logo: Location) -> None:
    Path(with_logo.logo.path).unlink()

    assert client.get(f"/logo/{with_logo.pk}/").status_code == 404
