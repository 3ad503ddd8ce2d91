"""Access events: ids and keyed hashes, never text. That nobody can change them: test_grants.py."""

import uuid

from django.test import Client
from pytest_django import Settings

from crm.audit import access
from crm.enums.leads import AccessAction
from crm.models import AccessEvent, User
from tests.factories import PASSWORD, make_user


def test_record_keeps_who_what_and_which(coordinator: User) -> None:
    seen = [uuid.uuid4(), uuid.uuid4()]

    access.record(AccessAction.LIST, by=coordinator, object_type="lead", ids=seen)

    event = AccessEvent.objects.get()
    assert (event.user_id, event.action, event.object_type, event.object_ids, event.keyed_hash) == (
        coordinator.pk,
        "list",
        "lead",
        seen,
        "",
    )


def test_search_term_is_kept_as_a_keyed_hash(coordinator: User) -> None:
    access.record(AccessAction.SEARCH, by=coordinator, term="Avery Example")

    event = AccessEvent.objects.get()
    assert event.keyed_hash == access.keyed_hash("avery example ")
    assert len(event.keyed_hash) == 64
    assert event.keyed_hash != access.keyed_hash("avery sample")


def test_hash_needs_the_installations_key(settings: Settings) -> None:
    ours = access.keyed_hash("avery")

    settings.SECRET_KEY = "another"

    assert access.keyed_hash("avery") != ours


def test_sign_in_is_recorded(db: None, client: Client) -> None:
    user = make_user("coordinator", email="sam@example.org", password=PASSWORD)

    client.post("/admin/login/", {"username": "sam@example.org", "password": PASSWORD})

    assert list(AccessEvent.objects.values_list("action", "user_id", "keyed_hash")) == [("login", user.pk, "")]


def test_failed_sign_in_is_recorded_without_the_name(db: None, client: Client) -> None:
    client.post("/admin/login/", {"username": "sam@example.org", "password": "wrong"})

    event = AccessEvent.objects.get()
    assert (event.action, event.user_id) == ("login_failed", None)
    assert event.keyed_hash == access.keyed_hash("sam@example.org")
