"""Changing sequences and their texts at the desk: nothing changes unasked, nothing typed is lost, nothing bad kept."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from crm.enums.leads import TRIGGERS, AccessAction, EnrollmentState, Event, MessageState
from crm.followups import conditions, published, step_runner, versions
from crm.followups import enrollment as followups
from crm.leads import events
from crm.mail import template_lint
from crm.mail.markdown import Text
from crm.mail.templates import names, shipped
from crm.models import (
    AccessEvent,
    Enrollment,
    Lead,
    MailText,
    Message,
    SequenceVersion,
    StepOutcome,
    Task,
    User,
    VersionState,
)
from crm.outbox import withdrawn_steps
from crm.sequences import difference, words
from crm.sequences.definition import read
from tests.factories import make_lead, make_user

BEGUN = datetime(2026, 11, 23, 15, tzinfo=UTC)  # a Monday, 10:00 in New York
LIST, TEXT = "/admin/crm/sequenceversion/", "/admin/crm/mailtext/resume/en/"
GOOD = {"subject": "Hello {reference}", "body": "{greeting}\n\n[Open]({private_link})"}


@pytest.fixture
def boss(admin_client: Client) -> Client:
    """Signed in as somebody who may change sequences."""
    return admin_client


def version_of(key: str = "incomplete_form") -> SequenceVersion:
    return SequenceVersion.objects.get(key=key, state=VersionState.PUBLISHED)


def draft_of(boss: Client, key: str = "incomplete_form") -> SequenceVersion:
    boss.post(f"{LIST}{version_of(key).pk}/copy/")
    return SequenceVersion.objects.get(state=VersionState.DRAFT)


def form_of(version: SequenceVersion, **changes: Any) -> dict[str, Any]:
    """What the browser would send for the form as it is shown."""
    told = version.definition.model_dump(mode="json")
    data: dict[str, Any] = {name: told[name] for name in ("title", "purpose", "trigger", "when", "stops", "on_resume")}
    data |= {"steps-TOTAL_FORMS": len(told["steps"]) + 3, "steps-INITIAL_FORMS": len(told["steps"])}
    for place, step in enumerate(told["steps"]):
        data |= {f"steps-{place}-{name}": value or "" for name, value in step.items() if value is not False}
    for place in range(len(told["steps"]), len(told["steps"]) + 3):
        data |= {f"steps-{place}-do": "mail", f"steps-{place}-after": "1d"}
    return data | changes


def seen_on(boss: Client, address: str) -> str:
    """What a page says it had shown, for the press that follows."""
    found = re.search(r'name="seen" value="(\w+)"', boss.get(address).content.decode())
    assert found
    return found[1]


# --- Sequences --------------------------------------------------------------------------------------------------------
def test_the_list_shows_every_sequence_with_its_figures(desk: Client, lead: Lead) -> None:
    events.announce(lead, Event.SUBMITTED, now=BEGUN)
    page = " ".join(desk.get(LIST).content.decode().split())
    assert all(version.definition.title in page for version in SequenceVersion.objects.all())
    assert "Second step not finished</a> <span" in page


def test_a_page_of_a_sequence(desk: Client, lead: Lead) -> None:
    events.announce(lead, Event.SUBMITTED, now=BEGUN)
    followups.stop(Enrollment.objects.get(key="incomplete_form"), reason="Because", now=BEGUN)
    page = " ".join(desk.get(f"{LIST}{version_of().pk}/").content.decode().split())
    assert "after 3d" in page
    assert "<dd>A request comes in, if “Nothing is missing any more”</dd>" in page
    assert "<dd>do the last of what fell due</dd>" in page
    assert "<dt>Stopped: Because</dt><dd>1</dd>" in page
    assert "Edit a copy" not in page  # a coordinator looks only


def test_a_coordinator_changes_nothing(desk: Client, db: None) -> None:
    assert desk.post(f"{LIST}{version_of().pk}/copy/").status_code == 403
    assert desk.post(TEXT, GOOD | {"publish": "1"}).status_code == 403
    assert not SequenceVersion.objects.filter(state=VersionState.DRAFT).exists()


def test_copied_edited_compared_published(boss: Client, lead: Lead) -> None:
    events.announce(lead, Event.SUBMITTED, now=BEGUN)
    before, draft = version_of(), draft_of(boss)
    shown = boss.get(f"{LIST}{draft.pk}/edit/").content.decode()
    assert 'value="3d"' in shown
    answer = boss.post(f"{LIST}{draft.pk}/edit/", form_of(draft, **{"steps-0-after": "2h", "note": "Less haste"}))
    assert answer.status_code == 302
    draft.refresh_from_db()
    assert draft.definition.steps[0].after == timedelta(hours=2)
    page = boss.get(f"{LIST}{draft.pk}/").content.decode()
    assert "Step hour: Mail “resume”, after 1h → Mail “resume”, after 2h" in page
    boss.post(f"{LIST}{draft.pk}/publish/")
    assert version_of() == draft
    assert Enrollment.objects.get(key="incomplete_form").version == before  # kept


def test_an_unchanged_form_saves_an_unchanged_sequence(boss: Client, db: None) -> None:
    draft = draft_of(boss)
    assert boss.post(f"{LIST}{draft.pk}/edit/", form_of(draft)).status_code == 302
    draft.refresh_from_db()
    assert difference.in_words(version_of().definition, draft.definition) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"steps-0-after": "soon"}, "such as 2h, 3d or 2w"),
        ({"steps-0-key": "day"}, "two steps have the key day"),
        ({"steps-0-text": ""}, "needs “text”"),
        ({"title": ""}, "Title: This field is required."),
        ({"steps-0-text": "nonsense"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_carried_out_is_said_and_nothing_typed_is_lost(
    boss: Client, db: None, changes: dict[str, str], said: str
) -> None:
    draft = draft_of(boss)
    answer = boss.post(f"{LIST}{draft.pk}/edit/", form_of(draft, **{"note": "My note", **changes}))
    page = answer.content.decode()
    assert (answer.status_code, said in page, 'value="My note"' in page) == (422, True, True)
    draft.refresh_from_db()
    assert draft.body == version_of().body


def test_of_two_who_edit_one_draft_the_second_is_shown_what_the_first_saved(boss: Client, db: None) -> None:
    draft = draft_of(boss)
    address = f"{LIST}{draft.pk}/edit/"
    seen = seen_on(boss, address)
    mine = form_of(draft, **{"steps-0-after": "3h", "seen": seen})
    boss.post(address, form_of(draft, **{"steps-0-after": "2h", "seen": seen}))
    answer = boss.post(address, mine)
    page = unescape(answer.content.decode())
    assert (answer.status_code, "Somebody else saved this draft" in page) == (422, True)
    assert "Step hour: Mail “resume”, after 2h → Mail “resume”, after 3h" in page
    draft.refresh_from_db()
    assert draft.definition.steps[0].after == timedelta(hours=2)
    again = re.search(r'name="seen" value="(\w+)"', page)
    assert again
    boss.post(address, mine | {"seen": again[1]})
    draft.refresh_from_db()
    assert draft.definition.steps[0].after == timedelta(hours=3)


def test_a_draft_that_somebody_saved_meanwhile_is_looked_at_before_it_is_published(boss: Client, db: None) -> None:
    draft = draft_of(boss)
    address = f"{LIST}{draft.pk}/"
    shown = seen_on(boss, address)
    boss.post(f"{address}edit/", form_of(draft, **{"steps-0-after": "2h"}))
    answer = boss.post(f"{address}publish/", {"seen": shown}, follow=True).content.decode()
    assert "Somebody else saved this draft since your page was made" in answer
    draft.refresh_from_db()
    assert draft.state == VersionState.DRAFT
    boss.post(f"{address}publish/", {"seen": seen_on(boss, address)})
    draft.refresh_from_db()
    assert draft.state == VersionState.PUBLISHED


def test_a_step_is_added_and_one_is_taken_out(boss: Client, db: None) -> None:
    draft = draft_of(boss)
    new = {"steps-3-key": "call", "steps-3-do": "call", "steps-3-title": "Call", "steps-3-after": "4d"}
    boss.post(f"{LIST}{draft.pk}/edit/", form_of(draft, **new, **{"steps-0-DELETE": "on"}))
    draft.refresh_from_db()
    assert [step.key for step in draft.definition.steps] == ["day", "three_days", "call"]


def test_what_is_in_force_cannot_be_edited(boss: Client, db: None) -> None:
    version = version_of()
    assert boss.get(f"{LIST}{version.pk}/edit/").status_code == 302
    boss.post(f"{LIST}{version.pk}/edit/", form_of(version, title="Changed"))
    version.refresh_from_db()
    assert version.definition.title != "Changed"


def test_withdrawn_it_begins_for_nobody_and_whoever_is_in_it_goes_on(boss: Client, lead: Lead) -> None:
    events.announce(lead, Event.SUBMITTED, now=BEGUN)
    boss.post(f"{LIST}{version_of().pk}/withdraw/")
    published.forget()
    other = make_lead(email="b@example.org")
    events.announce(other, Event.SUBMITTED, now=BEGUN)
    assert not Enrollment.objects.filter(lead=other, key="incomplete_form").exists()
    step_runner.run_due(at=BEGUN + timedelta(hours=1))
    assert Message.objects.get().name == "resume"


def test_people_are_moved_on_purpose_and_nothing_is_done_twice(boss: Client, lead: Lead) -> None:
    events.announce(lead, Event.SUBMITTED, now=BEGUN)
    step_runner.run_due(at=BEGUN + timedelta(hours=1))
    draft = draft_of(boss)
    boss.post(f"{LIST}{draft.pk}/edit/", form_of(draft, **{"steps-0-after": "3h", "steps-1-after": "5h"}))
    boss.post(f"{LIST}{draft.pk}/move/")
    assert Enrollment.objects.get(key="incomplete_form").version != draft  # not published yet
    boss.post(f"{LIST}{draft.pk}/publish/")
    boss.post(f"{LIST}{draft.pk}/move/")
    moved = Enrollment.objects.get(key="incomplete_form")
    assert (moved.version, moved.due_at) == (draft, BEGUN + timedelta(hours=5))
    step_runner.run_due(at=BEGUN + timedelta(hours=5))
    assert sorted(Message.objects.values_list("name", flat=True)) == ["resume", "resume_again"]


def test_a_step_that_is_added_behind_people_is_skipped_for_them(lead: Lead) -> None:
    """Only what the new version puts there: what was overdue before is still to be done."""
    events.announce(lead, Event.SUBMITTED, now=BEGUN)
    version = SequenceVersion.objects.get(key="incomplete_form", state="published")
    draft = versions.copy(version, by=make_user(), now=BEGUN)
    added = {"key": "added", "do": "mail", "after": "2h", "text": "resume"}
    earlier = [step | {"after": "3h"} if step["key"] == "three_days" else step for step in version.body["steps"]]
    versions.save_draft(draft, body=version.body | {"steps": [*earlier, added]}, note="")
    versions.publish(draft)
    draft.refresh_from_db()
    now = BEGUN + timedelta(hours=10)  # "hour" is overdue, "day" is to come
    versions.move_everybody(draft, by=make_user(), now=now)
    skipped = StepOutcome.objects.filter(enrollment__key="incomplete_form").values_list("step", "result", "reason")
    assert sorted(skipped) == [(key, "skipped", versions.BEHIND) for key in ("added", "three_days")]
    step_runner.run_due(at=now)
    assert [one.name for one in Message.objects.filter(enrollment__key="incomplete_form")] == ["resume"]
    assert not Task.objects.filter(title__contains="too late").exists()


def test_of_who_is_paused_only_what_lies_behind_the_pause_is_skipped(lead: Lead) -> None:
    """What falls due in a pause is decided when somebody goes on."""
    events.announce(lead, Event.SUBMITTED, now=BEGUN)
    version = SequenceVersion.objects.get(key="incomplete_form", state="published")
    followups.pause(Enrollment.objects.get(key="incomplete_form"), reason="Paused", now=BEGUN + timedelta(minutes=50))
    draft = versions.copy(version, by=make_user(), now=BEGUN)
    added = [
        {"key": key, "do": "mail", "after": at, "text": "resume"} for key, at in (("soon", "30m"), ("later", "3h"))
    ]
    versions.save_draft(draft, body=version.body | {"steps": [*version.body["steps"], *added]}, note="")
    versions.publish(draft)
    draft.refresh_from_db()
    versions.move_everybody(draft, by=make_user(), now=BEGUN + timedelta(hours=10))
    assert list(StepOutcome.objects.filter(enrollment__key="incomplete_form").values_list("step", flat=True)) == [
        "soon"
    ]


def test_whoever_is_moved_is_named_on_record(boss: Client, lead: Lead) -> None:
    events.announce(lead, Event.SUBMITTED, now=BEGUN)
    draft = draft_of(boss)
    boss.post(f"{LIST}{draft.pk}/publish/")

    for _ in range(2):
        boss.post(f"{LIST}{draft.pk}/move/")

    edits = AccessEvent.objects.filter(action=AccessAction.EDIT, object_type="lead")
    assert [event.object_ids for event in edits] == [[lead.pk]]


def test_a_shorter_version_ends_what_has_nothing_left(lead: Lead, boss: Client) -> None:
    events.announce(lead, Event.SUBMITTED, now=BEGUN)
    step_runner.run_due(at=BEGUN + timedelta(hours=1))
    draft = draft_of(boss)
    body = draft.body | {"steps": draft.body["steps"][:1]}
    versions.save_draft(draft, body=body, note="")
    versions.publish(draft)
    draft.refresh_from_db()
    assert versions.move_everybody(draft, by=make_user(), now=BEGUN) == 1
    assert Enrollment.objects.get(key="incomplete_form").state == EnrollmentState.DONE


@pytest.mark.parametrize(("left_out", "state"), [(0, MessageState.CANCELLED), (1, MessageState.QUEUED)])
def test_a_mail_that_waits_is_taken_back_with_its_step(
    lead: Lead, boss: Client, left_out: int, state: MessageState
) -> None:
    events.announce(lead, Event.SUBMITTED, now=BEGUN)
    step_runner.run_due(at=BEGUN + timedelta(hours=1))
    draft = draft_of(boss)
    steps = [step for place, step in enumerate(draft.body["steps"]) if place != left_out]
    draft = versions.save_draft(draft, body=draft.body | {"steps": steps}, note="")
    versions.publish(draft)
    draft.refresh_from_db()

    assert versions.move_everybody(draft, by=make_user(), now=BEGUN + timedelta(hours=1)) == 1

    message = Message.objects.get()
    assert (message.state, message.reason) == (state, withdrawn_steps.GONE if left_out == 0 else "")
    assert StepOutcome.objects.filter(message=message).exists() == (left_out != 0)


def test_differences_in_words() -> None:
    step = {"key": "a", "do": "task", "title": "One", "after": "1d"}
    base: dict[str, Any] = {"key": "t", "title": "T", "purpose": "commercial", "trigger": "submitted", "steps": [step]}
    changed = base | {"stops": ["closed"], "steps": [step | {"key": "b"}]}
    assert difference.in_words(read(base), read(changed)) == [
        "Stops: none → The request is closed",
        "Step a is gone: One, after 1d",
        "Step b is new: One, after 1d",
    ]


def test_pages_of_a_sequence_say_no_codes(boss: Client) -> None:
    """Every condition and every event has words, and the pages show nothing else."""
    worded, known = set(words.CONDITIONS), set(conditions.known())
    assert (known - worded, worded - known) == (set(), set()), (
        "(conditions without words in CONDITIONS of crm/sequences/words.py, words of conditions that are gone) "
        "(CONTRIBUTING.md, “A condition”)"
    )
    assert set(words.TRIGGERS) == set(TRIGGERS)
    version, draft = version_of("records_needed"), draft_of(boss, "records_needed")
    read_ = boss.get(f"/admin/crm/sequenceversion/{version.pk}/").text
    edited = re.sub(r'(name|value|id|for)="[^"]*"', "", boss.get(f"/admin/crm/sequenceversion/{draft.pk}/edit/").text)
    for page in (read_, edited):
        assert [name for name in conditions.known() | set(TRIGGERS) if "_" in name and name in page] == []
    assert "The stage changes, if “Waits for records” and “Records are missing”" in read_


# --- Texts ------------------------------------------------------------------------------------------------------------
def test_all_texts_are_listed_in_both_languages(desk: Client, db: None) -> None:
    page = desk.get("/admin/crm/mailtext/").content.decode()
    assert all(f"/admin/crm/mailtext/{name}/{language}/" in page for name in names() for language in ("en", "es"))


def test_a_text_is_shown_as_it_would_arrive_and_published(boss: Client, lead: Lead) -> None:
    page = boss.get(TEXT).content.decode()
    frame = re.search(r'srcdoc="([^"]*)"', page)
    assert frame
    assert "Hello Avery," in unescape(frame[1])
    assert unescape(frame[1]).rstrip().endswith("</html>")
    assert boss.post(TEXT, GOOD | {"publish": "1"}).status_code == 302
    made = MailText.objects.get()
    assert (made.subject, made.number, made.state) == ("Hello {reference}", 1, VersionState.PUBLISHED)
    boss.post(TEXT, GOOD | {"subject": "Again", "publish": "1"})
    assert MailText.objects.get(state=VersionState.PUBLISHED).subject == "Again"
    boss.post(TEXT, {"withdraw": "1"})
    assert not MailText.objects.filter(state=VersionState.PUBLISHED).exists()


@pytest.mark.parametrize("press", [GOOD | {"subject": "Mine", "publish": "1"}, {"withdraw": "1"}])
def test_of_two_who_publish_one_text_the_second_is_shown_what_the_first_published(
    boss: Client, db: None, press: dict[str, str]
) -> None:
    boss.post(TEXT, GOOD | {"publish": "1"})
    shown = {"seen": seen_on(boss, TEXT)}
    boss.post(TEXT, GOOD | shown | {"subject": "Theirs {reference}", "publish": "1"})
    answer = boss.post(TEXT, press | shown)
    page = unescape(answer.content.decode())
    assert (answer.status_code, "Somebody else published version 2 since this page was made" in page) == (422, True)
    assert "What is sent now" in page
    assert MailText.objects.get(state=VersionState.PUBLISHED).subject == "Theirs {reference}"
    again = re.search(r'name="seen" value="(\d+)"', page)
    assert again
    assert boss.post(TEXT, press | {"seen": again[1]}).status_code == 302
    assert not MailText.objects.filter(state=VersionState.PUBLISHED, number=2).exists()


def test_who_publishes_over_a_text_that_went_back_to_the_products_is_told(boss: Client, db: None) -> None:
    boss.post(TEXT, GOOD | {"publish": "1"})
    shown = {"seen": seen_on(boss, TEXT)}
    boss.post(TEXT, shown | {"withdraw": "1"})
    page = boss.post(TEXT, GOOD | shown | {"publish": "1"}).content.decode()
    assert "Somebody else went back to the text of the product" in page
    assert not MailText.objects.filter(state=VersionState.PUBLISHED).exists()


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"body": "Your back pain"}, "back, pain"),
        ({"subject": "Your MRI"}, "mri"),
        ({"body": "Hello {surname}"}, "Unknown placeholder {surname}"),
        ({"body": "![x](https://example.org/x.png)"}, "Pictures tell others"),
        ({"body": "See https://example.org"}, "Link with a placeholder"),
        ({"body": ""}, "This field is required"),
        ({"subject": "{private_link}"}, "The subject takes no link"),
    ],
)
def test_what_may_not_be_sent_is_not_saved(boss: Client, lead: Lead, bad: dict[str, str], said: str) -> None:
    answer = boss.post(TEXT, GOOD | bad | {"publish": "1"})
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert not MailText.objects.exists()


def test_words_inside_words_are_no_health_words() -> None:
    assert (
        template_lint.complaints(Text("Legal backing", "A spinet, a paint, a scanner. Seguros no: seguir."), "es") == []
    )


@pytest.mark.parametrize("language", ["en", "es"])
def test_our_own_texts_pass_what_staffs_have_to(language: str) -> None:
    found = {name: template_lint.complaints(shipped(name, language), language) for name in names()}
    assert {name: complaints for name, complaints in found.items() if complaints} == {}


def test_a_test_goes_to_whoever_asks_and_opens_nothing(boss: Client, lead: Lead, admin_user: User) -> None:
    boss.post(TEXT, GOOD | {"test": "1"})
    message = Message.objects.get()
    assert (message.to_email, message.lead, message.subject) == (
        admin_user.email,
        None,
        f"[Test] Hello {lead.reference}",
    )
    assert "{private_link}" not in message.text + message.html
    assert not MailText.objects.exists()


def test_the_preview_follows_the_typing(boss: Client, lead: Lead) -> None:
    other = make_lead(email="b@example.org", first_name="Blake")
    shown = boss.post(f"{TEXT}preview/", GOOD | {"reference": other.reference}).json()
    assert "Hello Blake," in shown["text"]
    assert shown["complaints"] == []
    shown = boss.post(f"{TEXT}preview/", GOOD | {"body": "Your pain", "reference": "NOPE-NOPE"}).json()
    assert any("reference number" in one for one in shown["complaints"])
    assert not MailText.objects.exists()


@pytest.mark.parametrize("path", ["nonsense/en/", "resume/fr/"])
def test_a_text_that_there_is_not(boss: Client, lead: Lead, path: str) -> None:
    assert boss.get(f"/admin/crm/mailtext/{path}").status_code == 404
