"""Wrong passwords cost time and nothing else: nobody is locked out, and nobody else is kept waiting."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from crm import hashing, signing_in
from crm.actions import access
from crm.enums import AccessAction
from crm.models import AccessEvent, SignInPace, User
from tests.factories import make_user

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 30, 17, 0, tzinfo=UTC)
NAME, RIGHT, WRONG = "sam@example.org", "correct-horse-battery", "wrong"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same scheme at a thousandth of its price."""
    for name, value in {"time_cost": 1, "memory_cost": 8, "parallelism": 1}.items():
        monkeypatch.setattr(Argon2PasswordHasher, name, value)


@pytest.fixture
def sam(db: None) -> User:
    user = make_user("coordinator", name="Sam Example", email=NAME)
    user.set_password(RIGHT)
    user.save()
    return user


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every password that was hashed."""
    done: list[str] = []
    verify, encode = Argon2PasswordHasher.verify, Argon2PasswordHasher.encode

    def note_verify(self: Argon2PasswordHasher, password: str, encoded: str) -> bool:
        done.append(password)
        return bool(verify(self, password, encoded))

    def note_encode(self: Argon2PasswordHasher, password: str, salt: str) -> str:
        done.append(password)
        return str(encode(self, password, salt))

    monkeypatch.setattr(Argon2PasswordHasher, "verify", note_verify)
    monkeypatch.setattr(Argon2PasswordHasher, "encode", note_encode)
    return done


def sign_in(client: Client, password: str, name: str = NAME, **headers: Any) -> Any:
    return client.post("/admin/login/", {"username": name, "password": password}, **headers)


def wrong(count: int, name: str = NAME) -> list[int]:
    """The statuses of that many wrong passwords, each from a browser and an address of its own."""
    return [sign_in(Client(), WRONG, name, REMOTE_ADDR=f"203.0.113.{n}").status_code for n in range(1, count + 1)]


def test_wrong_passwords_from_many_addresses_make_the_account_slow(sam: User, clock: Any, hashed: list[str]) -> None:
    assert wrong(60) == [200] * 6 + [429] * 54
    assert len(hashed) == 6


def test_who_has_to_wait_is_told_for_how_long_and_keeps_the_name(sam: User, clock: Any) -> None:
    wrong(6)

    answer = sign_in(Client(), RIGHT)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
    page = answer.content.decode()
    assert "Too many wrong passwords for this account. Wait 2 seconds, then try again." in page
    assert f'value="{NAME}"' in page


def test_the_right_password_works_after_the_wait(sam: User, clock: Any) -> None:
    wrong(6)
    assert sign_in(Client(), RIGHT).status_code == 429

    clock.shift(2)

    assert sign_in(Client(), RIGHT).status_code == 302
    assert not SignInPace.objects.exists()


def test_the_wait_grows_and_has_an_end(sam: User, clock: Any) -> None:
    waits = []
    for _ in range(6 + 2 * 7):
        answer = sign_in(Client(), WRONG)
        if answer.status_code == 429:
            waits.append(int(answer.headers["Retry-After"]))
            clock.shift(waits[-1])

    assert waits == [2, 4, 8, 16, 32, 60, 60]


def test_tries_that_came_too_early_do_not_prolong_the_wait(sam: User, clock: Any) -> None:
    wrong(60)

    clock.shift(2)

    assert sign_in(Client(), RIGHT).status_code == 302


def test_a_browser_that_signed_in_before_is_not_kept_waiting_by_strangers(sam: User, clock: Any) -> None:
    own = Client()
    assert sign_in(own, RIGHT).status_code == 302
    own.post("/admin/logout/")
    wrong(60)

    assert sign_in(Client(), RIGHT).status_code == 429
    assert sign_in(own, RIGHT).status_code == 302


def test_the_known_browser_of_one_account_is_a_stranger_to_others(sam: User, clock: Any) -> None:
    make_user("coordinator", name="Kim Example", email="kim@example.org")
    own = Client()
    sign_in(own, RIGHT)
    own.post("/admin/logout/")
    wrong(6, "kim@example.org")

    assert sign_in(own, WRONG, "kim@example.org").status_code == 429


def test_a_known_browser_has_as_many_tries_as_others(sam: User, clock: Any) -> None:
    own = Client()
    sign_in(own, RIGHT)
    own.post("/admin/logout/")

    assert [sign_in(own, WRONG).status_code for _ in range(8)] == [200] * 6 + [429] * 2


def test_one_address_of_a_whole_clinic_is_never_kept_out(sam: User, clock: Any) -> None:
    for n in range(40):
        sign_in(Client(), WRONG, f"somebody{n}@example.org", REMOTE_ADDR="203.0.113.1")

    assert sign_in(Client(), RIGHT, REMOTE_ADDR="203.0.113.1").status_code == 302


@pytest.mark.parametrize("name", ["SAM@example.org", " sam@example.org "])
def test_another_spelling_is_the_same_account(sam: User, clock: Any, name: str) -> None:
    wrong(6)

    assert sign_in(Client(), WRONG, name).status_code == 429


def test_yesterdays_mistakes_are_forgotten(sam: User, clock: Any) -> None:
    wrong(20)

    clock.shift(timedelta(days=1, seconds=61))

    assert wrong(6) == [200] * 6
    clock.shift(timedelta(days=2))
    assert signing_in.forget_old(now=NOON + timedelta(days=4)) == 1


def test_an_account_that_does_not_exist_behaves_alike(sam: User, clock: Any, hashed: list[str]) -> None:
    def seen(name: str) -> tuple[int, int, int, bytes]:
        hashed.clear()
        with CaptureQueriesContext(connection) as statements:
            answer = sign_in(Client(), WRONG, name)
        return answer.status_code, len(statements), len(hashed), answer.content.replace(name.encode(), b"")

    def without_token(found: tuple[int, int, int, bytes]) -> tuple[int, int, int, int]:
        return (*found[:3], len(found[3]))

    seen("a.third@example.org")  # what pages keep is fetched once

    for _ in range(8):
        assert without_token(seen(NAME)) == without_token(seen("nobody@example.org"))


def test_a_failed_try_is_kept_with_the_address_as_a_keyed_hash(sam: User, clock: Any) -> None:
    sign_in(Client(), WRONG, REMOTE_ADDR="203.0.113.9")

    event = AccessEvent.objects.get(action=AccessAction.LOGIN_FAILED)
    assert event.address_hash == access.address_hash("203.0.113.9")
    assert event.address_hash != access.keyed_hash("203.0.113.9")
    assert event.keyed_hash == access.keyed_hash(NAME)


@pytest.mark.django_db(transaction=True)
def test_tries_at_once_are_counted_one_by_one(sam: User, hashed: list[str]) -> None:
    statuses: list[int] = []

    def one() -> None:
        statuses.append(sign_in(Client(), WRONG).status_code)
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(hashed) == statuses.count(200) == 6


def test_passwords_are_hashed_one_at_a_time(sam: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "PATIENCE_SECONDS", 0.0)

    with hashing._alone():
        answer = sign_in(Client(), RIGHT)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "Many people are signing in right now." in answer.content.decode()
    assert not SignInPace.objects.exists()
    assert sign_in(Client(), RIGHT).status_code == 302
