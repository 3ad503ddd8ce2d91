"""The public form over HTTP: where each answer leads, what is kept on a mistake, and what strangers can do to it."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.enums.leads import MessageState
from crm.mail import mime
from crm.models import Lead, Location, Message, Task
from intake.models import Submission
from tests.factories import make_location, step_one

FORM, THANKS, EMERGENCY = "/candidate/", "/candidate/thanks/", "/candidate/emergency/"
FIELDS = """submission_id safety_check safety_check_b pain_region radiation onset pain_now_avg tried_treatments imaging
    first_name last_name email phone phone_type preferred_contact best_time state timezone ok_voicemail how_heard
    consent_privacy consent_contact consent_education""".split()
PUBLIC = ["/", "/learn/", "/learn/herniated-disc/", "/learn/privacy/", FORM, EMERGENCY, "/admin/login/", "/nowhere/"]

pytestmark = pytest.mark.django_db


def page_of(response: Any) -> str:
    return str(response.content.decode())


def is_ticked(page: str, name: str, value: str) -> bool:
    """Whether the page shows this box or radio button as chosen."""
    boxes = re.findall(rf'<input[^>]*name="{name}"[^>]*>', page)
    return any(f'value="{value}"' in box and re.search(r"\bchecked\b", box) for box in boxes)


# --- The form --------------------------------------------------------------------------------------------------------


def test_form_has_the_names_that_others_rely_on(client: Client, center: Location) -> None:
    page = page_of(client.get(FORM))

    assert [name for name in FIELDS if f'name="{name}"' not in page] == []


def test_form_asks_about_safety_first(client: Client, center: Location) -> None:
    page = page_of(client.get(FORM))

    order = [page.index(f'name="{name}"') for name in ("safety_check", "safety_check_b", "pain_region", "first_name")]
    assert order == sorted(order)


def test_form_has_a_new_submission_id_each_time(client: Client, center: Location) -> None:
    ids = [re.search(r'name="submission_id" value="([^"]+)"', page_of(client.get(FORM))) for _ in range(2)]

    assert ids[0] is not None
    assert ids[1] is not None
    assert ids[0].group(1) != ids[1].group(1)


def test_form_without_a_center_says_how_to_get_help(client: Client) -> None:
    response = client.get(FORM)

    assert response.status_code == 503
    assert "911" in page_of(response)


def test_request_leads_to_its_reference(client: Client, center: Location) -> None:
    response = client.post(FORM, step_one())

    assert (response.status_code, response["Location"]) == (302, THANKS)
    assert Lead.objects.get().reference in page_of(client.get(THANKS))
    assert Message.objects.get().state == MessageState.QUEUED


def test_same_submission_twice_is_one_lead_with_one_reference(client: Client, center: Location) -> None:
    form = step_one()
    client.post(FORM, form)
    first = page_of(client.get(THANKS))

    client.post(FORM, form)

    assert Lead.objects.count() == Submission.objects.count() == Message.objects.count() == 1
    assert Lead.objects.get().reference in first


def test_thanks_without_a_request_leads_to_the_form(client: Client, center: Location) -> None:
    assert client.get(THANKS)["Location"] == FORM


def test_thanks_cannot_be_talked_into_another_reference(client: Client, center: Location) -> None:
    client.cookies["request_reference"] = "AAAA-BBBB"

    assert client.get(THANKS)["Location"] == FORM


@pytest.mark.parametrize("path", [THANKS, EMERGENCY])
def test_personal_pages_are_kept_by_no_cache(client: Client, center: Location, path: str) -> None:
    client.post(FORM, step_one())

    assert "no-store" in client.get(path)["Cache-Control"]


# --- Mistakes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signs", [(["none"], ["none"]), (["declined_A4"], ["B1", "unsure_B6"])])
def test_mistake_is_answered_with_422_and_everything_typed(
    client: Client, center: Location, signs: tuple[list[str], list[str]]
) -> None:
    typed = step_one(safety_check=signs[0], safety_check_b=signs[1], email="maria.sample@", consent_education="on")
    typed |= {"best_time": ["morning", "evening"], "timezone": "America/Chicago"}

    response = client.post(FORM, typed)

    assert response.status_code == 422
    page = page_of(response)
    for name in ("first_name", "last_name", "email", "phone", "submission_id"):
        value = typed[name].replace("(", "\\(").replace(")", "\\)")
        assert re.search(rf'name="{name}"[^>]*value="{value}"|value="{value}"[^>]*name="{name}"', page), name
    for name in ("safety_check", "safety_check_b", "pain_region", "radiation", "tried_treatments", "best_time"):
        assert all(is_ticked(page, name, value) for value in typed[name]), name
    for name in ("radiation_side", "onset", "pain_now_avg", "imaging", "phone_type", "preferred_contact"):
        assert is_ticked(page, name, typed[name]), name
    for name in ("ok_voicemail", "consent_privacy", "consent_contact", "consent_education"):
        assert re.search(rf'<input[^>]*name="{name}"[^>]*checked', page), name
    assert '<option value="NY" selected>' in page
    assert '<option value="America/Chicago" selected>' in page
    assert '<option value="search" selected>' in page
    assert not Lead.objects.exists()


def test_empty_form_names_every_required_answer_and_links_to_it(client: Client, center: Location) -> None:
    page = page_of(client.post(FORM, {}))

    summary = page.partition('role="alert"')[2].partition("</ul>")[0]
    targets = re.findall(r'href="#([^"]+)"', summary)
    assert len(targets) == 13
    assert [target for target in targets if f'id="{target}"' not in page] == []


def test_mistake_corrected_keeps_the_submission_id(client: Client, center: Location) -> None:
    form = step_one(first_name="")
    client.post(FORM, form)
    client.post(FORM, form | {"first_name": "Maria"})

    assert str(Submission.objects.get().form_id) == form["submission_id"]


@pytest.mark.parametrize("submission_id", ["", "not-a-uuid", None])
def test_request_with_an_odd_submission_id_is_not_lost(
    client: Client, center: Location, submission_id: str | None
) -> None:
    response = client.post(FORM, step_one(submission_id=submission_id))

    assert response.status_code in {302, 422}
    assert response.status_code == 302 or 'value="Maria"' in page_of(response)


# --- Warning signs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sign", ["A1", "A10", "unsure_A3", "unsure_A10"])
def test_warning_sign_leads_to_emergency_care_before_anything_else(client: Client, center: Location, sign: str) -> None:
    response = client.post(FORM, {"safety_check": [sign]})

    assert (response.status_code, response["Location"]) == (302, EMERGENCY)
    page = page_of(client.get(EMERGENCY))
    assert 'href="tel:911"' in page
    assert "Your answers were not stored" in page
    assert not Lead.objects.exists()


def test_warning_sign_with_contact_holds_the_lead_and_sends_nothing(client: Client, center: Location) -> None:
    response = client.post(FORM, step_one(safety_check=["A2"]))

    assert response["Location"] == EMERGENCY
    assert "We have received what you sent" in page_of(client.get(EMERGENCY))
    assert Lead.objects.get().safety_hold
    assert not Message.objects.exists()
    assert [task.kind for task in Task.objects.all()] == ["urgent_call"]


def test_warning_sign_beside_none_of_these_still_counts(client: Client, center: Location) -> None:
    assert client.post(FORM, step_one(safety_check=["none", "A1"]))["Location"] == EMERGENCY


def test_emergency_page_abroad_names_the_numbers_there(client: Client, center: Location) -> None:
    client.post(FORM, step_one(safety_check=["A2"], state="ZZ"))

    assert 'href="tel:112"' in page_of(client.get(EMERGENCY))


def test_emergency_page_is_open_to_everyone(client: Client, center: Location) -> None:
    assert client.get(EMERGENCY).status_code == 200


# --- What strangers send ---------------------------------------------------------------------------------------------

NAUGHTY = [
    "Maria\r\nBcc: victim@example.org",
    "Ma\x00ria",
    "M" * 10_000,
    "\u202eairaM",
    "{{7*7}}",
    "{% include 'base.html' %}",
    "<script>alert(1)</script>",
    "Ma\ud800ria",
    "' OR 1=1 --",
    "🦴🦴🦴",
    "a\u0300\u0301\u0302" * 30,
    "\ufeff\u200b\u2060",
]


def answered_cleanly(response: Any) -> None:
    """Stored or refused, and whatever was stored makes a mail whose headers are ours."""
    assert response.status_code in {302, 422}
    assert Lead.objects.count() == (1 if response.status_code == 302 else 0)
    for message in Message.objects.all():
        head = mime.as_bytes(message).partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ")
        names = [line.partition(b":")[0] for line in head.split(b"\r\n")]
        assert names == [
            b"Content-Type",
            b"MIME-Version",
            b"Date",
            b"Message-ID",
            b"From",
            b"To",
            b"Subject",
            b"Auto-Submitted",
            b"X-Auto-Response-Suppress",
        ]


@pytest.mark.parametrize("name", ["first_name", "last_name", "email", "phone", "pain_now_avg", "state", "onset"])
@pytest.mark.parametrize("value", NAUGHTY, ids=range(len(NAUGHTY)))
def test_naughty_text_is_stored_or_refused_cleanly(client: Client, center: Location, name: str, value: str) -> None:
    body = "&".join(f"{key}={quoted(one)}" for key, one in pairs(step_one(**{name: value})))

    answered_cleanly(client.post(FORM, body, content_type="application/x-www-form-urlencoded"))


def quoted(text: str) -> str:
    """Every byte percent-encoded, lone surrogates as a careless client sends them."""
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def pairs(form: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, one) for name, value in form.items() for one in (value if isinstance(value, list) else [value])]


def test_braces_in_a_name_stay_braces(client: Client, center: Location) -> None:
    client.post(FORM, step_one(first_name="{{7*7}}", last_name="Sample"))

    message = Message.objects.get()
    assert Lead.objects.get().first_name == "{{7*7}}"
    assert "49" not in message.text.replace(Lead.objects.get().reference, "")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    form=st.dictionaries(
        st.sampled_from(FIELDS),
        st.lists(st.text(max_size=40) | st.sampled_from(["none", "A1", "on", "NY"]), max_size=3),
    )
)
def test_no_form_at_all_is_a_server_error(client: Client, form: dict[str, list[str]]) -> None:
    if not Location.objects.exists():
        make_location()
    body = "&".join(f"{name}={quoted(one)}" for name, values in form.items() for one in values)

    response = client.post(FORM, body, content_type="application/x-www-form-urlencoded")

    assert response.status_code in {302, 422}


def test_unknown_choices_repeats_and_extra_fields_change_nothing(client: Client, center: Location) -> None:
    form = step_one(pain_region=["low_back", "low_back"], tried_treatments=["pt", "pt"])
    form |= {"stage": "patient", "safety_hold": "on", "id": str(uuid4()), "owner": "1", "lead": str(uuid4())}

    assert client.post(FORM, form).status_code == 302

    lead = Lead.objects.get()
    assert (lead.stage, lead.safety_hold, lead.owner) == ("new", False, None)
    answers = Submission.objects.get().answers
    assert (answers["pain_region"], answers["tried_treatments"]) == (["low_back"], ["pt"])
    assert not {"stage", "safety_hold", "owner", "lead"} & set(answers)


@pytest.mark.parametrize("name", ["pain_region", "radiation", "onset", "imaging", "state", "safety_check", "how_heard"])
def test_unknown_choice_is_refused(client: Client, center: Location, name: str) -> None:
    value = ["made_up"] if isinstance(step_one()[name], list) else "made_up"

    assert client.post(FORM, step_one(**{name: value})).status_code == 422
    assert not Lead.objects.exists()


def test_too_many_fields_are_refused_without_a_server_error(client: Client, center: Location) -> None:
    body = "&".join(f"f{number}=1" for number in range(500))

    assert client.post(FORM, body, content_type="application/x-www-form-urlencoded").status_code == 400


def test_form_without_its_token_is_explained(center: Location) -> None:
    response = Client(enforce_csrf_checks=True).post(FORM, step_one())

    assert response.status_code == 403
    assert "Please send the form once more" in page_of(response)
    assert "Maria" not in page_of(response)
    assert not Lead.objects.exists()


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(client: Client, center: Location, method: str) -> None:
    assert getattr(client, method)(FORM).status_code == 405


# --- In the browser --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", PUBLIC)
def test_page_brings_nothing_from_elsewhere(client: Client, center: Location, path: str) -> None:
    response = client.get(path)
    page = page_of(response)

    policy = response["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    own = {'<script type="application/ld+json">', '<script src="/static/js/body-map.js" defer>'}
    assert set(re.findall(r"<script[^>]*>", page)) <= own
    assert not re.search(r'\son[a-z]+="|\sstyle="', page)
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page)


@pytest.mark.parametrize("path", PUBLIC)
def test_page_sets_no_cookie_but_the_forms_own(client: Client, center: Location, path: str) -> None:
    names = set(client.get(path).cookies)

    assert names <= ({"csrftoken"} if path in {FORM, "/admin/login/"} else set())


def test_cookies_are_closed_to_scripts(client: Client, center: Location) -> None:
    client.get(FORM)
    client.post(FORM, step_one())

    cookies = dict(client.cookies.items())
    assert set(cookies) == {"csrftoken", "request_reference"}
    assert all(cookie["httponly"] for cookie in cookies.values())
    assert all(cookie["samesite"] == "Lax" for cookie in cookies.values())


@pytest.mark.parametrize("broken", ["intake.requests.actions.submit", "intake.requests.bot_protection.arrive"])
def test_a_warning_sign_leads_to_emergency_care_even_when_nothing_can_be_stored(
    client: Client, center: Location, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OperationalError

    monkeypatch.setattr(broken, refuse)
    assert client.post("/candidate/", step_one(safety_check=["A1"]))["Location"] == "/candidate/emergency/"
    assert "Your answers could not be stored" in client.get("/candidate/emergency/").content.decode()
