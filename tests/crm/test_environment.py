"""Settings from outside: what is refused, and that the sentence says how to mend it without quoting a secret."""

import base64

import pytest

from crm.environment import (
    EnvironmentProblem,
    SmtpServer,
    is_loopback,
    parse_email_url,
    parse_field_keys,
    read_environment,
)

KEY = base64.urlsafe_b64encode(b"7" * 32).decode()
LOCAL = {
    "DATABASE_URL": "postgresql://app:secret-word@db.example.org/nucleus",
    "DATABASE_OWNER_URL": "",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "EMAIL_URL": "sink://127.0.0.1:2525",
    "SITE_URL": "http://127.0.0.1:8000",
    "SECRET_KEY": "short",
    "FIELD_KEYS": f"k1:{KEY}",
    "ALLOWED_HOSTS": "127.0.0.1",
    "DEBUG": "0",
    "SENDING": "on",
}
PUBLIC = LOCAL | {
    "SITE_URL": "https://www.example.org",
    "EMAIL_URL": "smtp://user:secret-word@mail.example.org:587?tls=starttls",
    "SECRET_KEY": "x7" * 30,
    "ALLOWED_HOSTS": "www.example.org",
}


def set_all(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("values", [LOCAL, PUBLIC], ids=["local", "public"])
def test_environment_in_order_is_read(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    set_all(monkeypatch, values)

    assert read_environment().site_url == values["SITE_URL"]


@pytest.mark.parametrize(
    "name", ["DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SITE_URL", "SECRET_KEY", "FIELD_KEYS", "ALLOWED_HOSTS"]
)
@pytest.mark.parametrize("how", ["unset", "empty"])
def test_environment_missing_value_is_named(monkeypatch: pytest.MonkeyPatch, name: str, how: str) -> None:
    set_all(monkeypatch, PUBLIC)
    monkeypatch.setenv(name, "") if how == "empty" else monkeypatch.delenv(name)

    with pytest.raises(EnvironmentProblem, match=f"^Nucleus cannot start. {name} is missing: set it to .+\\.$"):
        read_environment()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DATABASE_URL", "sqlite:///db.sqlite3", "DATABASE_URL must start with postgresql://"),
        ("DATABASE_OWNER_URL", "mysql://x", "DATABASE_OWNER_URL must start with postgresql://"),
        ("REDIS_URL", "http://127.0.0.1", "REDIS_URL must start with redis://"),
        ("EMAIL_URL", "mail.example.org", "EMAIL_URL is not a mail server's address"),
        ("EMAIL_URL", "smtp://mail.example.org?tls=maybe", "EMAIL_URL has an unknown tls value"),
        ("EMAIL_URL", "smtp://mail.example.org?tls=off", "EMAIL_URL sends in plain text"),
        ("EMAIL_URL", "sink://127.0.0.1:2525", "EMAIL_URL is the development mail sink"),
        ("IMAP_URL", "imaps://secret-word@:993", "IMAP_URL cannot be read"),
        ("IMAP_URL", "imaps://user:secret-word@mail.example.org:9x", "IMAP_URL cannot be read"),
        ("IMAP_URL", "imaps://user:secr%C3%A9t-word@mail.example.org", "IMAP_URL has a letter"),
        ("IMAP_URL", "imap://user:secret-word@mail.example.org", "IMAP_URL reads in plain text"),
        ("SITE_URL", "www.example.org", "SITE_URL must be the site's address"),
        ("SITE_URL", "http://www.example.org", "SITE_URL is public but not https"),
        ("SECRET_KEY", "short", "SECRET_KEY is a default or too short"),
        ("SECRET_KEY", "insecure" * 10, "SECRET_KEY is a default or too short"),
        ("FIELD_KEYS", "k1:abc", "FIELD_KEYS holds a key that cannot be read"),
        ("FIELD_KEYS", ",", "FIELD_KEYS holds no key"),
        ("ALLOWED_HOSTS", "*", "ALLOWED_HOSTS allows every host"),
        ("DEBUG", "1", "DEBUG is on although SITE_URL is public"),
        ("DEBUG", "perhaps", "DEBUG Input should be a valid boolean"),
        ("SENDING", "later", "SENDING Input should be 'on' or 'paused'"),
        ("PORT", "many", "PORT Input should be a valid integer"),
    ],
)
def test_environment_odd_value_on_a_public_site_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    set_all(monkeypatch, PUBLIC | {name: value})

    with pytest.raises(EnvironmentProblem) as problem:
        read_environment()

    assert str(problem.value).startswith(f"Nucleus cannot start. {sentence}")
    assert "secret-word" not in str(problem.value)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("127.9.9.9", True),
        ("127.0.0.1.example.org", False),
        ("example.org", False),
        ("10.0.0.1", False),
        (None, False),
        ("", False),
    ],
)
def test_is_loopback(host: str | None, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("url", "port", "tls"),
    [
        ("smtp://mail.example.org", 587, "starttls"),
        ("smtp://mail.example.org?tls=tls", 465, "tls"),
        ("smtp://mail.example.org:2500?tls=tls", 2500, "tls"),
        ("smtp://127.0.0.1:25?tls=off", 25, "off"),
        ("sink://127.0.0.1:2525", 2525, "off"),
    ],
)
def test_parse_email_url(url: str, port: int, tls: str) -> None:
    server = parse_email_url(url)

    assert isinstance(server, SmtpServer)

    assert (server.port, server.tls) == (port, tls)


def test_parse_email_url_unquotes_the_password() -> None:
    server = parse_email_url("smtp://me%40example.org:p%2Fw@mail.example.org")

    assert isinstance(server, SmtpServer)
    assert (server.user, server.password) == ("me@example.org", "p/w")


def test_parse_field_keys_keeps_the_order() -> None:
    other = base64.urlsafe_b64encode(b"8" * 32).decode().rstrip("=")

    assert list(parse_field_keys(f"k2:{other}, k1:{KEY}").items()) == [("k2", b"8" * 32), ("k1", b"7" * 32)]


def test_parse_field_keys_twice_the_same_id_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        parse_field_keys(f"k1:{KEY},k1:{KEY}")
