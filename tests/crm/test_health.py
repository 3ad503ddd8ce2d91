"""What the balancer is told."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from crm import celery_app, queries
from crm.models import Lead
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

    monkeypatch.setattr(queries, "oldest_due_seconds", refuse)

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
