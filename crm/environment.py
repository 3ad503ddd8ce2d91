"""Reads the environment once and refuses, in one sentence, whatever would not work or would not be safe.

Knows nothing of Django, so that its rules are tested without starting anything. Two kinds of place exist:
a *local* one, whose SITE_URL names this machine, and a *public* one, which real patients reach and where the
rules in `_public_rules` apply.
"""

import base64
import binascii
import ipaddress
from dataclasses import dataclass
from typing import Literal, Self
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from crm.values import mailbox_url

KEY_BYTES = 32
SHORTEST_SECRET = 40


class EnvironmentProblem(SystemExit):
    """Ends the process with one sentence that says which value is wrong and how to mend it."""


@dataclass(frozen=True)
class SmtpServer:
    """Where mail goes. `tls` is "starttls", "tls" (from the first byte) or "off"."""

    host: str
    port: int
    user: str
    password: str
    tls: str
    is_sink: bool


@dataclass(frozen=True)
class Provider:
    """A provider's interface instead of a mail server. `secret` proves that a call to /hooks/mail/ is theirs."""

    name: str
    url: str
    account: str
    key: str
    secret: str
    host: str
    is_sink: bool = False


PROVIDERS = {"mailgun": "v3/", "postmark": "", "resend": ""}  # and the path below which their interface begins


