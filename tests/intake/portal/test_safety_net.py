"""Whatever goes wrong with a form, a warning sign in it leads to the emergency page, and as much is kept as can be."""

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from crm import locations
from crm.enums.leads import TaskKind
from crm.models import EmergencyCount, Lead, Location, PatientSession, SafetyAlert, Task, User
from crm.patient_portal import access as patient_access
from intake.models import QuarantinedRequest, Submission, UnprovenRequest
from intake.portal import safety_net
from intake.questionnaire import PAGES, RECHECK, SAFETY_SCRIPT
from intake.requests import actions, quarantine
from tests.factories import make_lead, make_link, make_user, prove, step_one
from tests.intake.requests.test_submit import request_of

FORM_DATA = "application/x-www-form-urlencoded"
PRIVATE_PAGES = [
    f"/my/questions/{page.key}/"
    for page in (*PAGES, RECHECK, SAFETY_SCRIPT)
    if any(one.name == "safety_check" for one in page.questions)
]
ROUTES = ["/candidate/", "/candidate/call-me/", "/candidate/embed/", *PRIVATE_PAGES]
ALL_ROUTES = [*ROUTES, *(f"/es{route}" for route in ROUTES)]
Patch = pytest.MonkeyPatch
Break = Callable[[Patch, Client], Any]

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(center: Location) -> Client:
    """Of somebody proven on the private page."""
    browser = Client(raise_request_exception=False)
    browser.cookies["patient"] = prove(make_lead(location=center), now=timezone.now()).secret
    return browser


def refuse(error: type[Exception]) -> Callable[..., Any]:
    def broken(*_: Any, **__: Any) -> Any:
        raise error("broken")

    return broken


def broken(name: str, error: type[Exception] = RuntimeError) -> Break:
    return lambda patch, _browser: patch.setattr(name, refuse(error))


def no_location(patch: Patch, _browser: Client) -> None:
    patch.setattr(locations, "main", lambda: None)


def no_database(patch: Patch, _browser: Client) -> None:
    locations.forget()
    patch.setattr(BaseDatabaseWrapper, "cursor", refuse(OperationalError))


def no_token(_patch: Patch, browser: Client) -> None:
    browser.handler.enforce_csrf_checks = True


def no_cookies(_patch: Patch, browser: Client) -> None:
    browser.cookies.clear()


def left_alone(_patch: Patch, _browser: Client) -> None:
    PatientSession.objects.update(seen_at=timezone.now() - timedelta(minutes=31))


def ended(_patch: Patch, _browser: Client) -> None:
    PatientSession.objects.update(ended_at=timezone.now())


def not_proven(_patch: Patch, _browser: Client) -> None:
    PatientSession.objects.update(proven_at=None)


def nothing(_patch: Patch, _browser: Client) -> None:
    """Nothing is wrong but the rest of the form."""


FAILURES: dict[str, Break] = {
    "nothing": nothing,
    "no CSRF token": no_token,
    "no cookies": no_cookies,
    "left alone": left_alone,
    "session ended": ended,
    "not proven": not_proven,
    "no location": no_location,
    "no database": no_database,
    "location fails": broken("crm.locations.main"),
    "storing fails": broken("intake.requests.actions.submit"),
    "storing fails in the database": broken("intake.requests.actions.submit", OperationalError),
    "keeping a page fails": broken("intake.requests.page_submission.keep_emergency"),
    "keeping a page fails in the database": broken("intake.requests.page_submission.keep_emergency", OperationalError),
    "judging fails": broken("intake.assessment.actions.assess", KeyError),
    "the alert fails": broken("crm.safety.alerts.raise_alert"),
    "the limits fail": broken("intake.requests.bot_protection._judge"),
    "checking the form fails": broken("intake.requests.forms.QuestionnaireForm.__init__", TypeError),
    "the session fails": broken("crm.patient_portal.access.find_session"),
    "the former session fails": broken("crm.patient_portal.access.find_former"),
    "keeping a report fails": broken("intake.requests.sign_reports.keep"),
    "keeping a report fails in the database": broken("intake.requests.sign_reports.keep", OperationalError),
    "a middleware fails": broken("intake.requests.attribution.Attribution.__call__"),
    "the page's cookie fails": broken("intake.public.views._remember"),
}
EXTRA: dict[str, dict[str, Any]] = {
    "nothing": {},
    "not an id": {"submission_id": "nonsense"},
    "wrong fields": {"email": "nobody", "first_name": "", "pain_now_avg": "99", "state": "??"},
    "a null character": {"first_name": "\0"},
    "contradicting boxes": {"safety_check": ["none", "unsure_A2"]},
    "too many fields": {f"more{number}": "1" for number in range(500)},
    "a caught machine": {"website": "spam", "opened": ""},
}


