"""Imaging studies at the desk: from the request to the review."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.documents import actions as documents
from crm.documents import scanning
from crm.enums.documents import DocumentState
from crm.enums.leads import ActivityKind, TaskKind
from crm.enums.treatments import DatePrecision
from crm.errors import ImagingRefused
from crm.leads import imaging
from crm.models import Activity, Document, ImagingStudy, Lead, Task, User
from tests.factories import make_lead

pytestmark = pytest.mark.django_db
ASKED = {"modality": "mri", "region": "lumbar", "made": "03/2026", "facility": "Example Imaging", "medium": "cd"}


@pytest.fixture
def study(lead: Lead, desk: Client) -> ImagingStudy:
    answer = desk.post(f"/admin/crm/lead/{lead.pk}/imaging/add/", ASKED)
    assert answer.status_code == 302
    return ImagingStudy.objects.get()


def step(client: Client, study: ImagingStudy, which: str, *, seen: str | None = None) -> Any:
    study.refresh_from_db()
    sent = {"step": which, "seen": study.version if seen is None else seen}
    return client.post(f"/admin/crm/lead/{study.lead_id}/imaging/{study.pk}/step/", sent)


def test_a_study_is_added_shown_and_corrected(study: ImagingStudy, desk: Client, lead: Lead) -> None:
    assert (str(study), study.made_precision) == ("MRI, low back", DatePrecision.MONTH)
    assert "Mar 2026" in desk.get(f"/admin/crm/lead/{lead.pk}/change/?panels=all").content.decode()
    desk.post(f"/admin/crm/lead/{lead.pk}/imaging/{study.pk}/", ASKED | {"place": "Shelf 3"})
    study.refresh_from_db()
    assert study.place == "Shelf 3"
    told = Activity.objects.filter(kind=ActivityKind.IMAGING).values_list("summary", flat=True)
    assert set(told) == {"MRI, low back: added", "MRI, low back: corrected"}


@pytest.mark.parametrize("order", [("report", "images"), ("images", "report")])
def test_the_review_opens_when_both_are_here_and_once(
    study: ImagingStudy, desk: Client, order: tuple[str, str]
) -> None:
    step(desk, study, "request")
    step(desk, study, order[0])
    assert not Task.objects.exists()
    for _ in range(2):
        step(desk, study, order[1])
    task = Task.objects.get()
    assert (task.kind, task.title) == (TaskKind.REVIEW, "Review imaging")
    assert "Review imaging" in desk.get("/admin/crm/task/").content.decode()


def test_what_has_come_since_is_looked_at_before_a_study_is_reviewed(
    study: ImagingStudy, client: Client, clinician: User
) -> None:
    client.force_login(clinician)
    for part in ("report", "images"):
        step(client, study, part)
    study.refresh_from_db()
    older = study.version
    for which in ("no images", "images"):
        step(client, study, which)
    for seen in (older, "", "none none"):
        step(client, study, "review", seen=seen)
        study.refresh_from_db()
        assert study.reviewed_at is None
    page = client.get(f"/admin/crm/lead/{study.lead_id}/change/?panels=all").text
    assert f'name="seen" value="{study.version}"' in page
    step(client, study, "review")
    study.refresh_from_db()
    assert study.reviewed_by == clinician


def test_only_a_clinician_reviews_and_that_ends_the_task(
    study: ImagingStudy, desk: Client, clinician: User, coordinator: User
) -> None:
    with pytest.raises(ImagingRefused):
        imaging.review(study, by=clinician, now=timezone.now())
    step(desk, study, "report")
    step(desk, study, "images")
    assert step(desk, study, "review").status_code == 403
    expert = Client()
    expert.force_login(clinician)
    assert step(expert, study, "review").status_code == 302
    study.refresh_from_db()
    assert study.reviewed_by == clinician
    assert Task.objects.get().done_by == clinician
    with pytest.raises(ImagingRefused):
        imaging.review(study, by=clinician, now=timezone.now())


def make_document(lead: Lead, **fields: Any) -> Document:
    return Document.objects.create(lead=lead, name="a.pdf", size=10, source="patient", **fields)


def test_linked_documents_count_as_received_once_they_can_be_read(
    study: ImagingStudy, lead: Lead, desk: Client, coordinator: User
) -> None:
    path = f"/admin/crm/lead/{lead.pk}/imaging/{study.pk}/link/"
    desk.post(path, {"document": make_document(lead, kind="report", state=DocumentState.PENDING).pk})
    study.refresh_from_db()
    assert study.report_at is None
    for kind in ("report", "images"):
        desk.post(path, {"document": make_document(lead, kind=kind, state=DocumentState.CLEAN).pk})
    assert study.documents.count() == 3
    assert Task.objects.count() == 1
    other = make_lead(email="other@example.org", phone="+12125550143")
    assert desk.post(path, {"document": make_document(other, kind="report").pk}).status_code == 404
    with pytest.raises(ImagingRefused):
        imaging.link(make_document(other, kind="report"), study, by=coordinator, now=timezone.now())


@pytest.mark.parametrize("kind", ["report", "images"])
def test_a_document_of_a_study_that_was_reviewed_is_reviewed_too(
    study: ImagingStudy, lead: Lead, desk: Client, clinician: User, kind: str
) -> None:
    for part in ("report", "images"):
        step(desk, study, part)
    imaging.review(study, by=clinician, now=timezone.now())
    path = f"/admin/crm/lead/{lead.pk}/imaging/{study.pk}/link/"
    document = make_document(lead, kind=kind, state=DocumentState.CLEAN)

    desk.post(path, {"document": document.pk})

    study.refresh_from_db()
    assert (study.reviewed_at, study.reviewed_by, Task.objects.open().get().title) == (None, None, "Review imaging")

    imaging.review(study, by=clinician, now=timezone.now())
    desk.post(path, {"document": document.pk})  # the button, pressed twice
    assert not Task.objects.open().exists()


@pytest.mark.parametrize("kind", ["report", "images"])
@pytest.mark.parametrize("by_whom", ["scanner", "person"])
def test_what_was_linked_while_it_was_checked_counts_as_received_once_it_can_be_read(
    study: ImagingStudy, lead: Lead, coordinator: User, clinician: User, kind: str, by_whom: str
) -> None:
    for part in ("report", "images"):
        imaging.receive(study, part=part, by=coordinator, now=timezone.now())
    imaging.review(study, by=clinician, now=timezone.now())
    document = make_document(lead, kind=kind, state=DocumentState.PENDING)
    imaging.link(document, study, by=coordinator, now=timezone.now())
    assert not Task.objects.open().exists()

    if by_whom == "person":
        documents.release(document, by=coordinator, now=timezone.now())
    else:
        scanning._after_scan(document, clean=True, now=timezone.now())

    study.refresh_from_db()
    came_by = coordinator if by_whom == "person" else None
    assert (study.reviewed_at, getattr(study, f"{kind}_by")) == (None, came_by)
    assert Task.objects.open().get().title == "Review imaging"


def test_a_document_that_no_review_has_to_read_leaves_the_study_reviewed(
    study: ImagingStudy, lead: Lead, desk: Client, clinician: User
) -> None:
    for part in ("report", "images"):
        step(desk, study, part)
    imaging.review(study, by=clinician, now=timezone.now())
    document = make_document(lead, kind="referral", state=DocumentState.CLEAN)
    desk.post(f"/admin/crm/lead/{lead.pk}/imaging/{study.pk}/link/", {"document": document.pk})
    assert not Task.objects.open().exists()


def test_a_second_report_is_looked_at_before_a_study_is_reviewed(
    study: ImagingStudy, lead: Lead, desk: Client, clinician: User
) -> None:
    for part in ("report", "images"):
        step(desk, study, part)
    study.refresh_from_db()
    shown, due_at = study.version, Task.objects.get().due_at
    imaging.link(make_document(lead, kind="report", state=DocumentState.CLEAN), study, by=clinician, now=timezone.now())
    with pytest.raises(ImagingRefused):
        imaging.review(study, by=clinician, now=timezone.now(), seen=shown)
    assert Task.objects.get().due_at == due_at


def test_what_was_taken_back_is_not_linked(
    study: ImagingStudy, lead: Lead, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The patient takes a file back while somebody presses Link."""
    document = make_document(lead, kind="report", state=DocumentState.CLEAN)
    linked = imaging.link

    def late(*args: Any, **kwargs: Any) -> None:
        assert documents.take_back(document, now=timezone.now())
        linked(*args, **kwargs)

    monkeypatch.setattr(imaging, "link", late)
    path = f"/admin/crm/lead/{lead.pk}/imaging/{study.pk}/link/"
    page = desk.post(path, {"document": document.pk}, follow=True).content.decode()
    study.refresh_from_db()
    assert (study.report_at, "This file was taken back." in page) == (None, True)


def test_a_fax_cover_says_nothing_about_anybody(study: ImagingStudy, lead: Lead, desk: Client) -> None:
    base = f"/admin/crm/lead/{lead.pk}/imaging/{study.pk}/print/"
    cover = desk.get(f"{base}fax/").content.decode()
    for word in ("Avery", lead.full_name, "MRI", "back", "2026</dd>", lead.email, "0142"):
        assert word not in cover.replace("Back to the lead", ""), word
    assert lead.reference in cover
    asked = desk.get(f"{base}request/").content.decode()
    assert "Avery Example" in asked
    assert "Signature of the patient" in asked
    assert "MRI, low back, March 2026" in asked
    assert desk.get(f"{base}other/").status_code == 404


def test_studies_of_others_are_not_found(study: ImagingStudy, desk: Client, outsider: User) -> None:
    other = make_lead(email="other@example.org", phone="+12125550143")
    assert desk.get(f"/admin/crm/lead/{other.pk}/imaging/{study.pk}/").status_code == 404
    client = Client()
    client.force_login(outsider)
    assert step(client, study, "report").status_code == 403
