"""The center: where it is, when it is open, who it serves, and in whose name it writes."""

import re
from datetime import date
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import FileExtensionValidator
from django.db import models
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.functional import cached_property
from django.utils.translation import gettext

from crm.models.base import Row
from crm.values.opening_hours import DAYS

_ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::[1-9][0-9]{0,4})?")


def validate_zone(value: str) -> None:
    """Refuse (ValidationError) what is no IANA zone such as America/New_York."""
    if value not in available_timezones():
        raise ValidationError("Choose an IANA time zone, such as America/New_York.")


def validate_hours(value: object) -> None:
    """Refuse (ValidationError) what is not {"mon": ["08:00", "18:00"], …} in order; a missing day is closed."""
    how = 'Write opening hours as {"mon": ["08:00", "18:00"]}, 24-hour clock, one entry a day; leave closed days out.'
    if not isinstance(value, dict) or not set(value) <= set(DAYS):
        raise ValidationError(how)
    for span in value.values():
        if not (isinstance(span, list) and len(span) == 2 and all(_is_clock(text) for text in span)):
            raise ValidationError(how)
        if span[0] >= span[1]:
            raise ValidationError("Opening has to come before closing.")


def _is_clock(text: object) -> bool:
    return isinstance(text, str) and bool(re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text))


def validate_holidays(value: object) -> None:
    """Refuse (ValidationError) what is no list of ISO dates."""
    how = "Write each holiday as a day, such as 2026-12-25."
    if not isinstance(value, list):
        raise ValidationError(how)
    for text in value:
        try:
            date.fromisoformat(text)
        except (TypeError, ValueError):
            raise ValidationError(how) from None


def validate_origin(value: str) -> None:
    """Refuse (ValidationError) what is no origin (RFC 6454): scheme, host and, if unusual, port; no path.

    Plain http is accepted for the machine in front of you only: anything between could rewrite the
    page around the form.
    """
    parts = _ORIGIN.fullmatch(value)
    if not parts or not (parts["scheme"] == "https" or parts["host"] in {"localhost", "127.0.0.1"}):
        raise ValidationError(
            "“%(value)s”: write the address of the site without anything after its name, such as "
            "https://www.example.org. Every name counts by itself: with and without www.",
            params={"value": value},
        )


class LocationQuerySet(models.QuerySet["Location"]):
    def main(self) -> "Location | None":
        """Return the location whose pages the public site shows: the first active one; None without one."""
        return self.filter(is_active=True).order_by("position", "pk").first()


class Location(Row):
    name = models.CharField(max_length=120)
    short_name = models.CharField(max_length=40)
    logo = models.FileField(
        blank=True, upload_to="logos/", validators=[FileExtensionValidator(["svg", "png"])], help_text="SVG or PNG."
    )
    phone = models.CharField(max_length=20, help_text="E.164, such as +12125550100.")
    phone_display = models.CharField(max_length=30, help_text="As printed on pages, such as (212) 555-0100.")
    fax = models.CharField(max_length=20, blank=True)
    street = models.CharField(max_length=120)
    city = models.CharField(max_length=80)
    state = models.CharField(max_length=2)
    postal_code = models.CharField(max_length=12)
    timezone = models.CharField(max_length=64, default="America/New_York", validators=[validate_zone])
    hours = models.JSONField(default=dict, validators=[validate_hours])
    holidays = models.JSONField(default=list, blank=True, validators=[validate_holidays])
    served_states = ArrayField(
        models.CharField(max_length=2), default=list, blank=True, help_text="Two-letter codes; empty: everywhere."
    )
    sender_name = models.CharField(max_length=80, help_text="Neutral: it names no specialty.")
    sender_email = models.EmailField()
    reply_email = models.EmailField(
        blank=True,
        help_text="The mailbox of IMAP_URL, where replies and returned mail arrive. It has to take name+anything too.",
    )
    alert_email = models.EmailField(
        blank=True,
        help_text="Told of every warning sign, beside whoever is on call. May be empty.",
    )
    nobody_on_call = models.BooleanField(
        default=False, help_text="Nobody reads requests at once. The emergency page then says so."
    )
    embed_origins = ArrayField(
        models.CharField(max_length=200, validators=[validate_origin]),
        default=list,
        blank=True,
        help_text="Sites that may show the form, such as https://www.example.org.",
    )
    shares_out = models.BooleanField(
        "shares new leads out", default=True, help_text="New leads get an owner in turn; without it nobody has them."
    )
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0, help_text="The lowest is the one that the site shows.")

    objects = LocationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(sender_email="") & ~models.Q(phone=""), name="location_can_be_reached"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @cached_property
    def days_off(self) -> frozenset[date]:
        """Return the holidays as dates."""
        return frozenset(map(date.fromisoformat, self.holidays))

    @cached_property
    def open_weekdays(self) -> frozenset[int]:
        """Return the weekdays on which the location opens; 0 is Monday."""
        return frozenset(DAYS.index(day) for day in self.hours)

    @property
    def address_lines(self) -> list[str]:
        return [self.street, f"{self.city}, {self.state} {self.postal_code}"]

    @property
    def hours_in_words(self) -> list[str]:
        """Return one line per run of equal days, such as "Mon to Fri, 8:00 AM to 6:00 PM"."""
        runs: list[list[str]] = []
        for day in DAYS:
            if day not in self.hours:
                continue
            follows = runs and DAYS.index(runs[-1][-1]) == DAYS.index(day) - 1
            if follows and self.hours[runs[-1][-1]] == self.hours[day]:
                runs[-1].append(day)
            else:
                runs.append([day])
        return [_run_in_words(run, self.hours[run[0]]) for run in runs]


def _run_in_words(run: list[str], span: list[str]) -> str:
    first, last = (str(WEEKDAYS_ABBR[DAYS.index(day)]).capitalize() for day in (run[0], run[-1]))
    days = first if len(run) == 1 else gettext("%(first)s to %(last)s") % {"first": first, "last": last}
    hours = {"opens": _clock_in_words(span[0]), "closes": _clock_in_words(span[1])}
    return gettext("%(days)s, %(opens)s to %(closes)s") % {"days": days, **hours}


def _clock_in_words(clock: str) -> str:
    hour = int(clock[:2])
    return f"{hour % 12 or 12}:{clock[3:]} {'AM' if hour < 12 else 'PM'}"
