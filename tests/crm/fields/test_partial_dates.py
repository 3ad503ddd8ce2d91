"""Dates and spans as people say them on the telephone."""

from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from crm.enums.treatments import DatePrecision
from crm.fields.partial_dates import BirthdayField, SaidDate, SaidDateField, SpanField
from tests.properties import unhurried


@pytest.mark.parametrize(
    ("text", "day", "precision"),
    [
        ("2026", date(2026, 1, 1), "year"),
        ("03/2026", date(2026, 3, 1), "month"),
        ("3/2026", date(2026, 3, 1), "month"),
        ("2026-03", date(2026, 3, 1), "month"),
        ("03/15/2026", date(2026, 3, 15), "day"),
        (" 2026-03-15 ", date(2026, 3, 15), "day"),
        ("02/29/2024", date(2024, 2, 29), "day"),
    ],
)
def test_said_date_reads(text: str, day: date, precision: str) -> None:
    assert SaidDateField().clean(text) == (day, precision)


@pytest.mark.parametrize(
    "text", ["13/2026", "02/29/2026", "1026", "March 2026", "15.03.2026", "26", "0/2026", "٢٠٢٦-13"]
)
def test_said_date_refuses(text: str) -> None:
    with pytest.raises(ValidationError):
        SaidDateField().clean(text)


@pytest.mark.parametrize(
    "text",
    [
        "05/03/1968", "5/3/1968", "5/3/68", "5-3-1968", "5-3-68", "05.03.1968", "05 03 1968", "5 / 3 / 1968",
        "05031968", "1968-05-03", "May 3, 1968", "may 3 1968", "MAY 3RD, 1968", "3 May 1968", "3rd of May, 1968",
        "3-May-1968", "May. 3, 1968", "3 de mayo de 1968", "mayo 3, 1968", "3 de mayo del 1968", "５/３/１９６８",
        "\u200e05–03–1968\u200f",
    ],
)  # fmt: skip
def test_a_birthday_is_read_however_it_is_written(text: str) -> None:
    assert BirthdayField().clean(text) == "1968-05-03"


def test_of_numbers_the_month_comes_first() -> None:
    assert BirthdayField().clean("03.05.1968") == "1968-03-05"
    with pytest.raises(ValidationError, match="There is no such date"):
        BirthdayField().clean("15.03.1968")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("September 15, 1968", "1968-09-15"), ("3 de septiembre de 1968", "1968-09-03"), ("12-31-99", "1999-12-31"),
        ("Sept 1, 1968", "1968-09-01"), ("1 ene 1968", "1968-01-01"), ("Dec 3 1968", "1968-12-03"),
    ],
)  # fmt: skip
def test_months_have_names(text: str, day: str) -> None:
    assert BirthdayField().clean(text) == day


def test_two_digits_are_the_latest_year_that_is_not_to_come() -> None:
    this_year = timezone.localdate().year
    assert BirthdayField().clean(f"1/1/{(this_year - 1) % 100:02}") == f"{this_year - 1}-01-01"
    assert BirthdayField().clean(f"1/1/{(this_year + 1) % 100:02}") == f"{this_year - 99}-01-01"


@pytest.mark.parametrize(
    "text", ["1968", "05/1968", "May 1968", "5/3", "May 3", "68", "5/3-1968", "Mai 3, 1968", "yesterday"]
)
def test_a_part_of_a_birthday_is_asked_for(text: str) -> None:
    with pytest.raises(ValidationError, match="Write month, day and year"):
        BirthdayField().clean(text)


@unhurried
@given(st.text(max_size=30))
def test_no_text_breaks_a_birthday(text: str) -> None:
    with suppress(ValidationError):
        assert date.fromisoformat(BirthdayField().clean(text))


def test_said_date_may_be_left_empty() -> None:
    assert SaidDateField(required=False).clean("  ") is None


@unhurried
@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 1, 1)), st.sampled_from(DatePrecision))
def test_said_date_reads_back_what_it_writes(day: date, precision: DatePrecision) -> None:
    known = day.replace(
        month=1 if precision == DatePrecision.YEAR else day.month, day=day.day if precision == DatePrecision.DAY else 1
    )

    assert SaidDateField().clean(str(SaidDate(known, precision))) == (known, precision)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("21", 21),
        ("0", 0),
        ("3 weeks", 21),
        ("3w", 21),
        ("1 Week", 7),
        ("2 months", 60),
        ("1 year", 365),
        ("5 days", 5),
        ("3 semanas", 21),
        ("1 año", 365),
        ("2 días", 2),
        ("2 meses", 60),
        ("2 fortnights", 28),
        ("1 quincena", 14),
        ("3 Semanas", 21),
        ("2 años", 730),
        ("３ weeks", 21),
        ("3\u00a0weeks", 21),
    ],
)
def test_span_reads(text: str, days: int) -> None:
    assert SpanField().clean(text) == days


@pytest.mark.parametrize(
    "text",
    [
        "ages",
        "-3",
        "3 weeks and 2 days",
        "99999",
        "3.5 weeks",
        "6 hours",
        "90 hours",
        "30 minutes",
        "20 min",
        "3m",
        "2 Wochen",
        "2-3 weeks",
        "1½ months",
        "1/2 month",
        "1.5 months",
        "a year and a half",
        "mes y medio",
        "3 años y medio",
        "quincena",
        "6 hrs",
        "90 horas",
        "30 minutos",
        "-3 days",
        "1e3 days",
        "1,000 days",
        "3 weeks 2 days",
        "about 3 weeks",
        "3 weeks ago",
        "3² weeks",
        "forever",
    ],
)
def test_span_refuses(text: str) -> None:
    with pytest.raises(ValidationError):
        SpanField().clean(text)


@pytest.mark.parametrize(("value", "shown"), [(21, "21 days"), ("3 weeks", "3 weeks"), (None, None)])
def test_span_shows(value: Any, shown: Any) -> None:
    assert SpanField().prepare_value(value) == shown
