"""What the balancer is told."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from crm import celery_app
from crm.mail import status as mail_status
from crm.models import Lead
from crm.ops import health
from tests.factories import make_message


def test_healthz_touches_nothing(client: Client) -> None:
    """No database in this test: pytest-django refuses every query."""
    answer = client.get("/healthz")

    assert (answer.status_code, answer.content) == (200, b"ok")


def test_readyz_when_all_is_well(db: None, client: Client) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {"database": True, "migrations": True, "oldest_due_seconds": None, "redis": True}


def test_readyz_says_how_long_the_oldest_message_has_waited(lead: Lead, client: Client) -> None:
    make_message(lead, due_at=datetime.now(UTC) - timedelta(seconds=90))

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json()["oldest_due_seconds"] == pytest.approx(90, abs=2)


def test_readyz_wants_every_migration(db: None, client: Client) -> None:
    [newest] = MigrationLoader(connection).graph.leaf_nodes("intake")
    MigrationRecorder(connection).record_unapplied(*newest)

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert (answer.json()["database"], answer.json()["migrations"]) == (True, False)


def test_readyz_without_a_database(db: None, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OperationalError("connection to avery@example.org refused")

    monkeypatch.setattr(mail_status, "oldest_due_seconds", refuse)

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {"database": False, "migrations": False, "oldest_due_seconds": None, "redis": True}


@pytest.fixture
def no_broker() -> Iterator[None]:
    before = celery_app.conf.broker_url
    celery_app.conf.update(broker_url="redis://127.0.0.1:1/0")
    yield
    celery_app.conf.update(broker_url=before)


def test_readyz_reports_a_dead_broker_and_stays_ready(db: None, client: Client, no_broker: None) -> None:
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["redis"]) == (200, False)


def test_readyz_is_cheap(db: None, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_max_num_queries(3):
        client.get("/readyz")


@pytest.fixture
def public(settings: Settings) -> None:
    settings.IS_PUBLIC, settings.METRICS_TOKEN = True, "a-token-of-the-monitoring"
    settings.SECURE_SSL_REDIRECT = False
    health._lately.forget()


def test_everybody_is_told_one_word_and_costs_nothing(
    db: None, public: None, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = client.get("/readyz")
    with django_assert_num_queries(0):
        second = client.get("/readyz", headers={"Authorization": "Bearer wrong"})

    assert [(answer.status_code, answer.content) for answer in (first, second)] == [(200, b"ready")] * 2


def test_everybody_is_told_when_it_is_not_ready(
    db: None, public: None, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_all_applied", lambda: False)

    answer = client.get("/readyz")

    assert (answer.status_code, answer.content) == (503, b"not ready")
    health._lately.forget()


def test_the_monitoring_is_told_the_reasons(db: None, public: None, client: Client) -> None:
    answer = client.get("/readyz", headers={"Authorization": "Bearer a-token-of-the-monitoring"})

    assert answer.json() == {"database": True, "migrations": True, "oldest_due_seconds": None, "redis": True}


@pytest.mark.parametrize("path", ["/metrics", "/readyz"])
def test_a_token_that_is_no_ascii_is_wrong_and_no_error(db: None, public: None, client: Client, path: str) -> None:
    answer = client.get(path, HTTP_AUTHORIZATION="Bearer \xe9\udcff")

    assert answer.status_code == (404 if path == "/metrics" else 200)
