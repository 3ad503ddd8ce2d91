"""The form in a frame, over HTTP: who may frame it, that no cookie is needed or set, and that nothing typed is lost."""

import re
import time
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils.csp import CSP

from crm import locations
from crm.models import EmergencyCount, Lead, Location, SafetyAlert
from crm.models.location import validate_origin
from intake.models import QuarantinedRequest, Submission
from intake.public import embed
from intake.requests import bot_protection
from tests.factories import make_location, step_one
from tests.intake.public.test_views import is_ticked, page_of

FRAME = "/candidate/embed/"
SITES = ["https://www.example.org", "http://localhost:8080"]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def listed() -> Location:
    return make_location(embed_origins=SITES)


@pytest.fixture
def visitor() -> Client:
    """A browser in another site's page: Django checks tokens of forms for it, and it sends no cookie back."""
    return Client(enforce_csrf_checks=True)


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found
    return found[1]


def filled_in(visitor: Client, **changes: Any) -> dict[str, Any]:
    page = page_of(visitor.get(FRAME))
    given = {name: hidden(page, name) for name in ("submission_id", "token")}
    return {name: value for name, value in (step_one() | given | changes).items() if value is not None}


def ancestors(response: Any) -> str:
    policy = {part.split()[0]: part for part in response["Content-Security-Policy"].split("; ")}
    return str(policy["frame-ancestors"])


def test_only_listed_sites_may_show_it(visitor: Client) -> None:
    response = visitor.get(FRAME)
    assert ancestors(response) == f"frame-ancestors {' '.join(SITES)}"
    assert "X-Frame-Options" not in response
    assert "default-src 'self'" in response["Content-Security-Policy"]
    Location.objects.update(embed_origins=[])
    locations.forget()
    assert ancestors(visitor.get(FRAME)) == f"frame-ancestors {CSP.NONE}"


@pytest.mark.parametrize("path", ["/", "/candidate/", "/candidate/call-me/", "/candidate/emergency/", "/my/link/"])
def test_everything_else_stays_unframeable(visitor: Client, path: str) -> None:
    response = visitor.get(path)
    assert (ancestors(response), response["X-Frame-Options"]) == ("frame-ancestors 'none'", "DENY")


def test_a_request_without_any_cookie(visitor: Client) -> None:
    data = filled_in(visitor)
    for _ in range(2):  # reloading the answer sends it again
        answer = visitor.post(FRAME, data, headers={"Referer": "https://www.example.org/page"})
        assert answer.status_code == 200
        lead = Lead.objects.get()
        assert lead.reference in page_of(answer)
    assert (Submission.objects.count(), lead.attribution) == (1, {"via": "embed"})
    assert not visitor.cookies


def test_the_first_look_sets_no_cookie_either(visitor: Client) -> None:
    visitor.get(f"{FRAME}?utm_source=news", headers={"Referer": "https://www.example.org/page"})
    assert not visitor.cookies


def spoiled(visitor: Client, which: str) -> str | None:
    other = hidden(page_of(visitor.get(FRAME)), "token")
    return {"missing": None, "altered": "x" + other, "of another form": other, "empty": ""}[which]


@pytest.mark.parametrize("which", ["missing", "altered", "of another form", "empty"])
def test_a_wrong_token_loses_nothing_and_the_next_try_works(visitor: Client, which: str) -> None:
    refused = visitor.post(FRAME, filled_in(visitor, token=spoiled(visitor, which)))
    page = page_of(refused)
    assert (refused.status_code, Lead.objects.count()) == (422, 0)
    assert "Nothing you typed is lost" in page
    assert is_ticked(page, "pain_region", "low_back")
    assert 'value="maria.sample@example.org"' in page
    again = step_one() | {name: hidden(page, name) for name in ("submission_id", "token")}
    assert visitor.post(FRAME, again).status_code == 200
    assert Lead.objects.count() == 1