def send(browser: Client, route: str, **more: Any) -> Any:
    query = more.pop("query", "")
    body = urlencode(step_one(**({"safety_check": ["A1"]} | more)), doseq=True)
    return browser.post(route + query, body, content_type=FORM_DATA)


def shows_emergency(browser: Client, response: Any) -> bool:
    """Whether the answer is the emergency page, or leads there."""
    if response.status_code == 302:
        response = browser.get(response["Location"])
    return response.status_code == 200 and all(
        words in response.content.decode() for words in ("Please get emergency care now", 'href="tel:911"')
    )


@pytest.mark.parametrize("route", ALL_ROUTES)
@pytest.mark.parametrize("failure", FAILURES)
def test_a_warning_sign_leads_to_emergency_care_whatever_fails(
    browser: Client, monkeypatch: Patch, route: str, failure: str
) -> None:
    FAILURES[failure](monkeypatch, browser)
    assert shows_emergency(browser, send(browser, route))


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("extra", EXTRA)
def test_a_warning_sign_leads_to_emergency_care_whatever_else_is_sent(browser: Client, route: str, extra: str) -> None:
    assert shows_emergency(browser, send(browser, route, **EXTRA[extra]))


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("query", ["?x=%00", "?x=%ff", "?lang=xx"])
def test_a_warning_sign_leads_to_emergency_care_whatever_the_address(browser: Client, route: str, query: str) -> None:
    assert shows_emergency(browser, send(browser, route, query=query))


@pytest.mark.parametrize("route", ROUTES)
def test_a_warning_sign_leads_to_emergency_care_in_a_flood(browser: Client, settings: Any, route: str) -> None:
    settings.REQUESTS_AN_HOUR = 0
    assert shows_emergency(browser, send(browser, route))


@pytest.mark.parametrize("route", ["/my/questions/nothing/", "/es/my/questions/nothing/"])
def test_a_page_that_is_not_there_any_more_answers_a_warning_sign(browser: Client, route: str) -> None:
    assert shows_emergency(browser, send(browser, route))
    assert SafetyAlert.objects.count() == 1


def test_without_a_warning_sign_the_answer_stays(browser: Client) -> None:
    ended(pytest.MonkeyPatch(), browser)
    assert send(browser, PRIVATE_PAGES[0], safety_check=["none"]).status_code == 404
    assert send(browser, "/candidate/nowhere/").status_code == 404
    assert browser.get(PRIVATE_PAGES[0], {"safety_check": "A1"}).status_code == 404


