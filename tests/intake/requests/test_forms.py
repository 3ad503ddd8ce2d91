"""Step 1: what is accepted, what is refused, and that both are said at the right field."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from crm.fields.text import AddressField, LineField, TextField
from crm.values import normalize
from intake.questionnaire import CALL_ME, PAGES, RECHECK, STEP_ONE, Section
from intake.requests.forms import StepOne
from tests.factories import step_one

REQUIRED = [
    "safety_check",
    "safety_check_b",
    "pain_region",
    "radiation",
    "onset",
    "pain_now_avg",
    "tried_treatments",
    "state",
    "first_name",
    "last_name",
    "consent_privacy",
    "consent_contact",
]


def posted(**changes: Any) -> StepOne:
    """The form as a browser would send it, repeated parameters and all."""
    return StepOne(QueryDict(urlencode(step_one(**changes), doseq=True)), center_name="Riverbend Center")


def errors_of(form: StepOne) -> dict[str, list[str]]:
    return {name: [str(message) for message in messages] for name, messages in form.errors.items()}


def test_the_visitor_of_the_main_job_is_accepted() -> None:
    form = posted()

    assert errors_of(form) == {}
    assert form.cleaned_data["phone"] == "+12125550142"
    assert form.cleaned_data["timezone"] == "America/New_York"
    assert form.cleaned_data["tried_treatments"] == ["pt", "medication", "injections", "other"]


@pytest.mark.parametrize("name", REQUIRED)
def test_required_answer_missing_is_said_at_its_field(name: str) -> None:
    assert list(errors_of(posted(**{name: None}))) == [name]


@pytest.mark.parametrize(
    "name", ["imaging", "radiation_side", "phone_type", "preferred_contact", "best_time", "ok_voicemail", "how_heard"]
)
def test_optional_answer_may_be_missing(name: str) -> None:
    assert errors_of(posted(**{name: None})) == {}


@pytest.mark.parametrize("missing", ["email", "phone"])
def test_one_of_email_and_phone_is_enough(missing: str) -> None:
    assert errors_of(posted(**{missing: None, "preferred_contact": None})) == {}


def test_neither_email_nor_phone_is_refused() -> None:
    assert list(errors_of(posted(email=None, phone=" ", preferred_contact=None))) == ["email"]


@pytest.mark.parametrize(("wish", "missing"), [("phone", "phone"), ("text", "phone"), ("email", "email")])
def test_wished_way_without_the_means_is_refused_there(wish: str, missing: str) -> None:
    assert list(errors_of(posted(preferred_contact=wish, **{missing: None}))) == [missing]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pain_region", ["low_back", "tail"]),
        ("radiation", ["everywhere"]),
        ("onset", "yesterday"),
        ("pain_now_avg", "11"),
        ("pain_now_avg", "-1"),
        ("pain_now_avg", "7.5"),
        ("state", "XX"),
        ("timezone", "Mars/Olympus"),
        ("safety_check", ["none", "Z1"]),
        ("email", "a@localhost"),
        ("email", "a@[127.0.0.1]"),
        ("email", "not an address"),
        ("email", "a" * 300 + "@example.org"),
        ("phone", "12"),
        ("phone", "1" * 50),
        ("phone", "call me"),
        ("first_name", "x" * 81),
        ("first_name", "x" * 10_000),
        ("last_name", "\u202e\u200b"),
        ("last_name", " \t "),
    ],
)
def test_odd_value_is_refused_at_its_field(name: str, value: Any) -> None:
    form = posted(**{name: value})

    assert list(errors_of(form)) == [name]
    assert len(errors_of(form)[name]) == 1


@pytest.mark.parametrize(
    ("name", "ticked"),
    [
        ("safety_check_b", ["none", "B1"]),
        ("radiation", ["none", "arm"]),
        ("tried_treatments", ["nothing", "pt"]),
    ],
)
def test_none_beside_something_is_refused(name: str, ticked: list[str]) -> None:
    assert list(errors_of(posted(**{name: ticked}))) == [name]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("Eve\r\nBcc: x@example.org", "Eve Bcc: x@example.org"), ("N\x00ul", "Nul"), ("{{7*7}}", "{{7*7}}")],
)
def test_name_is_kept_on_one_line(typed: str, kept: str) -> None:
    form = posted(first_name=typed)

    assert form.is_valid()
    assert form.cleaned_data["first_name"] == kept


def test_repeated_answer_counts_once() -> None:
    form = posted(pain_region=["low_back", "low_back", "neck"], first_name=["Ana", "Maria"])

    assert form.is_valid()
    assert form.cleaned_data["pain_region"] == ["neck", "low_back"]
    assert form.cleaned_data["first_name"] == "Maria"


def test_extra_fields_change_nothing() -> None:
    form = posted(stage="patient", safety_hold="1", owner="x")

    assert form.is_valid()
    assert not {"stage", "safety_hold", "owner"} & set(form.cleaned_data)


@pytest.mark.parametrize(
    ("state", "timezone", "expected"),
    [("CA", "", "America/Los_Angeles"), ("CA", "America/Denver", "America/Denver"), ("ZZ", "", "")],
)
def test_timezone_follows_the_state_unless_chosen(state: str, timezone: str, expected: str) -> None:
    form = posted(state=state, timezone=timezone)

    assert form.is_valid()
    assert form.cleaned_data["timezone"] == expected


EMERGENCY_ITEMS = [f"A{n}" for n in range(1, 11)]


@pytest.mark.parametrize("value", EMERGENCY_ITEMS + [f"unsure_{item}" for item in EMERGENCY_ITEMS])
@pytest.mark.parametrize("beside", [[], ["none"], ["A3"]])
def test_yes_or_not_sure_in_block_a_is_an_emergency(value: str, beside: list[str]) -> None:
    assert posted(safety_check=[value, *beside]).is_emergency


@pytest.mark.parametrize("ticked", [["none"], ["declined_A4"], [], ["B1"], ["A11"], ["unsure"]])
def test_anything_else_in_block_a_is_none(ticked: list[str]) -> None:
    assert not posted(safety_check=ticked).is_emergency


def test_declining_to_answer_a4_is_accepted() -> None:
    assert errors_of(posted(safety_check=["declined_A4"])) == {}


def test_emergency_is_seen_before_anything_else_is_in_order() -> None:
    form = StepOne(QueryDict("safety_check=unsure_A2"), center_name="x")

    assert not form.is_valid()
    assert form.is_emergency
    assert not form.has_contact


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"onset": None, "consent_contact": None}, True),
        ({"email": None}, True),
        ({"email": "broken", "phone": None}, False),
        ({"first_name": None}, False),
    ],
)
def test_has_contact_needs_a_name_and_a_working_way(changes: dict[str, Any], expected: bool) -> None:
    form = posted(safety_check=["A1"], **changes)
    form.is_valid()

    assert form.has_contact is expected


ENDLESS = [(LineField(), 1000), (AddressField(), 1000), (TextField(max_length=500), 2000)]


@pytest.mark.parametrize(("field", "most"), ENDLESS)
def test_endless_text_is_refused_before_it_is_cleaned(
    field: forms.Field, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cleaned(*_: Any) -> str:
        raise AssertionError

    for cleaning in ("one_line", "email_address"):
        monkeypatch.setattr(normalize, cleaning, cleaned)
    with pytest.raises(ValidationError, match="too long"):
        field.clean("\u0301" * (most + 1))


EVERY_SECTION = [*STEP_ONE, *CALL_ME, *(section for page in (*PAGES, RECHECK) for section in page.sections)]


@pytest.mark.parametrize("section", EVERY_SECTION, ids=lambda section: section.key)
def test_every_question_says_why_it_is_asked(section: Section) -> None:
    silent = [] if section.why else [question.name for question in section.questions if not question.why]

    assert silent == [], (
        f"Say why we ask {', '.join(silent)}: `why` of the question, or of its section, in intake/questionnaire/ "
        "(CONTRIBUTING.md, “A question of step 1”)."
    )
