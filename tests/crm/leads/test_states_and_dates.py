"""States and dates of treatments, studies and scores agree: at the desk, in the actions, in the table."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from crm.enums.leads import ConsultResult, TaskKind
from crm.enums.treatments import MeasurementKind, Source
from crm.errors import ImagingRefused, MeasurementRefused, ReviewRefused, TreatmentRefused
from crm.leads import actions as leads
from crm.leads import imaging, measurements, reviews, treatments
from crm.models import Activity, Consultation, ImagingStudy, Lead, Measurement, Task, Treatment, User
from tests.crm.desk.test_corrections import IN_PLACE, as_shown
from tests.crm.desk.test_lead import at, treatment_form
from tests.factories import make_treatment, own_browser, tablet
from tests.page_forms import as_sent

pytestmark = pytest.mark.django_db
BARE = {"start": "", "end": "", "sessions": "12", "relief_percent": "", "directed_by_clinician": "unknown"}


# --- State, "still going on" and end are one question ------------------------------------------------------------


@pytest.mark.parametrize("state", ["completed", "stopped_no_benefit"])
def test_a_state_that_says_it_is_over_ends_the_count(desk: Client, lead: Lead, state: str) -> None:
    row = make_treatment(lead, ongoing=True, start_date=date(2026, 6, 1))
    address = at(lead, "treatments/{treatment}/", treatment=row.pk)
    shown = as_shown(desk.get(address).text)

    assert desk.post(address, treatment_form(**BARE | {"status": state, "start": "06/2026"}) | shown).status_code == 302

    row.refresh_from_db()
    assert (row.status, row.ongoing, row.period) == (state, False, "Jun 2026")


def test_the_form_asks_once(desk: Client, lead: Lead) -> None:
    page = desk.get(at(lead, "treatments/add/")).text
    assert ('name="status"' in page, 'name="ongoing"' in page, "Not said" in page) == (True, False, True)


@pytest.mark.parametrize("how", [{}, IN_PLACE], ids=["on its page", "in place"])
@pytest.mark.parametrize("what", ["new", "corrected"])
def test_ongoing_with_an_end_is_refused_at_the_field(desk: Client, lead: Lead, how: dict[str, Any], what: str) -> None:
    address, shown = at(lead, "treatments/add/"), {}
    if what == "corrected":
        row = make_treatment(lead, ongoing=True, start_date=date(2026, 3, 1))
        address = at(lead, "treatments/{treatment}/", treatment=row.pk)
        shown = as_shown(desk.get(address).text)

    answer = desk.post(address, treatment_form(status="ongoing") | shown, **how)

    assert answer.status_code == 422
    assert "An ongoing treatment has no end: clear one of the two." in answer.text
    assert not Treatment.objects.filter(end_date__isnull=False).exists()


def test_an_end_without_a_word_on_how_it_ended_is_asked_for(desk: Client, lead: Lead) -> None:
    answer = desk.post(at(lead, "treatments/add/"), treatment_form(status=""))
    assert (answer.status_code, "It has ended: say how." in answer.text) == (422, True)


@pytest.mark.parametrize(
    ("before", "told", "after"),
    [
        ({"ongoing": True}, {"ongoing": False}, ("", False)),
        ({"ongoing": True}, {"ongoing": False, "end_date": date(2026, 6, 1)}, ("completed", False)),
        ({"status": "completed"}, {"ongoing": True}, ("ongoing", True)),
        ({"status": ""}, {"end_date": date(2026, 6, 1)}, ("completed", False)),
        ({"ongoing": True}, {"status": "stopped_cost_access"}, ("stopped_cost_access", False)),
    ],
)
def test_what_is_told_of_one_answers_the_others(
    lead: Lead, coordinator: User, before: dict[str, Any], told: dict[str, Any], after: tuple[str, bool]
) -> None:
    row = make_treatment(lead, start_date=date(2026, 3, 1), **before)
    corrected = treatments.correct(row, by=coordinator, **told)
    assert (corrected.status, corrected.ongoing) == after


def test_a_contradiction_of_the_two_is_refused(lead: Lead, coordinator: User) -> None:
    with pytest.raises(TreatmentRefused) as refused:
        treatments.add(lead, by=coordinator, source=Source.COORDINATOR, kind="heat", ongoing=True, status="completed")
    assert refused.value.field == "status"


@pytest.mark.parametrize("fields", [{"ongoing": True, "status": "completed"}, {"ongoing": False, "status": "ongoing"}])
def test_the_table_keeps_the_two_together(lead: Lead, fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="treatment_ongoing"), transaction.atomic():
        make_treatment(lead, **fields)


# --- What nobody said ------------------------------------------------------------------------------------------------


def test_an_unsaid_state_is_shown_as_not_said(desk: Client, lead: Lead) -> None:
    row = Treatment.objects.create(lead=lead, kind="heat")
    page = desk.get(at(lead)).text
    assert (row.status, row.state) == ("", "not said")
    assert "<td>not said</td>" in page
    assert "Completed" not in page


# --- Rough dates -----------------------------------------------------------------------------------------------------

ROUGH = [("03/15/2026", "03/2026"), ("03/2026", "2026"), ("03/15/2026", "2026"), ("2026", "03/2026")]


@pytest.mark.parametrize(("start", "end"), ROUGH)
def test_rough_dates_are_compared_by_what_is_possible(desk: Client, lead: Lead, start: str, end: str) -> None:
    assert desk.post(at(lead, "treatments/add/"), treatment_form(start=start, end=end)).status_code == 302
    row = Treatment.objects.get()
    assert (row.start_date is not None, row.end_date is not None) == (True, True)


@pytest.mark.parametrize(("start", "end"), [("03/15/2026", "02/2026"), ("03/2026", "2025"), ("04/2026", "03/31/2026")])
def test_what_cannot_be_is_refused_and_the_table_agrees(desk: Client, lead: Lead, start: str, end: str) -> None:
    answer = desk.post(at(lead, "treatments/add/"), treatment_form(start=start, end=end))
    assert (answer.status_code, "The end lies before the start." in answer.text) == (422, True)


def test_form_and_table_agree_on_every_pair_of_rough_dates(lead: Lead, coordinator: User) -> None:
    days = [date(2025, 1, 1), date(2025, 12, 1), date(2026, 1, 1), date(2026, 3, 1), date(2026, 3, 15)]
    said = [(day, "day") for day in days]
    said += [(day, "month") for day in days if day.day == 1] + [(day, "year") for day in days if day.month == 1]
    for start, start_precision in said:
        for end, end_precision in said:
            row = Treatment(lead=lead, kind="heat", status="completed", start_date=start, end_date=end)
            row.start_precision, row.end_precision = start_precision, end_precision
            try:
                treatments.check(row, today=date(2026, 11, 1))
            except TreatmentRefused:
                with pytest.raises(IntegrityError, match="ends_after_start"), transaction.atomic():
                    row.save()
            else:
                row.save()


# --- Not before birth, not before 1900, not in the future ------------------------------------------------------------


@pytest.fixture
def born_1990(lead: Lead) -> Lead:
    lead.date_of_birth = "1990-05-20"
    lead.save()
    return lead


@pytest.mark.parametrize("start", ["1989", "04/1990", "05/19/1990"])
def test_no_treatment_before_birth(desk: Client, born_1990: Lead, start: str) -> None:
    answer = desk.post(at(born_1990, "treatments/add/"), treatment_form(start=start))
    assert (answer.status_code, "That lies before the birth: check the year." in answer.text) == (422, True)


@pytest.mark.parametrize("start", ["1990", "05/1990", "05/20/1990"])
def test_what_is_possible_after_birth_is_taken(desk: Client, born_1990: Lead, start: str) -> None:
    assert desk.post(at(born_1990, "treatments/add/"), treatment_form(start=start)).status_code == 302


@pytest.mark.parametrize("fields", [{"start_date": date(1899, 12, 31)}, {"end_date": date(202, 11, 1)}])
def test_no_treatment_before_1900(lead: Lead, coordinator: User, fields: dict[str, Any]) -> None:
    with pytest.raises(TreatmentRefused):
        treatments.add(lead, by=coordinator, source=Source.COORDINATOR, kind="heat", **fields)


@pytest.mark.parametrize("start", ["12/31/9999", "9999", "01/2200"])
def test_nothing_is_planned_for_a_year_that_no_rule_can_count_from(desk: Client, lead: Lead, start: str) -> None:
    answer = desk.post(at(lead, "treatments/add/"), treatment_form(status="planned", start=start, end=""))
    assert (answer.status_code, "check the year" in answer.text) == (422, True)
    assert (
        desk.post(at(lead, "treatments/add/"), treatment_form(status="planned", start="12/2199", end="")).status_code
        == 302
    )
    assert desk.get(at(lead, "change/?panels=all")).status_code == 200


@pytest.mark.parametrize("year", [202, 1899, 1950])
def test_no_score_before_birth_or_before_1900(born_1990: Lead, coordinator: User, year: int) -> None:
    day = datetime(year, 11, 1, tzinfo=UTC)
    with pytest.raises(MeasurementRefused) as refused:
        measurements.record(
            born_1990,
            kind=MeasurementKind.RMDQ,
            value=Decimal(9),
            at=day,
            source=Source.COORDINATOR,
            by=coordinator,
            now=timezone.now(),
        )
    assert refused.value.field == "at"


@pytest.mark.parametrize("made", ["1989", "2099"])
def test_no_study_before_birth_or_in_the_future(desk: Client, born_1990: Lead, made: str) -> None:
    answer = desk.post(at(born_1990, "imaging/add/"), {"modality": "mri", "region": "lumbar", "made": made} | MEDIUM)
    assert (answer.status_code, "check the year" in answer.text) == (422, True)
    assert not ImagingStudy.objects.exists()


@pytest.mark.parametrize("held_on", [date(202, 11, 1), date(1899, 11, 1), date(1989, 11, 1)])
def test_no_visit_before_birth_or_before_1900(born_1990: Lead, clinician: User, held_on: date) -> None:
    with pytest.raises(ReviewRefused, match="check the year") as refused:
        reviews.record_consultation(
            born_1990,
            held_on=held_on,
            result=ConsultResult.CONSERVATIVE,
            surgery=None,
            note="",
            by=clinician,
            now=timezone.now(),
        )
    assert refused.value.field == "held_on"


MEDIUM = {"medium": "cd"}


# --- "Report is here", pressed by mistake ----------------------------------------------------------------------------


def test_a_report_that_is_not_here_after_all_ends_the_review_and_comes_again(
    desk: Client, lead: Lead, coordinator: User, clinician: User
) -> None:
    study = imaging.add(lead, by=coordinator, now=timezone.now(), modality="mri", region="lumbar")
    address = at(lead, "imaging/{study}/step/", study=study.pk)
    for part in ("report", "images"):
        desk.post(address, {"step": part})
    assert "Report is not here after all" in desk.get(at(lead, "change/?panels=all")).text

    desk.post(address, {"step": "no report"})

    study.refresh_from_db()
    assert (study.report_at, study.report_by, study.images_at is not None) == (None, None, True)
    assert not Task.objects.open().exists()
    desk.post(address, {"step": "report"})
    task = Task.objects.open().get()
    assert (task.kind, task.title) == (TaskKind.REVIEW, "Review imaging")
    imaging.review(study, by=clinician, now=timezone.now() + timedelta(minutes=1))
    with pytest.raises(ImagingRefused):
        imaging.take_back(study, part="report", by=coordinator, now=timezone.now())


# --- What patients answer --------------------------------------------------------------------------------------------


ROUGH_DATES = [("imaging", {"imaging_date": "{}"}), ("background", {"nicotine": "former", "nicotine_quit": "{}"})]


@pytest.mark.parametrize(("page", "answers"), ROUGH_DATES)
def test_no_answer_tells_of_a_day_before_the_birth(
    lead: Lead, coordinator: User, page: str, answers: dict[str, str]
) -> None:
    lead.date_of_birth = "1980-05-05"
    lead.save()

    def sent(browser: Client, said: str) -> Any:
        address = f"/my/questions/{page}/"
        shown = as_sent(browser.get(address).text, having="submission_id")
        return browser.post(address, shown | {name: [value.format(said)] for name, value in answers.items()})

    for said in ("04/1980", "1979", "05/04/1980"):
        refused = sent(own_browser(lead), said)
        assert (refused.status_code, "That lies before the birth" in refused.text) == (422, True)
    assert sent(tablet(lead, coordinator), "1979").status_code == 302  # from hand to hand: it tells no date of birth
    assert sent(own_browser(lead), "1980").status_code == 302


# --- Words that have left the lists ----------------------------------------------------------------------------------

RETIRED = [{"kind": "leeches"}, {"status": "vanished"}, {"guidance": "radar"}, {"side_effects": ["gone", "drowsy"]}]


@pytest.mark.parametrize("old", RETIRED, ids=lambda old: next(iter(old)))
def test_an_old_word_is_shown_as_stored_and_saved_unchanged(desk: Client, lead: Lead, old: dict[str, Any]) -> None:
    row = make_treatment(lead, start_date=date(2026, 3, 1), end_date=date(2026, 6, 1))
    Treatment.objects.filter(pk=row.pk).update(**old)
    before = Treatment.objects.filter(pk=row.pk).values().get()
    for page in ("change/?panels=all", "summary/", "packet/", "packet/print/"):
        assert desk.get(at(lead, page)).status_code == 200
    address = at(lead, "treatments/{treatment}/", treatment=row.pk)
    page = desk.get(address).text
    [word] = [value[0] if isinstance(value, list) else value for value in old.values()]
    assert f'value="{word}"' in page

    assert desk.post(address, as_sent(page, having="kind")).status_code == 302

    assert Treatment.objects.filter(pk=row.pk).values().get() == before


@pytest.mark.parametrize("fields", [{"modality": "phrenology"}, {"region": "tail"}])
def test_a_study_in_old_words_is_shown(desk: Client, lead: Lead, coordinator: User, fields: dict[str, str]) -> None:
    study = imaging.add(lead, by=coordinator, now=timezone.now(), modality="mri", region="lumbar")
    ImagingStudy.objects.filter(pk=study.pk).update(**fields)
    for page in ("change/?panels=all", "summary/", "packet/"):
        assert desk.get(at(lead, page)).status_code == 200


# --- A date of birth that is corrected -------------------------------------------------------------------------------
def test_dates_before_a_corrected_birth_are_named_and_a_person_is_asked(lead: Lead, clinician: User) -> None:
    day, now = date(2019, 3, 1), timezone.now()
    make_treatment(lead, kind="chiropractic", start_date=day)
    make_treatment(lead, kind="heat", start_date=date(2021, 1, 1), start_precision="year")
    ImagingStudy.objects.create(lead=lead, modality="mri", region="lumbar", made_on=day)
    Consultation.objects.create(lead=lead, held_on=day, result=ConsultResult.values[0], by=clinician)
    for moment in (
        datetime(2019, 3, 2, 3, tzinfo=UTC),
        datetime(2021, 6, 5, 3, tzinfo=UTC),
        datetime(2021, 6, 5, 5, tzinfo=UTC),
    ):
        Measurement.objects.create(lead=lead, kind="nrs_avg", value=5, at=moment)  # the last one on the day of birth

    own_browser(lead).post("/my/questions/imaging/", {"imaging": "mri_older", "imaging_date": "03/2019"})

    leads.tell_birthday(lead, born=date(1970, 3, 15), by=clinician, now=now)
    assert not Activity.objects.filter(summary__startswith="Dates on record").exists()
    leads.tell_birthday(lead, born=date(2021, 6, 5), by=clinician, now=now)

    told = Activity.objects.get(lead=lead, summary__startswith="Dates on record").note.split("; ")
    assert [len(told), *(line.rpartition(": ")[2] for line in told)] == [
        6,
        "Mar 2019",
        "Mar 2019",
        "Mar 1, 2019",
        "Mar 1, 2019",
        "Jun 4, 2021",
        "03/2019",
    ]
    assert Task.objects.open().filter(lead=lead, title__startswith="Dates on record lie before the birth").count() == 1
    assert not any("Jun 5" in note or "2021-06-05" in note for note in Activity.objects.values_list("note", flat=True))
