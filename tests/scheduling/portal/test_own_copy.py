"""Appointments in the copy of one's data: what for, where, with whom, and when on the clock of the patient."""

import json
from datetime import datetime

import pytest
from django.utils import timezone
from django.utils.translation import override

from crm.models import Lead
from crm.patient_portal import own_copy
from scheduling.actions import booking
from scheduling.models import Resource
from tests.scheduling.factories import make_kind, wish

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("language", "title", "label", "status"),
    [("en", "Your appointments", "First visit", "Booked"), ("es", "Sus citas", "Primera visita", "Reservada")],
)
@pytest.mark.parametrize("mode", ["phone", "on_site"])
def test_appointments_have_place_kind_and_person(
    patient: Lead, provider: Resource, tuesday: datetime, language: str, title: str, label: str, status: str, mode: str
) -> None:
    kind = make_kind(provider, label="First visit", label_es="Primera visita", mode=mode)
    booking.book(wish(patient, kind, tuesday), now=timezone.now())

    with override(language):
        [told] = json.loads(json.dumps(own_copy.export(patient)[title], default=str))

    assert (told["kind"], told["provider"]) == (label, provider.name)
    assert told["location"] == patient.location.name
    assert told["in_words"]["status"] == status
    called = {"en": "By telephone: we call you.", "es": "Por teléfono: le llamamos."}[language]
    address = f"{patient.location.name}, {', '.join(patient.location.address_lines)}"
    assert told["where"] == (called if mode == "phone" else address)
    assert "10:00 a.m." in told["when"]
