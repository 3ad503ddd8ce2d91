"""A page that is saved unchanged leaves every byte of the row, whatever it can and cannot show."""

import random
import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.db.models import TextChoices
from django.test import Client
from django.utils import timezone

from crm.enums.treatment_kinds import TreatmentKind
from crm.enums.treatments import (
    BodyRegion,
    DatePrecision,
    Documentation,
    FunctionChange,
    Guidance,
    ProviderType,
    Setting,
    Side,
    SideEffect,
    Source,
    TreatmentStatus,
    Unsure,
)
from crm.models import Lead, Treatment, User
from tests.factories import in_their_place, make_treatment
from tests.page_forms import as_sent

pytestmark = pytest.mark.django_db
ROUNDS = 60


def any_treatment(chance: random.Random, lead: Lead, by: User) -> Treatment:
    """A row with any values that the table takes, words that have left the lists among them."""

    def one(of: type[TextChoices]) -> str:
        return chance.choice([*of.values, "", "old"])

    start = date(2025, 1, 1) + timedelta(days=chance.randrange(600)) if chance.random() < 0.8 else None
    status = chance.choice([*TreatmentStatus.values, "", "vanished"])
    end = None
    if status != "ongoing" and chance.random() < 0.6:
        end = (start or date(2026, 1, 1)) + timedelta(days=chance.randrange(80))
    verified = chance.random() < 0.5
    return Treatment.objects.create(
        lead=lead,
        kind=chance.choice([*TreatmentKind.values, "leeches"]),
        kind_other=chance.choice(["", "Magnets"]),
        body_region=chance.choice([*BodyRegion.values, "tail"]),
        side=one(Side),
        level=chance.choice(["", "L4-5"]),
        guidance=one(Guidance),
        drug_name=chance.choice(["", "Examplamine"]),
        directed_by_clinician=chance.choice([True, False, None]),
        setting=one(Setting),
        provider_name=chance.choice(["", "Pat Sample"]),
        provider_type=one(ProviderType),
        facility=chance.choice(["", "Example Clinic"]),
        provider_phone=chance.choice(["", "212 555 0199 ext 4"]),
        start_date=start,
        start_precision=chance.choice(DatePrecision.values) if start else chance.choice(["day", "month"]),
        end_date=end,
        end_precision=chance.choice(DatePrecision.values),
        ongoing=status == "ongoing",
        sessions=chance.choice([None, 0, 12, 5000]),
        per_week=chance.choice([None, 0, 3, 900]),
        relief_percent=chance.choice([None, 0, 25, 40, 49, 50, 99, 100]),
        relief_duration_days=chance.choice([None, 0, 3, 45, 84, 100, 100000]),
        relief_still_present=chance.random() < 0.3,
        function_change=one(FunctionChange),
        side_effects=chance.sample([*SideEffect.values, "gone"], chance.randrange(4)),
        side_effects_text=chance.choice(["", "  tired "]),
        status=status,
        stop_reason=chance.choice(["", "Moved away"]),
        unsure_of=chance.sample(Unsure.values, chance.randrange(3)),
        documentation=Documentation.VERIFIED
        if verified
        else chance.choice(["none", "requested", "received", "waived"]),
        source=chance.choice(Source.values),
        verified_by=by if verified else None,
        verified_at=timezone.now() if verified else None,
    )


def bytes_of(row: Treatment) -> dict[str, Any]:
    return dict(Treatment.objects.filter(pk=row.pk).values().get())


def save_untouched(browser: Client, address: str, *, having: str) -> None:
    page = browser.get(address)
    assert page.status_code == 200
    answer = browser.post(address, as_sent(page.text, having=having))
    assert (answer.status_code, _errors(answer.text)) == (302, [])


def _errors(page: str) -> list[str]:
    return re.findall(r'_error">([^<]+)<', page)


def test_the_desk_leaves_every_byte(desk: Client, lead: Lead, coordinator: User) -> None:
    chance = random.Random(24)  # noqa: S311 - no secret
    for _ in range(ROUNDS):
        row = any_treatment(chance, lead, coordinator)
        before = bytes_of(row)
        save_untouched(desk, f"/admin/crm/lead/{lead.pk}/treatments/{row.pk}/", having="kind")
        assert bytes_of(row) == before
        row.delete()


def test_the_patients_page_leaves_every_byte(lead: Lead, coordinator: User) -> None:
    chance, browser = random.Random(25), in_their_place(Client(), lead, coordinator)  # noqa: S311 - no secret
    for _ in range(ROUNDS):
        row = any_treatment(chance, lead, coordinator)
        before = bytes_of(row)
        if row.status != "declined":  # those are no longer on the page
            save_untouched(browser, f"/my/treatments/{row.pk}/", having="shown")
            assert bytes_of(row) == before
        row.delete()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"relief_percent": 40}, "40 %"),
        ({"relief_percent": 49}, "49 %"),
        ({"relief_duration_days": 45}, "45 days"),
        ({"relief_duration_days": 100}, "100 days"),
        ({"status": "stopped_side_effects"}, "Side effects"),
        ({"status": "contraindicated"}, "Contraindicated"),
        ({"status": "planned"}, "Planned"),
    ],
)
def test_what_stands_is_shown_exactly(lead: Lead, coordinator: User, fields: dict[str, Any], words: str) -> None:
    row = make_treatment(lead, **fields)
    page = in_their_place(Client(), lead, coordinator).get(f"/my/treatments/{row.pk}/").text
    [checked] = [part for part in page.split("<label")[1:] if " checked" in part and words in part]
    assert words in checked


def test_one_answer_changes_one_column(lead: Lead, coordinator: User) -> None:
    row = make_treatment(lead, relief_percent=40, relief_duration_days=45, status="stopped_side_effects", sessions=5000)
    before = bytes_of(row)
    browser = in_their_place(Client(), lead, coordinator)
    sent = as_sent(browser.get(f"/my/treatments/{row.pk}/").text, having="shown")
    assert browser.post(f"/my/treatments/{row.pk}/", sent | {"clinician": "true"}).status_code == 302
    after = bytes_of(row)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"directed_by_clinician", "updated_at", "updated_by_id"}


def test_a_page_that_is_older_than_the_row_shows_both(lead: Lead, coordinator: User) -> None:
    row = make_treatment(lead, relief_percent=25, sessions=12)
    browser, address = in_their_place(Client(), lead, coordinator), f"/my/treatments/{row.pk}/"
    old = as_sent(browser.get(address).text, having="shown")
    Treatment.objects.filter(pk=row.pk).update(relief_percent=50, sessions=20)

    refused = browser.post(address, old | {"relief": "75"})

    assert refused.status_code == 422
    assert "Meanwhile this was changed to “About half”." in refused.text
    again = as_sent(refused.text, having="shown")
    assert again["relief"] == ["75"]
    assert browser.post(address, again).status_code == 302
    row.refresh_from_db()
    assert (row.relief_percent, row.sessions) == (75, 20)