def test_the_frame_shows_it_when_nobody_knows_whose_site_it_is(browser: Client, monkeypatch: Patch) -> None:
    no_database(monkeypatch, browser)
    answer = send(browser, "/candidate/embed/")
    assert "frame-ancestors *" in answer["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer


def test_the_page_itself_comes_without_a_database(browser: Client, monkeypatch: Patch) -> None:
    no_database(monkeypatch, browser)
    answer = browser.get("/candidate/emergency/")
    assert (answer.status_code, "Show this screen to the emergency team" in answer.content.decode()) == (200, True)


def test_an_own_page_still_lets_nobody_frame_it(browser: Client) -> None:
    ended(pytest.MonkeyPatch(), browser)
    assert "frame-ancestors *" not in send(browser, PRIVATE_PAGES[0])["Content-Security-Policy"]


# --- What is kept -----------------------------------------------------------------------------------------------------
def only_calls() -> bool:
    """Whether somebody is called, and nothing of the record has changed."""
    lead = Lead.objects.get()
    called = Task.objects.filter(lead=lead, kind=TaskKind.URGENT_CALL).count() == SafetyAlert.objects.count() == 1
    return called and not lead.safety_hold and not Submission.objects.counting().exists()


def is_a_report() -> bool:
    """Whether what was sent waits for somebody to look (tests/intake/requests/test_reports.py)."""
    return only_calls() and UnprovenRequest.objects.get().submissions.count() == 1


def test_a_page_that_was_left_alone_is_kept(browser: Client, monkeypatch: Patch) -> None:
    left_alone(monkeypatch, browser)
    answer = send(browser, PRIVATE_PAGES[0], submission_id=(form_id := str(uuid.uuid4())))
    assert "We have received what you sent" in browser.get(answer["Location"]).content.decode()
    send(browser, PRIVATE_PAGES[0], submission_id=form_id)
    assert is_a_report()
    assert browser.get("/my/").status_code == 404  # and opens nothing


@pytest.mark.parametrize("failure", [ended, not_proven, no_token])
def test_who_has_no_session_leaves_a_report_and_changes_nothing(
    browser: Client, monkeypatch: Patch, failure: Break
) -> None:
    failure(monkeypatch, browser)
    answer = send(browser, PRIVATE_PAGES[0])
    assert "We have received what you sent" in browser.get(answer["Location"]).content.decode()
    assert is_a_report()


def test_an_open_link_in_another_tab_calls_somebody(browser: Client) -> None:
    lead = Lead.objects.get()
    token = make_link(lead, now=timezone.now())
    answer = browser.post(f"/my/link/{token}/", {"opened": str(uuid.uuid4())})
    assert answer.status_code == 302
    send(browser, PRIVATE_PAGES[0])
    assert is_a_report()


def test_what_staff_had_opened_changes_nothing_later(browser: Client) -> None:
    lead, staff = Lead.objects.get(), make_user("coordinator")
    entry = patient_access.begin(lead, now=timezone.now() - timedelta(hours=1), by=staff, desk="x")
    browser.cookies["patient"] = entry.secret
    send(browser, PRIVATE_PAGES[0])
    assert is_a_report()


def test_a_page_that_cannot_be_kept_is_a_report(browser: Client, monkeypatch: Patch) -> None:
    broken("intake.requests.page_submission.keep_emergency")(monkeypatch, browser)
    send(browser, PRIVATE_PAGES[0])
    assert is_a_report()


def test_signs_are_kept_where_no_form_can_read_the_page(browser: Client, monkeypatch: Patch) -> None:
    broken("intake.requests.forms.QuestionnaireForm.__init__", TypeError)(monkeypatch, browser)
    send(browser, PRIVATE_PAGES[0])
    assert is_a_report()
    assert Submission.objects.get().answers["safety_check"] == ["A1"]


def test_somebody_is_called_when_nothing_can_be_kept(browser: Client, monkeypatch: Patch) -> None:
    ended(monkeypatch, browser)
    broken("intake.requests.sign_reports.keep")(monkeypatch, browser)
    answer = send(browser, PRIVATE_PAGES[0])
    assert "could not be stored" in browser.get(answer["Location"]).content.decode()
    assert only_calls()
    assert not Submission.objects.exists()


def test_a_crowd_raises_alerts_without_mails(browser: Client, monkeypatch: Patch, settings: Any) -> None:
    settings.REQUESTS_AN_HOUR = 0
    ended(monkeypatch, browser)
    send(browser, PRIVATE_PAGES[0])
    assert SafetyAlert.objects.get().next_level_at is None


def test_a_request_without_a_token_is_kept_as_from_a_frame(browser: Client, monkeypatch: Patch) -> None:
    no_token(monkeypatch, browser)
    send(browser, "/candidate/")
    assert Submission.objects.get().lead.safety_hold


MANY_FIELDS = EXTRA["too many fields"]
PUBLIC = ["/candidate/", "/candidate/call-me/", "/candidate/embed/"]


@pytest.mark.parametrize("route", PUBLIC)
def test_a_public_form_of_too_many_fields_is_kept_and_calls_somebody(center: Location, route: str) -> None:
    answer = send(Client(), route, **MANY_FIELDS)
    lead = Lead.objects.get()
    assert answer.status_code in {200, 302}
    assert (lead.last_name, lead.safety_hold, Submission.objects.get().answers["safety_check"]) == (
        "Sample",
        True,
        ["A1"],
    )
    assert SafetyAlert.objects.open().filter(lead=lead).count() == 1
    assert Task.objects.open().filter(lead=lead, kind=TaskKind.URGENT_CALL).count() == 1


@pytest.mark.parametrize("route", PUBLIC)
def test_such_a_form_in_the_name_of_somebody_known_is_a_report(center: Location, route: str) -> None:
    actions.submit(request_of(center))
    send(Client(), route, **MANY_FIELDS)
    report = UnprovenRequest.objects.get()
    assert (report.has_sign, Lead.objects.get().safety_hold) == (True, False)
    assert SafetyAlert.objects.open().count() == 1


@pytest.mark.parametrize("route", PUBLIC)
def test_such_a_form_of_nobody_in_particular_gets_the_page_alone(center: Location, route: str) -> None:
    nameless = {"first_name": "", "last_name": "", "email": "", "phone": ""}
    browser = Client()
    assert shows_emergency(browser, send(browser, route, **MANY_FIELDS, **nameless))
    assert not Lead.objects.exists()
    assert EmergencyCount.objects.get().count == 1


def test_a_sign_for_review_on_a_page_of_too_many_fields_is_a_report(browser: Client) -> None:
    send(browser, PRIVATE_PAGES[0], safety_check=["none"], safety_check_b=["B2"], **MANY_FIELDS)
    assert UnprovenRequest.objects.get().submissions.get().answers["safety_check_b"] == ["B2"]
    assert Task.objects.open().filter(kind=TaskKind.REVIEW).count() == 1


B_SIGN: dict[str, Any] = {"safety_check": ["none"], "safety_check_b": ["B2"]}


@pytest.mark.parametrize(
    ("route", "failure", "extra", "status"),
    [
        ("/candidate/", "no CSRF token", {}, 403),
        ("/candidate/call-me/", "no CSRF token", {}, 403),
        ("/candidate/", "storing fails", {}, 500),
        *((route, "nothing", MANY_FIELDS, 400) for route in PUBLIC),
    ],
)
def test_a_refused_request_with_a_sign_for_review_waits_for_a_person(
    browser: Client, monkeypatch: Patch, clinician: User, route: str, failure: str, extra: dict[str, Any], status: int
) -> None:
    with monkeypatch.context() as broken_for_now:
        FAILURES[failure](broken_for_now, browser)
        answer = send(browser, route, **B_SIGN, **extra)
    held = QuarantinedRequest.objects.get()
    assert (answer.status_code, held.reasons[0], held.data["safety_check_b"]) == (status, "refused", ["B2"])
    assert not Submission.objects.exists()

    lead = quarantine.release(held, by=clinician, now=timezone.now())
    assert Task.objects.open().filter(lead=lead, kind=TaskKind.REVIEW).count() == 1


def test_a_refused_request_that_is_sent_again_proves_itself(browser: Client, monkeypatch: Patch) -> None:
    form_id = str(uuid.uuid4())
    no_token(monkeypatch, browser)
    send(browser, "/candidate/", submission_id=form_id, **B_SIGN)
    browser.handler.enforce_csrf_checks = False
    page = browser.get(send(browser, "/candidate/", submission_id=form_id, **B_SIGN)["Location"]).text
    held = QuarantinedRequest.objects.get()
    assert (held.reference in page, 'name="salt"' in page) == (True, True)
    assert quarantine.can_prove_itself(held.reference) == held


@pytest.mark.parametrize(
    "sent",
    [
        {"safety_check": ["none"], "safety_check_b": ["none"]},
        B_SIGN | {"email": "", "phone": ""},
        B_SIGN | {"first_name": ""},
    ],
)
def test_a_refused_request_without_a_sign_or_a_contact_is_not_kept(
    browser: Client, monkeypatch: Patch, sent: dict[str, Any]
) -> None:
    no_token(monkeypatch, browser)
    assert send(browser, "/candidate/", **sent).status_code == 403
    assert not QuarantinedRequest.objects.exists()


def test_in_a_flood_no_refused_request_is_kept(browser: Client, monkeypatch: Patch, settings: Any) -> None:
    settings.REQUESTS_AN_HOUR = 0
    no_token(monkeypatch, browser)
    assert send(browser, "/candidate/", **B_SIGN).status_code == 403
    assert not QuarantinedRequest.objects.exists()


def test_nobody_waits_twice_for_a_database_that_is_away(browser: Client, monkeypatch: Patch) -> None:
    broken("crm.locations.main", OperationalError)(monkeypatch, browser)
    monkeypatch.setattr("intake.requests.submission_flow.take_emergency", refuse(AssertionError))
    monkeypatch.setattr(safety_net.log, "error", refuse(AssertionError))
    assert shows_emergency(browser, send(browser, "/candidate/"))


# --- None is missing --------------------------------------------------------------------------------------------------
def patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for one in resolver.url_patterns:
        if isinstance(one, URLResolver):
            yield from patterns(one)
        else:
            yield one


def test_every_public_form_with_warning_signs_is_in_the_net(browser: Client) -> None:
    """Every address that takes no argument, and each page of the private area."""
    plain = {str(one.pattern): one.name for one in patterns(get_resolver("intake.urls")) if "<" not in str(one.pattern)}
    asks = {name for path, name in plain.items() if 'name="safety_check"' in browser.get(f"/{path}").content.decode()}
    assert asks == set(safety_net.DOORS)
    assert len(PRIVATE_PAGES) > 1
