"""One's own data: complete, one's own and nobody else's; and asking to have it deleted."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.test import Client
from django.utils import timezone

from crm import registry
from crm.enums.leads import TaskKind
from crm.leads import actions as leads
from crm.models import AccessEvent, Activity, ConsentRecord, Lead, Location, Task
from crm.patient_portal import access as patient_access
from crm.patient_portal import conversation, privacy
from tests.factories import in_their_place, make_lead, make_treatment, make_user, step_one
from tests.page_forms import as_sent

OURS = ("crm", "intake", "scheduling")
HOW = "(CONTRIBUTING.md, “A field of Lead”)"


@pytest.fixture
def lead(center: Location, client: Client) -> Lead:
    client.post("/candidate/", step_one())
    return Lead.objects.get()


@pytest.fixture
def patient(lead: Lead) -> Client:
    """Maria, in a browser of her own, who has shown who she is."""
    browser = Client()
    entry = patient_access.begin(lead, now=timezone.now())
    type(entry.session).objects.filter(pk=entry.session.pk).update(proven_at=timezone.now())
    browser.cookies["patient"] = entry.secret
    return browser


def reaches_lead(model: type[models.Model], on_the_way: frozenset[type[models.Model]] = frozenset()) -> bool:
    """Whether some chain of foreign keys leads from a model to Lead."""
    if model is Lead:
        return True
    parents = {field.related_model for field in model._meta.fields if field.many_to_one or field.one_to_one}
    return any(
        isinstance(parent, type) and parent not in on_the_way and reaches_lead(parent, on_the_way | {model})
        for parent in parents
    )


def test_every_model_about_a_person_is_registered() -> None:
    about = {model for app in OURS if apps.is_installed(app) for model in apps.get_app_config(app).get_models()}
    known = [entry.model for entry in registry.personal_data_of_all()]
    theirs = {model for model in about if reaches_lead(model)}
    assert theirs - set(known) == set(), f"Register these with registry.personal_data, column by column {HOW}"
    assert set(known) - theirs == set()
    assert len(known) == len(set(known))
    assert AccessEvent not in known  # it holds ids and no person


def test_each_is_given_out_or_says_why_not() -> None:
    for entry in registry.personal_data_of_all():
        assert bool(entry.fields) != bool(entry.why_not), entry.model
        assert bool(entry.fields) == bool(entry.title), entry.model


@pytest.mark.parametrize(
    "entry", [one for one in registry.personal_data_of_all() if one.fields], ids=lambda one: one.model.__name__
)
def test_every_column_is_given_out_or_says_why_not(entry: registry.PersonalData) -> None:
    columns = [column.name for column in entry.model._meta.concrete_fields]
    said = [*entry.fields, *(name for names in entry.left_out.values() for name in names)]
    the_way = {entry.model._meta.pk.name, entry.path.partition("__")[0]} - {"pk"}

    wanted = set(columns) - the_way
    assert (wanted - set(said), set(said) - wanted) == (set(), set()), (
        f"(columns of {entry.model.__name__} that are neither in the copy nor left out, names that are no column): put "
        "each into `fields`, or into `left_out` with the reason, where the model is registered (of a lead: _LEAD in "
        f"crm/patient_portal/data_export.py) {HOW}"
    )
    assert len(said) == len(set(said))


def test_every_word_about_a_treatment_is_in_the_copy(patient: Client, lead: Lead) -> None:
    """Eleven columns were in nobody's copy."""
    make_treatment(lead, provider_name="Dr. Sample", facility="Sample Clinic", side_effects_text="Sleepy")

    [copy] = downloaded(patient)["Treatments"]

    assert (copy["provider_name"], copy["facility"], copy["side_effects_text"]) == (
        "Dr. Sample",
        "Sample Clinic",
        "Sleepy",
    )


def downloaded(browser: Client) -> dict[str, Any]:
    answer = browser.post("/my/data/download/")
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert "no-store" in answer["Cache-Control"]
    found: dict[str, Any] = json.loads(answer.content)
    return found


def test_the_copy_holds_what_we_keep(patient: Client, lead: Lead) -> None:
    now = timezone.now()
    make_treatment(lead, drug_name="Sampledrug")
    leads.tell_birthday(lead, born=date(1970, 3, 15), by=None, now=now)
    conversation.write(lead, text="Please send the report.", by=make_user(), now=now)
    copy = downloaded(patient)
    assert copy["Your request"][0]["last_name"] == "Sample"
    assert copy["Your request"][0]["date_of_birth"] == "1970-03-15"
    assert copy["Treatments"][0]["drug_name"] == "Sampledrug"
    assert copy["Your answers"][0]["answers"]["pain_now_avg"] == "7"
    assert copy["Messages"][0]["text"] == "Please send the report."
    assert {one["kind"] for one in copy["What you agreed to"]} == {"privacy", "contact", "education"}
    assert copy["Assessments"][0]["outcome"]


def test_the_copy_holds_nobody_else(patient: Client, lead: Lead) -> None:
    other = make_lead(first_name="Robin", last_name="Other", email="robin@example.org", phone="")
    make_treatment(other, drug_name="Otherdrug")
    conversation.write(other, text="For Robin", by=make_user(), now=timezone.now())
    text = json.dumps(downloaded(patient))
    assert not {word for word in ("Robin", "Otherdrug", "robin@example.org") if word in text}


def test_a_download_is_on_the_timeline(patient: Client, lead: Lead) -> None:
    downloaded(patient)
    assert Activity.objects.filter(lead=lead, summary="Downloaded a copy of their data").count() == 1
    assert patient.get("/my/data/download/").status_code == 405


