"""Dates and spans as people say them on the telephone."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from crm.said import SaidDate, SaidDateField, SpanField
from crm.treatment_enums import DatePrecision
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
