"""What the application's own database role may not do. Every test makes a role and rolls it back with everything."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pgtrigger
import pytest
from django.conf import settings
from django.db import DatabaseError, ProgrammingError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from crm.db import grants
from crm.enums.leads import AccessAction
from crm.models import AccessEvent, Lead, Location
from intake.requests import actions
from intake.requests.forms import StepOne
from intake.requests.rows import Request
from tests.factories import NOON, make_message, step_one

ROLE = "nucleus_of_the_tests"


@pytest.fixture
def role(db: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """The application's role, granted what migrate grants."""
    execute(f"CREATE ROLE {ROLE}")
    monkeypatch.setitem(settings.DATABASES["default"], "USER", ROLE)
    grants.grant_to_application(using="default")
    monkeypatch.undo()
    return ROLE


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@contextmanager
def acting_as(role: str) -> Iterator[None]:
    """A savepoint in which PostgreSQL sees the application's role. Undone at the end, with everything done inside."""
    with transaction.atomic():
        execute(f"SET LOCAL ROLE {role}")
        yield
        transaction.set_rollback(True)


def refusal(statement: str, *, role: str) -> str:
    """What PostgreSQL says to the role about this; "" when it lets it pass."""
    try:
        with acting_as(role):
            execute(statement)
    except ProgrammingError as error:
        return str(error)
    return ""


def test_application_does_its_work(center: Location, role: str) -> None:
    form = StepOne(step_one(), center_name=center.name)
    assert form.is_valid()
    with acting_as(role):
        request = Request(form.cleaned_data["submission_id"], form.cleaned_data, center, NOON)
        lead = actions.submit(request).lead
        AccessEvent.objects.create(action=AccessAction.VIEW, object_ids=[lead.pk])
        Lead.objects.update(how_heard="search")
        make_message(lead).delete()

        assert Lead.objects.get().how_heard == "search"


@pytest.mark.parametrize("table", grants.APPEND_ONLY)
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_application_cannot_change_what_is_append_only(role: str, table: str, statement: str) -> None:
    assert f"permission denied for table {table}" in refusal(statement.format(table), role=role)


def test_rights_given_by_mistake_are_taken_back(role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    execute(f"GRANT ALL ON crm_accessevent TO {role}")
    assert refusal("TRUNCATE crm_accessevent", role=role) == ""
    monkeypatch.setitem(settings.DATABASES["default"], "USER", role)

    grants.grant_to_application(using="default")

    monkeypatch.undo()
    assert "permission denied" in refusal("TRUNCATE crm_accessevent", role=role)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE crm_accessevent DISABLE TRIGGER ALL",
        "ALTER TABLE crm_lead DISABLE TRIGGER ALL",
        "ALTER TABLE crm_accessevent ADD COLUMN x int",
        "DROP TABLE crm_accessevent",
        "TRUNCATE crm_lead CASCADE",
        "CREATE TABLE public.mine (x int)",
        "SET session_replication_role = replica",
    ],
)
def test_application_cannot_alter_the_database(role: str, statement: str) -> None:
    assert re.match("permission denied|must be owner", refusal(statement, role=role))


def test_application_cannot_step_around_with_the_triggers_own_switch(role: str) -> None:
    AccessEvent.objects.create(action=AccessAction.LOGIN)

    with (
        pytest.raises(ProgrammingError, match="permission denied for table crm_accessevent"),
        pgtrigger.ignore("crm.AccessEvent:append_only"),
        acting_as(role),
    ):
        AccessEvent.objects.update(action=AccessAction.VIEW)


@pytest.mark.parametrize("change", ["update", "delete"])
def test_even_the_owner_cannot_change_an_access_event(db: None, change: str) -> None:
    AccessEvent.objects.create(action=AccessAction.LOGIN, at=NOON)
    rows = AccessEvent.objects.all()

    with pytest.raises(DatabaseError, match="append_only"), transaction.atomic():
        rows.update(at=NOON + timedelta(days=1)) if change == "update" else rows.delete()

    assert AccessEvent.objects.get().at == NOON


def test_one_role_for_both_is_left_as_it_is(db: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    assert settings.DATABASES["default"]["USER"] == settings.OWNER_DATABASE["USER"]
    with django_assert_num_queries(0):
        grants.grant_to_application(using="default")


def test_every_append_only_table_is_listed() -> None:
    protected = {
        model._meta.db_table for model, trigger in pgtrigger.registered() if isinstance(trigger, pgtrigger.Protect)
    }

    assert protected == set(grants.APPEND_ONLY)


def test_table_is_closed_to_the_application_until_the_next_migrate(role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    execute("CREATE TABLE crm_later (x int)")
    assert "permission denied" in refusal("SELECT * FROM crm_later", role=role)
    monkeypatch.setitem(settings.DATABASES["default"], "USER", role)

    grants.grant_to_application(using="default")

    monkeypatch.undo()
    assert refusal("SELECT * FROM crm_later", role=role) == ""
