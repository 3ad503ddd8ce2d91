"""Wrong passwords cost time and nothing else: nobody is locked out, and nobody else is kept waiting."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.tokens import default_token_generator
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from crm.accounts import password_hasher, sign_in_limits
from crm.audit import access
from crm.enums.leads import AccessAction
from crm.models import AccessEvent, SignInPace, User
from tests.factories import make_user

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 30, 17, 0, tzinfo=UTC)
NAME, RIGHT, WRONG = "sam@example.org", "correct-horse-battery", "wrong"


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
    assert wrong(60) == [200] * 3 + [429] * 57
    assert len(hashed) == 3


def test_wrong_passwords_from_one_address_make_the_account_slow(sam: User, clock: Any, hashed: list[str]) -> None:
    assert [sign_in(Client(), WRONG).status_code for _ in range(60)] == [200] * 5 + [429] * 55
    assert len(hashed) == 5


def test_who_has_to_wait_is_told_for_how_long_and_keeps_the_name(sam: User, clock: Any) -> None:
    wrong(6)

    answer = sign_in(Client(), RIGHT)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
    page = answer.content.decode()
    assert "Too many wrong passwords for this account. Wait 2 seconds, then try again." in page
    assert "ask an administrator to mail you a link" in page
    assert f'value="{NAME}"' in page


def test_the_right_password_works_after_the_wait(sam: User, clock: Any) -> None:
    wrong(6)
    assert sign_in(Client(), RIGHT).status_code == 429

    clock.shift(2)

    assert sign_in(Client(), RIGHT).status_code == 302
    assert wrong(4) == [200] * 3 + [429]


def test_the_wait_grows_and_has_an_end(sam: User, clock: Any) -> None:
    waits = []
    for _ in range(5 + 2 * 8):
        answer = sign_in(Client(), WRONG)
        if answer.status_code == 429:
            waits.append(int(answer.headers["Retry-After"]))
            clock.shift(waits[-1])

    assert waits == [2, 4, 8, 16, 32, 64, 120, 120]


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


def test_known_browsers_of_an_account_do_not_wait_for_each_other(sam: User, clock: Any) -> None:
    browsers = [Client(), Client()]
    for browser in browsers:
        sign_in(browser, RIGHT)
        browser.post("/admin/logout/")
    for _ in range(8):
        sign_in(browsers[0], WRONG)

    assert [sign_in(browser, RIGHT).status_code for browser in browsers] == [429, 302]


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

    assert wrong(6) == [200] * 3 + [429] * 3
    clock.shift(timedelta(days=2))
    assert sign_in_limits.forget_old(now=NOON + timedelta(days=4)) == SignInPace.objects.count() + 1 + 3


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
    clock.shift(2)  # its first tries are over, and it waits
    for _ in range(2):
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

    assert len(hashed) == statuses.count(200)
    assert 3 <= len(hashed) <= 6  # three as first tries of the address; the others may be those, or come after them


def test_passwords_are_hashed_one_at_a_time(sam: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password_hasher, "PATIENCE_SECONDS", 0.0)

    with password_hasher._alone():
        answer = sign_in(Client(), RIGHT)

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "Many people are signing in right now." in answer.content.decode()
    assert not SignInPace.objects.exists()
    assert sign_in(Client(), RIGHT).status_code == 302


@pytest.mark.parametrize("name", [NAME, "nobody@example.org"])
def test_a_try_that_was_not_judged_takes_back_itself_and_no_other(
    sam: User, clock: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Else whoever keeps the site busy could try for ever."""
    same_address = [sign_in(Client(), WRONG, name).status_code for _ in range(5)]
    clock.shift(2)
    with monkeypatch.context() as patched, password_hasher._alone():
        patched.setattr(password_hasher, "PATIENCE_SECONDS", 0.0)
        busy = [sign_in(Client(), WRONG, name).status_code for _ in range(3)]

    assert (same_address, busy) == ([200] * 5, [503] * 3)
    answers = [sign_in(Client(), WRONG, name) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].headers["Retry-After"] == "4"


# --- A new browser, while strangers try the account ------------------------------------------------------------------


def ask(address: str, at: datetime) -> sign_in_limits.Try:
    return sign_in_limits.begin(RequestFactory().post("/admin/login/", REMOTE_ADDR=address), NAME, now=at)


def test_guesses_are_bounded_however_many_addresses_there_are(db: None) -> None:
    """One that tries all the time, and a new one every twenty seconds. Sixteen guesses come before the waits are as
    long as they get."""
    guesses: list[datetime] = []
    for number in range(90 * 3):
        at = NOON + timedelta(seconds=number * 20)
        for address in ("203.0.113.9", f"198.51.{number // 250}.{number % 250}"):
            if not ask(address, at).wait:
                guesses.append(at)

    for begun in guesses:
        assert sum(begun <= at < begun + timedelta(hours=1) for at in guesses) <= 60 + 16


@pytest.mark.parametrize(("strangers", "late"), [(1, 0), (1, 7), (4, 7)])
def test_strangers_do_not_keep_a_new_browser_out(db: None, strangers: int, late: int) -> None:
    """Each of their addresses asks before she does, at every moment; she asks whenever she was told to."""
    begun_at = owner_at = NOON + timedelta(minutes=late)
    let_in: datetime | None = None
    for at in (NOON + timedelta(seconds=n * 20) for n in range(90 * 3)):
        for number in range(strangers):
            ask(f"203.0.113.{number}", at)
        if let_in is None and at >= owner_at:
            wait = ask("198.51.100.7", at).wait
            owner_at = at + timedelta(seconds=wait)
            let_in = None if wait else at

    assert let_in is not None
    assert let_in - begun_at <= timedelta(minutes=2) * (2 * strangers + 1)


def test_a_link_lets_in_whoever_strangers_keep_out_from_everywhere(sam: User, clock: Any) -> None:
    """With an address for every try nobody can tell them from her; the mail can."""
    wrong(100)
    browser = Client()
    assert sign_in(browser, RIGHT).status_code == 429

    uid, token = urlsafe_base64_encode(force_bytes(sam.pk)), default_token_generator.make_token(sam)
    form = browser.get(f"/admin/set-password/{uid}/{token}/")
    new = "another-long-enough-phrase"
    assert browser.post(form["Location"], {"new_password1": new, "new_password2": new}).status_code == 302

    assert sign_in(browser, new).status_code == 302
    assert sign_in(Client(), new).status_code == 429


def test_a_password_that_was_not_set_makes_no_browser_known(sam: User) -> None:
    browser = Client()
    uid, token = urlsafe_base64_encode(force_bytes(sam.pk)), default_token_generator.make_token(sam)
    form = browser.get(f"/admin/set-password/{uid}/{token}/")

    browser.post(form["Location"], {"new_password1": "one", "new_password2": "other"})

    assert sign_in_limits.COOKIE not in browser.cookies


def test_setting_a_password_while_many_sign_in_says_so(sam: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password_hasher, "PATIENCE_SECONDS", 0.0)
    browser, new = Client(), "another-long-enough-phrase"
    uid, token = urlsafe_base64_encode(force_bytes(sam.pk)), default_token_generator.make_token(sam)
    form = browser.get(f"/admin/set-password/{uid}/{token}/")

    with password_hasher._alone():
        answer = browser.post(form["Location"], {"new_password1": new, "new_password2": new})

    assert answer.status_code == 503
    assert sign_in_limits.COOKIE not in browser.cookies
    assert browser.post(form["Location"], {"new_password1": new, "new_password2": new}).status_code == 302
