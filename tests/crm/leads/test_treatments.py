"""Adding and correcting treatments; the table's own constraints."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from crm.enums.leads import ActivityKind
from crm.enums.treatments import Source
from crm.errors import TreatmentRefused
from crm.leads import treatments
from crm.models import Lead, Measurement, Treatment, User
from tests.factories import make_lead, make_treatment

PT: dict[str, Any] = {
    "kind": "pt_supervised",
    "start_date": date(2026, 3, 1),
    "end_date": date(2026, 6, 1),
    "sessions": 12,
}


def test_add_keeps_what_was_told_and_by_whom(lead: Lead, coordinator: User) -> None:
    treatment = treatments.add(lead, by=coordinator, source=Source.COORDINATOR, relief_percent=20, **PT)

    treatment.refresh_from_db()
    assert (treatment.sessions, treatment.relief_percent, treatment.created_by) == (12, 20, coordinator)
    activity = lead.activities.get()
    assert (activity.kind, activity.summary) == (ActivityKind.TREATMENT_ADDED, "Physical therapy, supervised")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "leeches"}, "kind"),
        ({"end_date": date(2026, 2, 28)}, "end_date"),
        ({"ongoing": True}, "end_date"),
        ({"status": "ongoing"}, "end_date"),
        ({"start_date": date(2100, 1, 1), "end_date": None}, "start_date"),
        ({"end_date": date(2100, 1, 1)}, "end_date"),
        ({"relief_percent": 101}, "relief_percent"),
    ],
)
def test_add_contradiction_is_refused_at_its_field(
    lead: Lead, coordinator: User, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(TreatmentRefused) as refused:
        treatments.add(lead, by=coordinator, source=Source.COORDINATOR, **(PT | changes))

    assert refused.value.field == field
    assert not lead.treatments.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"end_date": date(2026, 3, 1)},
        {"start_date": None, "end_date": None},
        {"start_date": date(2100, 1, 1), "end_date": None, "status": "planned"},
        {"end_date": None, "ongoing": True},
        {"relief_percent": 0},
        {"relief_percent": 100},
        {"kind": "esi_caudal", "body_region": "lumbar"},
        {"kind": "esi_caudal"},  # not said where
    ],
)
def test_add_border_case_is_accepted(lead: Lead, coordinator: User, changes: dict[str, Any]) -> None:
    treatments.add(lead, by=coordinator, source=Source.COORDINATOR, **(PT | changes))

    assert lead.treatments.count() == 1


def test_today_is_the_patients_today(center: Any, coordinator: User) -> None:
    """Kiritimati is 14 hours ahead of UTC: its tomorrow is never more than a day away from ours."""
    lead = make_lead(location=center, timezone="Pacific/Kiritimati")
    there = (timezone.now() + timedelta(hours=14)).date()

    treatments.add(lead, by=coordinator, source=Source.COORDINATOR, kind="heat", start_date=there)

    with pytest.raises(TreatmentRefused):
        treatments.add(
            lead, by=coordinator, source=Source.COORDINATOR, kind="heat", start_date=there + timedelta(days=1)
        )


def test_correct_keeps_old_and_new_on_the_timeline(lead: Lead, coordinator: User) -> None:
    treatment = make_treatment(lead, start_date=date(2026, 3, 1))

    treatments.correct(treatment, by=coordinator, start_date=date(2026, 4, 1), sessions=12, relief_percent=20)

    activity = lead.activities.get()
    assert activity.kind == ActivityKind.TREATMENT_CORRECTED
    assert activity.details["changes"] == {"start_date": ["2026-03-01", "2026-04-01"], "relief_percent": [None, 20]}


def test_correct_without_a_difference_leaves_no_trace(lead: Lead, coordinator: User) -> None:
    treatment = make_treatment(lead)

    treatments.correct(treatment, by=coordinator, sessions=12)

    assert not lead.activities.exists()


def test_correct_contradiction_changes_nothing(lead: Lead, coordinator: User) -> None:
    treatment = make_treatment(lead, start_date=date(2026, 3, 1))

    with pytest.raises(TreatmentRefused):
        treatments.correct(treatment, by=coordinator, sessions=3, end_date=date(2026, 2, 1))

    treatment.refresh_from_db()
    assert (treatment.sessions, treatment.end_date) == (12, None)


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"start_date": date(2026, 3, 2), "end_date": date(2026, 3, 1)}, "treatment_ends_after_start"),
        ({"ongoing": True, "end_date": date(2026, 3, 1)}, "treatment_ongoing"),
        ({"relief_percent": 101}, "treatment_relief_0_100"),
        ({"verified_at": timezone.now()}, "treatment_verified_at_and_by"),
        ({"sessions": -1}, "crm_treatment_sessions_check"),
    ],
)
def test_treatment_constraint(lead: Lead, fields: dict[str, Any], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make_treatment(lead, **fields)


@pytest.mark.parametrize(("kind", "value"), [("nrs_avg", 11), ("nrs_avg", -1), ("rmdq", 25), ("mood", 3)])
def test_measurement_out_of_range_is_refused(lead: Lead, kind: str, value: int) -> None:
    with pytest.raises(IntegrityError, match="measurement_in_range"), transaction.atomic():
        Measurement.objects.create(lead=lead, kind=kind, value=value)


@pytest.mark.parametrize(("kind", "value"), [("nrs_avg", 0), ("nrs_avg", 10), ("rmdq", 24), ("peg", 6.3)])
def test_measurement_in_range_is_kept(lead: Lead, kind: str, value: float) -> None:
    assert Measurement.objects.create(lead=lead, kind=kind, value=value).pk


def test_group_comes_from_the_kind() -> None:
    assert [str(Treatment(kind=kind).group) for kind in ("hep_prescribed", "snrb", "heat", "herbal")] == [
        "ACTIVE",
        "INJECTION",
        "SELF_CARE",
        "OTHER",
    ]
