"""The named cast, and what every test may not do."""

import gc
from pathlib import Path

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.http import HttpRequest
from django.test import Client
from django.utils import translation
from pytest_django import DjangoDbBlocker, Settings

from crm import locations
from crm.followups import published
from crm.leads import stages
from crm.mail import templates as mail_templates
from crm.models import Heartbeat, Lead, Location, PatientSession, User
from crm.patient_portal import page_owner
from intake.public import views
from tests.factories import make_lead, make_location, make_user

# Thousands of tests make much that lives long; looking through all of it again and again takes a twentieth of the time.
gc.set_threshold(100_000, 50, 100)
# Passwords are hashed by the same scheme at a thousandth of its price, which is 100 MB and a fifth of a second.
Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.parallelism = 1, 8, 1


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """No worker runs beside the tests, and the desk would begin to say so in the middle of them."""
    with django_db_blocker.unblock():
        Heartbeat.objects.all().delete()


@pytest.fixture(autouse=True)
def unhashed_static_files(settings: Settings) -> None:
    """Hashed names need collectstatic first; script/server and the deployment check do that, tests need not. Where
    somebody did, WhiteNoise would look at a thousand files for each test's client."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": plain}
    settings.STATIC_ROOT = Path("nowhere")


@pytest.fixture(autouse=True)
def forgotten_location(monkeypatch: pytest.MonkeyPatch) -> None:
    """The main location and the versions of sequences that the test before kept."""
    for module in (locations, published, mail_templates, stages):
        monkeypatch.setattr(module, "KEPT_SECONDS", 1e12)  # or a query more is counted every five seconds
    locations.forget()
    published.forget()
    mail_templates.forget_texts()
    stages.forget_rules()


@pytest.fixture(autouse=True)
def forgotten_language() -> None:
    """The language of the last page that the test before asked for."""
    translation.deactivate()


@pytest.fixture(autouse=True)
def own_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """What tests send to the private page, or from the thank-you page, without having opened it before is sent as from
    a page of its own browser.
    tests/crm/patient_portal/test_whose_page.py does without."""
    named_in, shown_on = page_owner.named_in, views.shown_on

    def named_or_own(request: HttpRequest, session: PatientSession | None) -> PatientSession | None:
        names_one = page_owner.HEADER in request.headers or page_owner.FIELD in request.POST
        return named_in(request, session) if names_one else session

    def shown_or_own(request: HttpRequest) -> str:
        return shown_on(request) or views.just_sent(request)

    monkeypatch.setattr(page_owner, "named_in", named_or_own)
    monkeypatch.setattr(views, "shown_on", shown_or_own)


@pytest.fixture
def center(db: None) -> Location:
    return make_location()


@pytest.fixture
def lead(center: Location) -> Lead:
    return make_lead(location=center)


@pytest.fixture
def coordinator(db: None) -> User:
    return make_user("coordinator", name="Casey Coordinator", email="casey@example.org")


@pytest.fixture
def clinician(db: None) -> User:
    return make_user("clinician", name="Dana Clinician", email="dana@example.org")


@pytest.fixture
def outsider(db: None) -> User:
    """May sign in to the desk and do nothing there."""
    return make_user(name="Oli Outsider", email="oli@example.org")


@pytest.fixture
def desk(client: Client, coordinator: User) -> Client:
    """A browser in which the coordinator is signed in."""
    client.force_login(coordinator)
    return client