def test_a_token_is_good_for_half_a_day(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    data, now = filled_in(visitor), time.time()
    for hours, status in ((embed.TOKEN_HOURS + 1, 422), (embed.TOKEN_HOURS - 1, 200)):
        monkeypatch.setattr("django.core.signing.time", SimpleNamespace(time=lambda at=now + hours * 3600: at))
        assert visitor.post(FRAME, data).status_code == status


def test_a_form_without_its_id_gets_a_new_one(visitor: Client) -> None:
    page = page_of(visitor.post(FRAME, filled_in(visitor, submission_id="nonsense")))
    again = step_one() | {name: hidden(page, name) for name in ("submission_id", "token")}
    assert visitor.post(FRAME, again).status_code == 200


def test_a_mistake_shows_the_form_with_everything_in_it(visitor: Client) -> None:
    refused = visitor.post(FRAME, filled_in(visitor, pain_now_avg=None))
    assert (refused.status_code, 'value="maria.sample@example.org"' in page_of(refused)) == (422, True)
    assert "Set-Cookie" not in refused


@pytest.mark.parametrize("token", ["good", "altered"])
def test_a_warning_sign_leads_to_emergency_care_whatever_the_token(visitor: Client, token: str) -> None:
    wrong = {} if token == "good" else {"token": "altered"}
    answer = visitor.post(FRAME, filled_in(visitor, safety_check=["unsure_A2"], **wrong))
    page = page_of(answer)
    assert answer.status_code == 200
    assert "Please get emergency care now" in page
    assert "We have received what you sent" in page
    assert SafetyAlert.objects.count() == 1
    way_out = re.search(r'data-way-out="([^"]+)"', page)
    assert way_out
    assert f'href="{way_out[1]}" target="_top"' in page
    whole = page_of(visitor.get(way_out[1]))
    assert "Please get emergency care now" in whole
    assert "We have received what you sent" in whole


def test_an_emergency_without_contact_is_counted_and_says_so(visitor: Client) -> None:
    data = filled_in(visitor, safety_check=["A1"], first_name=None, state="ZZ")
    page = page_of(visitor.post(FRAME, data))
    assert "were not stored" in page
    assert "Call 112" in page
    assert EmergencyCount.objects.get().count == 1


def test_nobody_else_can_say_what_we_kept(client: Client) -> None:
    forged = page_of(client.get("/candidate/emergency/?told=home+kept"))
    assert "Please get emergency care now" in forged
    assert "We have received" not in forged


def test_what_a_machine_may_have_made_gets_the_same_answer(visitor: Client) -> None:
    answer = visitor.post(FRAME, filled_in(visitor, website="http://spam.example.org"))
    assert (answer.status_code, Lead.objects.count(), QuarantinedRequest.objects.count()) == (200, 0, 1)
    assert "We have your request" in page_of(answer)


def test_a_flood_is_turned_away_with_everything_typed(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot_protection, "FLOOD", 0)
    answer = visitor.post(FRAME, filled_in(visitor))
    assert (answer.status_code, 'value="maria.sample@example.org"' in page_of(answer)) == (429, True)


def test_in_spanish(visitor: Client) -> None:
    page = page_of(visitor.get(f"/es{FRAME}"))
    assert f'action="/es{FRAME}"' in page
    again = step_one() | {name: hidden(page, name) for name in ("submission_id", "token")}
    assert visitor.post(f"/es{FRAME}", again).status_code == 200
    assert Lead.objects.get().language == "es"


def test_every_way_out_of_the_frame_leaves_it(visitor: Client) -> None:
    """A page of ours that is not this one shows nothing inside a frame: a link must open it elsewhere."""
    pages = [visitor.get(FRAME), visitor.post(FRAME, filled_in(visitor, safety_check=["A1"]))]
    pages.append(visitor.post(FRAME, filled_in(visitor)))
    for page in map(page_of, pages):
        links = re.findall(r'<a\b[^>]*href="([^"]+)"[^>]*>', page)
        inside = re.findall(r'<a\b(?![^>]*target=)[^>]*href="([^"]+)"', page)
        assert links
        assert [link for link in inside if not link.startswith(("#", "tel:")) and FRAME not in link] == []


@pytest.mark.parametrize("good", ["https://www.example.org", "https://example.org:8443", "http://localhost:8080"])
def test_an_origin(good: str) -> None:
    validate_origin(good)


@pytest.mark.parametrize(
    "bad",
    [
        "*",
        "https://*.example.org",
        "https://example.org/",
        "https://example.org/path",
        "http://example.org",
        "example.org",
        "https://example.org; script-src *",
        "https://a b",
        "'self'",
        "https://example.org:0",
        "https://Example.org",
        "https://example.org\n",
    ],
)
def test_what_is_no_origin(bad: str) -> None:
    with pytest.raises(ValidationError, match="without anything after its name"):
        validate_origin(bad)


def test_an_administrator_lists_sites_and_gets_the_lines_to_paste(admin_client: Client, listed: Location) -> None:
    address = f"/admin/crm/location/{listed.pk}/change/"
    page = page_of(admin_client.get(address))
    assert "/candidate/embed/" in page
    assert "/static/js/embed.js" in page
    assert "https://www.example.org\nhttp://localhost:8080" in page
