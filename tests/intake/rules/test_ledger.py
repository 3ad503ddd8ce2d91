"""Treatments over time: days, groups and gaps against plain sets of days; the drawing; and who may look."""

import uuid
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from crm.desk import printing
from crm.enums.treatments import TreatmentGroup
from crm.models import Lead, PatientSession, User
from crm.patient_portal import access as patient_access
from intake.portal import chart
from intake.rules.adequate_trials import COUNTED
from intake.rules.ledger import LONGEST_PAUSE_DAYS, ledger
from tests.factories import make_treatment
from tests.intake.care_cases import TODAY, ago, care, nrs, record
from tests.intake.naive_coverage import days_of
from tests.intake.rules.test_coverage_oracle import random_record

PT: dict[str, Any] = {"kind": "pt_supervised", "days": 50, "until": 10, "sessions": 12}


def test_side_by_side_counts_once_and_groups_count_apart() -> None:
    made = ledger(record(care(**PT), care("med_nsaid_rx", days=30, until=40), care("heat", days=300)))
    assert made.days_by_group == [(TreatmentGroup.ACTIVE, 50), (TreatmentGroup.MEDICATION, 30)]
    assert made.span == 60


def test_a_trial_that_is_too_short_does_not_count_but_fills_its_gap() -> None:
    made = ledger(record(care(days=10, until=100, sessions=3), care("med_nsaid_rx", days=20, until=200)))
    assert made.days_by_group == [(TreatmentGroup.MEDICATION, 20)]
    assert [(gap.first, gap.last) for gap in made.gaps] == [(ago(199), ago(110)), (ago(99), TODAY)]


@pytest.mark.parametrize(("pause", "gaps"), [(LONGEST_PAUSE_DAYS, 0), (LONGEST_PAUSE_DAYS + 1, 1)])
def test_a_pause_of_two_weeks_is_no_gap(pause: int, gaps: int) -> None:
    made = ledger(record(care(days=20, until=None), care("med_nsaid_rx", days=20, until=20 + pause)))
    assert len(made.gaps) == gaps


def test_the_numbers_equal_sets_of_days() -> None:
    """For 150 random records: span, days by group, and gaps."""
    random = Random(4)  # noqa: S311 - no secret
    for _ in range(150):
        case = random_record(random)
        made, year = ledger(case), {case.today - timedelta(days=n) for n in range(365)}
        counted = {line.care.key: set(days_of(line.care, case.today)) & year for line in made.lines if line.counts}
        assert made.span == len(set().union(*counted.values()))
        for group, days in made.days_by_group:
            of_group = [counted[line.care.key] for line in made.lines if line.counts and line.care.entry.group == group]
            assert days == len(set().union(*of_group))
        cared = [c for c in case.treatments if c.entry.group in COUNTED and c.entry.kind != "exercise_self"]
        without = set().union(*(days_of(one, case.today) for one in cared)) & year
        assert all(not without & {gap.first, gap.last} and gap.days > LONGEST_PAUSE_DAYS for gap in made.gaps)


def test_the_drawing_keeps_every_bar_inside_and_says_what_lies_before() -> None:
    case = record(care(**PT), care("med_nsaid_rx", days=90, until=1200), care("chiropractic"), ratings=(nrs(7),))
    drawn = chart.draw(ledger(case), case, name_of=lambda line: line.care.name)
    assert [bar.begins_before for bar in drawn.bars] == [False, True, False]  # undated, long ago, lately
    for bar in drawn.bars:
        assert chart.LEFT <= bar.wide_x <= bar.wide_x + bar.wide_width <= chart.RIGHT + 3
        assert bar.width == 0 or bar.wide_x <= bar.x
    assert drawn.points == [(chart.RIGHT, drawn.floor - 0.7 * chart.TALLEST, "7")]


@pytest.fixture
def patient(lead: Lead) -> Client:
    """Avery, in a browser that is proven."""
    browser = Client()
    entry = patient_access.begin(lead, now=timezone.now())
    PatientSession.objects.filter(pk=entry.session.pk).update(proven_at=timezone.now())
    browser.cookies["patient"] = entry.secret
    return browser


def tell(lead: Lead, **fields: Any) -> None:
    today = timezone.now().astimezone(lead.location.zone).date()
    make_treatment(
        lead,
        start_date=today - timedelta(days=49),
        start_precision="day",
        end_date=today,
        end_precision="day",
        **fields,
    )


def test_the_patient_sees_a_picture_and_the_same_as_a_table(lead: Lead, patient: Client) -> None:
    tell(lead)
    page = patient.get("/my/treatments/over-time/").content.decode()
    svg = page[page.index("<svg") : page.index("</svg>") + 6]
    assert ElementTree.fromstring(svg).get("role") == "img"  # noqa: S314 - our own page
    assert "<td>50</td>" in page
    assert "50 days in the last 12 months" in page


def test_numbers_of_the_drawing_keep_their_point_in_spanish(lead: Lead, patient: Client) -> None:
    tell(lead)
    page = patient.get("/es/my/treatments/over-time/").content.decode()
    svg = page[page.index("<svg") : page.index("</svg>")]
    assert 'x="4.0"' in svg or 'x="304.' in svg
    assert "Fisioterapia" in svg
    assert "50 días en los últimos 12 meses" in page


def test_before_anything_is_told_the_page_says_so(lead: Lead, patient: Client) -> None:
    assert b"You have not told us of any treatment yet" in patient.get("/my/treatments/over-time/").content


def test_until_it_is_proven_who_reads_it_shows_nothing(lead: Lead) -> None:
    tell(lead)
    browser = Client()
    may_write = patient_access.begin(lead, now=timezone.now(), origin=uuid.uuid4())
    browser.cookies["patient"] = may_write.secret
    assert browser.get("/my/treatments/over-time/").status_code == 302
    assert Client().get("/my/treatments/over-time/").status_code == 404


def test_the_desk_shows_what_counts(lead: Lead, desk: Client) -> None:
    assert "Over time" not in desk.get(f"/admin/crm/lead/{lead.pk}/change/?panels=all").content.decode()
    tell(lead)
    page = desk.get(f"/admin/crm/lead/{lead.pk}/change/?panels=all").content.decode()
    assert "50 days (about 7 weeks)" in page
    assert "0 of 1" in page


def test_the_summary_for_the_surgeon_is_one_page_with_ten_treatments(
    lead: Lead, desk: Client, coordinator: User
) -> None:
    for number in range(10):
        tell(lead, drug_name=f"Example {number}", kind="med_nsaid_rx")
    pdf = desk.get(f"/admin/crm/lead/{lead.pk}/summary/?as=pdf").content
    assert len(PdfReader(BytesIO(pdf)).pages) == 1


def test_a_paper_fetches_nothing_from_anywhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever a text may contain: no address is asked, and no file of this machine gets into a PDF."""
    picture = tmp_path / "secret.svg"
    picture.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
    )
    printing._pdf(f'<img src="{picture.as_uri()}"><img src="http://127.0.0.1:9/x.png">')
    refused = [entry.message for entry in caplog.records if "disallowed protocol" in entry.message]
    assert len(refused) == 2