def is_loopback(host: str | None) -> bool:
    """Tell whether a host is localhost or a loopback address; False for everything else, other names included."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def parse_email_url(url: str) -> SmtpServer | Provider:
    """Read `smtp://user:pass@host:port?tls=starttls|tls|off`, `sink://host:port` for the local mail sink, or
    `postmark://:key@api.postmarkapp.com?webhook=secret` for a provider.

    Raises ValueError with a sentence that says how to mend it.
    """
    parts = urlsplit(url)
    if parts.scheme in PROVIDERS:
        return _parse_provider(url)
    example = "write it as smtp://user:password@mail.example.org:587?tls=starttls"
    if parts.scheme not in {"smtp", "sink"} or not parts.hostname:
        raise ValueError(f"EMAIL_URL is not a mail server's address: {example}")
    is_sink = parts.scheme == "sink"
    tls = parse_qs(parts.query).get("tls", ["off" if is_sink else "starttls"])[0]
    if tls not in {"starttls", "tls", "off"}:
        raise ValueError("EMAIL_URL has an unknown tls value: use tls=starttls, tls=tls or tls=off")
    if tls == "off" and not is_loopback(parts.hostname):
        raise ValueError("EMAIL_URL sends in plain text to another machine: use tls=starttls or tls=tls")
    return SmtpServer(
        host=parts.hostname,
        port=parts.port or (465 if tls == "tls" else 587),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=tls,
        is_sink=is_sink,
    )


def _parse_provider(url: str) -> Provider:
    parts = urlsplit(url)
    asked = parse_qs(parts.query)
    secret = asked.get("webhook", [""])[0]
    example = f"{parts.scheme}://account:key@host-of-their-interface?webhook=secret"
    if not parts.hostname or not parts.password:
        raise ValueError(f"EMAIL_URL names no key or no host of the provider: write it as {example}")
    if not secret:
        raise ValueError(f"EMAIL_URL has no secret for the provider's calls (bounces, complaints): {example}")
    plain = asked.get("tls", [""])[0] == "off"
    if plain and not is_loopback(parts.hostname):
        raise ValueError("EMAIL_URL speaks to the provider in plain text: leave out tls=off")
    place = parts.netloc.rpartition("@")[2]
    return Provider(
        name=parts.scheme,
        url=f"{'http' if plain else 'https'}://{place}/{PROVIDERS[parts.scheme]}",
        account=unquote(parts.username or ""),
        key=unquote(parts.password),
        secret=secret,
        host=parts.hostname,
    )


def parse_field_keys(text: str) -> dict[str, bytes]:
    """Read `id:base64key,id:base64key` as {id: 32 bytes}; the first encrypts, all decrypt. Raises ValueError."""
    how = "write FIELD_KEYS as k1:<32 random bytes in URL-safe base64>, the newest key first, separated by commas"
    keys: dict[str, bytes] = {}
    for part in filter(None, text.split(",")):
        key_id, _, encoded = part.strip().partition(":")
        try:
            key = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        except (binascii.Error, ValueError):
            key = b""
        if not 1 <= len(key_id) <= 16 or len(key) != KEY_BYTES or key_id in keys:
            raise ValueError(f"FIELD_KEYS holds a key that cannot be read: {how}")
        keys[key_id] = key
    if not keys:
        raise ValueError(f"FIELD_KEYS holds no key: {how}")
    return keys


class Environment(BaseSettings):
    """Every value the project reads from outside. Names are those of the environment variables."""

    model_config = SettingsConfigDict(case_sensitive=False, extra="ignore", env_ignore_empty=True)

    database_url: str
    database_owner_url: str = ""
    redis_url: str
    email_url: str
    email_url_2: str = ""
    domain_per_minute: int = Field(default=0, ge=0, le=6000)
    desk_idle_minutes: int = Field(default=30, ge=1, le=720)
    desk_longest_hours: int = Field(default=12, ge=1, le=168)
    appointment_reminders: str = "168,48,2"
    metrics_token: str = ""
    imap_url: str = ""
    mail_max_mb: int = Field(default=25, ge=1, le=64)  # what a child can read (crm/inbound/parsing/sandboxed_parser.py)
    site_url: str
    secret_key: str
    secret_key_fallbacks: str = ""
    field_keys: str
    allowed_hosts: str
    debug: bool = False
    port: int = 8000
    sending: Literal["on", "paused"] = "on"
    trusted_proxies: int = 0
    requests_an_hour: int = 0
    alert_webhook_url: str = ""
    alert_webhook_secret: str = ""
    documents_dir: str = ""
    document_max_mb: int = Field(default=1024, ge=1, le=4000)
    clamd_url: str = ""
    web_threads: int = Field(default=4, ge=1, le=64)
    body_seconds: int = Field(default=20, ge=1, le=600)

    @field_validator("database_url", "database_owner_url")
    @classmethod
    def _is_postgresql(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in {"postgresql", "postgres"}:
            raise ValueError("must start with postgresql:// (no other database is supported)")
        return value

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, value: str) -> str:
        if urlsplit(value).scheme not in {"redis", "rediss", "unix"}:
            raise ValueError("must start with redis:// or rediss://")
        return value

    @field_validator("site_url")
    @classmethod
    def _is_site(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError("must be the site's address without a path, such as https://www.example.org")
        return value.rstrip("/")

    @field_validator("alert_webhook_url")
    @classmethod
    def _is_webhook(cls, value: str) -> str:
        parts = urlsplit(value)
        local = parts.scheme == "http" and is_loopback(parts.hostname)
        if value and not (parts.hostname and (parts.scheme == "https" or local)):
            raise ValueError("must be an https:// address that takes alerts, or be left out")
        return value

    @field_validator("clamd_url")
    @classmethod
    def _is_scanner(cls, value: str) -> str:
        """Refuse (ValueError) a scanner elsewhere than on this machine or behind a socket: clamd speaks without
        encryption."""
        parts = urlsplit(value)
        by_socket = parts.scheme == "unix" and parts.path.startswith("/")
        if value and not (by_socket or (parts.scheme == "tcp" and parts.port and is_loopback(parts.hostname))):
            raise ValueError("must be unix:///path/of/clamd.sock or tcp://127.0.0.1:3310, or be left out")
        return value

    @field_validator("appointment_reminders")
    @classmethod
    def _is_hours(cls, value: str) -> str:
        parts = [part.strip() for part in value.split(",") if part.strip()]
        if not all(part.isdecimal() and 0 < int(part) <= 24 * 60 for part in parts):
            raise ValueError("must be hours before the appointment, such as 168,48,2, or empty for no reminders")
        return value

    @field_validator("documents_dir")
    @classmethod
    def _is_whole_path(cls, value: str) -> str:
        if value and not value.startswith("/"):
            raise ValueError("must be a whole path, such as /srv/nucleus/documents")
        return value

    @model_validator(mode="after")
    def _signed(self) -> Self:
        if self.alert_webhook_url and len(self.alert_webhook_secret) < SHORTEST_SECRET:
            raise ValueError(
                f"ALERT_WEBHOOK_SECRET is missing or too short: set {SHORTEST_SECRET} or more random characters"
            )
        return self

    @model_validator(mode="after")
    def _readable(self) -> Self:
        parse_email_url(self.email_url)
        if self.email_url_2:
            parse_email_url(self.email_url_2)
        if self.imap_url:
            mailbox_url.parse(self.imap_url)
        parse_field_keys(self.field_keys)
        return self._public_rules() if self.is_public else self

    def _public_rules(self) -> Self:
        rules = [
            (self.debug, "DEBUG is on although SITE_URL is public: unset DEBUG"),
            (not self.site_url.startswith("https://"), "SITE_URL is public but not https: serve it over https"),
            (
                len(self.secret_key) < SHORTEST_SECRET or "insecure" in self.secret_key,
                f"SECRET_KEY is a default or too short: set {SHORTEST_SECRET} or more random characters",
            ),
            (self.mail_server.is_sink, "EMAIL_URL is the development mail sink: set smtp://… of a real mail server"),
            ("*" in self.hosts, "ALLOWED_HOSTS allows every host: list the site's own names"),
        ]
        for broken, sentence in rules:
            if broken:
                raise ValueError(sentence)
        return self

    @property
    def former_keys(self) -> list[str]:
        """SECRET_KEYs that were in force before, the newest first: what they signed and hashed is still known."""
        return [key.strip() for key in self.secret_key_fallbacks.split(",") if key.strip()]

    @property
    def is_public(self) -> bool:
        """Tell whether real patients are here: SITE_URL names something other than this machine."""
        return not is_loopback(urlsplit(self.site_url).hostname)

    @property
    def hourly_limit(self) -> int:
        """Requests from one connection: what was set, else few where strangers come and many where things are tried."""
        return self.requests_an_hour or (20 if self.is_public else 10_000)

    @property
    def second_mail_server(self) -> SmtpServer | Provider | None:
        """Another mail server to turn to while the first is down."""
        return parse_email_url(self.email_url_2) if self.email_url_2 else None

    @property
    def mail_server(self) -> SmtpServer | Provider:
        return parse_email_url(self.email_url)

    @property
    def keys(self) -> dict[str, bytes]:
        return parse_field_keys(self.field_keys)

    @property
    def reminder_hours(self) -> list[int]:
        """Return how long before an appointment its patient is reminded, in hours."""
        return [int(part) for part in self.appointment_reminders.split(",") if part.strip()]

    @property
    def hosts(self) -> list[str]:
        return [host.strip() for host in self.allowed_hosts.split(",") if host.strip()]


HOW_TO_SET = {
    "database_url": "set it to postgresql://user:password@host/name, or run script/server, which brings a database",
    "redis_url": "set it to redis://host:6379/0, or run script/server, which brings a broker",
    "email_url": "set it to smtp://user:password@host:587?tls=starttls",
    "site_url": "set it to the site's address, such as https://www.example.org",
    "secret_key": f"set it to {SHORTEST_SECRET} or more random characters",
    "field_keys": "set it to k1:<32 random bytes in URL-safe base64> and keep a copy: without it answers are lost",
    "allowed_hosts": "set it to the site's host names, separated by commas",
}


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "missing":
        return f"{name.upper()} is missing: {HOW_TO_SET[name]}."
    message = first["msg"].removeprefix("Value error, ")
    return f"{name.upper()} {message}." if name else f"{message}."


def read_environment() -> Environment:
    """Return the environment, checked. Ends the process with one sentence (EnvironmentProblem) when a value is wrong.

    The sentence names the variable and never its value: values are secrets.
    """
    try:
        return Environment()
    except ValidationError as error:
        raise EnvironmentProblem(f"Nucleus cannot start. {_sentence(error)}") from None
