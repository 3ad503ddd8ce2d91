"""Rows of several tables, written together."""

import uuid

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from crm.db import bulk_insert
from crm.enums.leads import ActivityKind
from crm.enums.treatments import MeasurementKind
from crm.models import Activity, Lead, Measurement
from intake.models import Submission
from tests.factories import NOON

SOMETIMES_ODD = "100 % of it; DROP TABLE crm_lead -- 'quoted' \\ {braces} %s ß"


def a_request(lead: Lead) -> tuple[Submission, Activity, Measurement]:
    answers = {"note": SOMETIMES_ODD, "list": [1, None]}
    return (
        Submission(id=uuid.uuid4(), lead=lead, answers=answers, answers_digest="d", questionnaire_version="1"),
        Activity(lead=lead, kind=ActivityKind.NOTE, at=NOON, summary="Note", note=SOMETIMES_ODD, details={"a": [1]}),
        Measurement(lead=lead, at=NOON, kind=MeasurementKind.NRS_AVG, value=7),
    )


@pytest.mark.django_db(transaction=True)
def test_rows_come_back_as_they_were_written_in_one_trip(
    lead: Lead, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    made = a_request(lead)

    with django_assert_num_queries(1):
        bulk_insert.insert(made)

    submission, activity, measurement = made
    assert Submission.objects.get().answers == submission.answers
    stored = Activity.objects.get()
    assert (stored.pk, stored.note, stored.details, stored.at) == (activity.pk, SOMETIMES_ODD, {"a": [1]}, NOON)
    assert Measurement.objects.get().value == measurement.value


def test_rows_may_refer_to_rows_before_them(lead: Lead) -> None:
    other = Lead(location=lead.location, first_name="Ben", last_name="Sample", email="ben@example.org")
    other.best_time = ["morning", "noon"]

    bulk_insert.insert([other, *a_request(other)])

    assert Lead.objects.get(pk=other.pk).best_time == ["morning", "noon"]
    assert Activity.objects.get().lead == other


def test_row_that_was_written_is_updated_afterwards(lead: Lead) -> None:
    _, activity, _ = made = a_request(lead)
    bulk_insert.insert(made)

    activity.note = "Another"
    activity.save()

    assert Activity.objects.get().note == "Another"


def test_one_row_that_is_refused_refuses_all(lead: Lead) -> None:
    submission, activity, measurement = a_request(lead)
    measurement.value = 99

    with pytest.raises(IntegrityError), transaction.atomic():
        bulk_insert.insert([submission, activity, measurement])

    assert not Activity.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_it_is_all_or_nothing_too(lead: Lead) -> None:
    submission, activity, measurement = a_request(lead)
    measurement.value = 99

    with pytest.raises(IntegrityError):
        bulk_insert.insert([submission, activity, measurement])

    assert not Activity.objects.exists()
    assert not Submission.objects.exists()