def test_asking_to_delete_opens_one_task_and_deletes_nothing(patient: Client, lead: Lead) -> None:
    for _ in range(2):
        assert patient.post("/my/data/delete/", {"sure": "1"})["Location"] == "/my/data/"
    task = Task.objects.get(kind=TaskKind.PRIVACY)
    assert timedelta(days=29) < task.due_at - timezone.now() <= timedelta(days=30)
    assert "You have asked us. We answer within 30 days." in patient.get("/my/data/").content.decode()
    assert Lead.objects.filter(pk=lead.pk).exists()
    assert privacy.ask_to_delete(lead, now=timezone.now() + timedelta(hours=1)) is False
    assert Task.objects.filter(kind=TaskKind.PRIVACY).count() == 1


def test_whoever_presses_delete_is_asked_first(patient: Client) -> None:
    page = patient.post("/my/data/delete/").content.decode()
    assert "Are you sure that we should delete your data?" in page
    assert not Task.objects.filter(kind=TaskKind.PRIVACY).exists()
    assert as_sent(page, having="sure")["sure"] == ["1"]


def test_the_wish_to_delete_can_be_taken_back_and_told_again(patient: Client, lead: Lead) -> None:
    patient.post("/my/data/delete/", {"sure": "1"})
    assert "Take my wish back" in patient.get("/my/data/").content.decode()
    page = patient.post("/my/data/keep/", follow=True).content.decode()
    assert "You have taken your wish back. We delete nothing." in page
    assert "Ask to delete my data" in page
    assert not Task.objects.open().filter(kind=TaskKind.PRIVACY).exists()
    told = "Took back the wish to delete their data"
    assert [one.summary for one in Activity.objects.filter(lead=lead).order_by("at")][-1] == told
    patient.post("/my/data/keep/")
    patient.post("/my/data/delete/", {"sure": "1"})
    assert Task.objects.open().filter(kind=TaskKind.PRIVACY).count() == 1
    assert Activity.objects.filter(lead=lead, summary=told).count() == 1


@pytest.mark.parametrize("staff", [True, False])
def test_nobody_else_gets_there(lead: Lead, staff: bool) -> None:
    browser = Client()
    if staff:
        in_their_place(browser, lead, make_user("coordinator"))
    else:
        browser.cookies["patient"] = patient_access.begin(lead, now=timezone.now()).secret
    assert browser.get("/my/data/").status_code == 302
    assert browser.post("/my/data/download/").status_code == 302
    browser.post("/my/data/delete/", {"sure": "1"})
    assert not Task.objects.filter(kind=TaskKind.PRIVACY).exists()


# --- Wishes ----------------------------------------------------------------------------------------------------------

WISHES = {"preferred_contact": "email", "best_time": ["evening"], "language": "es", "education": "on"}


def test_wishes_are_shown_and_stored(patient: Client, lead: Lead) -> None:
    page = patient.get("/my/wishes/").content.decode()
    assert 'value="phone" id="id_preferred_contact_0" checked' in " ".join(page.split())

    answer = patient.post("/my/wishes/", WISHES)

    assert answer["Location"] == "/es/my/"
    lead.refresh_from_db()
    assert (lead.preferred_contact, lead.best_time, lead.language) == ("email", ["evening"], "es")
    assert lead.ok_voicemail is False
    assert "Sus preferencias quedaron guardadas." in patient.get("/es/my/").content.decode()


def test_only_a_changed_yes_or_no_is_a_new_proof(patient: Client, lead: Lead) -> None:
    before = ConsentRecord.objects.filter(kind="education").count()
    for wish, proofs in ((WISHES, 1), (WISHES, 1), ({**WISHES, "education": ""}, 2)):
        patient.post("/my/wishes/", wish)
        assert ConsentRecord.objects.filter(kind="education").count() == before + proofs
    assert ConsentRecord.objects.filter(kind="education").latest("at").given is False


def test_an_unknown_wish_is_refused_and_changes_nothing(patient: Client, lead: Lead) -> None:
    assert patient.post("/my/wishes/", WISHES | {"language": "xx"}).status_code == 422
    lead.refresh_from_db()
    assert (lead.preferred_contact, lead.language) == ("phone", "en")


@pytest.mark.parametrize("wish", ["phone", "text"])
def test_a_wish_for_the_phone_without_a_number_asks_for_one(patient: Client, lead: Lead, wish: str) -> None:
    Lead.objects.update(phone="", preferred_contact="email")
    refused = patient.post("/my/wishes/", WISHES | {"preferred_contact": wish})
    assert refused.status_code == 422
    assert "Add your phone number, or choose e-mail as the way to contact you." in refused.content.decode()
    lead.refresh_from_db()
    assert lead.preferred_contact == "email"
    given = WISHES | {"preferred_contact": wish, "phone": "(212) 555-0155"}
    assert patient.post("/my/wishes/", given).status_code == 302
    lead.refresh_from_db()
    assert (lead.preferred_contact, lead.phone) == (wish, "+12125550155")


def test_a_number_that_we_have_is_not_changed_there(patient: Client, lead: Lead) -> None:
    assert 'name="phone"' not in patient.get("/my/wishes/").content.decode()
    patient.post("/my/wishes/", WISHES | {"phone": "(212) 555-0199"})
    lead.refresh_from_db()
    assert lead.phone == "+12125550142"


def test_a_wish_for_e_mail_without_an_address_says_how_to_give_one(patient: Client, lead: Lead) -> None:
    Lead.objects.update(email="")
    answer = patient.post("/my/wishes/", WISHES)
    assert (answer.status_code, "We have no e-mail address of yours." in answer.content.decode()) == (422, True)
