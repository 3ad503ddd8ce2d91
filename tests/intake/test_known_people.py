"""A second request of somebody known, and people who share an address."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.actions import leads
from crm.enums import ActivityKind, LostReason, Outcome, Stage, TaskKind
from crm.models import Lead, Location, Message, Task
from crm.normalise import name_key
from intake import actions
from intake.models import Assessment, Submission
from tests.factories import NOON, PASSWORD, make_user, step_one
from tests.intake.test_submit import request_of


def asked(centre: Location, *, days: int = 0, **changes: Any) -> Lead:
    """Another request, from a form of its own."""
    made = request_of(centre, now=NOON + timedelta(days=days), **changes)
    return actions.submit(actions.Request(uuid.uuid4(), made.data, centre, made.now, made.urgent))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"first_name": "MARIA", "last_name": "sample"},
        {"email": "other@example.org"},  # the telephone is known
        {"phone": "(212) 555-0199"},  # the e-mail is known
        {"phone": None, "preferred_contact": "email"},
    ],
)
def test_the_same_person_is_one_lead(centre: Location, changes: dict[str, Any]) -> None:
    first = asked(centre)
    second = asked(centre, days=3, **changes)
    assert (second.pk, Submission.objects.filter(lead=first).count()) == (first.pk, 2)
    assert Message.objects.count() == 2
    assert Task.objects.filter(lead=first, kind=TaskKind.CALL).count() == 1


def test_a_call_that_was_made_is_followed_by_another(client: Client, centre: Location) -> None:
    client.post("/candidate/", step_one())
    Task.objects.update(done_at=timezone.now(), done_by=make_user())
    client.post("/candidate/", step_one())
    assert [task.done_at is None for task in Task.objects.order_by("created_at")] == [False, True]


@pytest.mark.parametrize(
    "changes",
    [
        {"first_name": "Mario"},
        {"last_name": "Specimen"},
        {"email": "maria@example.org", "phone": "(212) 555-0199"},
    ],
)
def test_another_name_or_another_address_is_another_lead(centre: Location, changes: dict[str, Any]) -> None:
    assert asked(centre).pk != asked(centre, **changes).pk


def test_a_household_is_shown_to_staff(centre: Location, client: Client) -> None:
    first, second = asked(centre), asked(centre, first_name="Mario")
    make_user("coordinator", email="casey@example.org", password=PASSWORD)
    client.login(username="casey@example.org", password=PASSWORD)
    page = client.get(reverse("admin:crm_lead_change", args=[first.pk])).content.decode()
    assert "They may be one household" in page
    assert second.reference in page


def test_gaps_are_filled_and_wishes_taken_over(centre: Location) -> None:
    asked(centre, phone=None, preferred_contact="email")
    asked(centre, preferred_contact="phone", state="NJ")
    lead = Lead.objects.get()
    assert (lead.phone, lead.preferred_contact, lead.state) == ("+12125550142", "phone", "NJ")


def test_another_number_is_told_to_staff_and_not_taken_over(centre: Location) -> None:
    asked(centre)
    lead = asked(centre, days=1, phone="(212) 555-0199")
    lead.refresh_from_db()
    assert lead.phone == "+12125550142"
    again = lead.activities.filter(kind=ActivityKind.REQUEST).latest("at")
    assert again.summary == "Asked for help again, with +12125550199"


def test_the_confirmation_goes_to_the_address_that_was_typed(centre: Location) -> None:
    asked(centre)
    asked(centre, email="other@example.org")
    assert set(Message.objects.values_list("to_email", flat=True)) == {"maria.sample@example.org", "other@example.org"}


def test_somebody_lost_is_back_in_the_pipeline(centre: Location) -> None:
    lead = asked(centre)
    leads.move(lead, to=Stage.LOST, by=None, lost_reason=LostReason.COST)
    asked(centre, days=30)
    lead.refresh_from_db()
    assert lead.stage == Stage.QUALIFYING


def test_the_new_answers_are_judged(centre: Location) -> None:
    lead = asked(centre)
    asked(centre, days=1, pain_now_avg="1")
    lead.refresh_from_db()
    assert lead.outcome == Outcome.CONTINUE_CONSERVATIVE
    assert list(Assessment.objects.order_by("at").values_list("rule", flat=True)) == ["R7", "R6"]


def test_a_warning_sign_holds_the_known_lead(centre: Location) -> None:
    lead = asked(centre)
    asked(centre, days=1, urgent=True, safety_check=["A5"])
    lead.refresh_from_db()
    assert (lead.safety_hold, lead.outcome) == (True, Outcome.URGENT)
    assert Task.objects.filter(lead=lead, kind=TaskKind.URGENT_CALL).count() == 1


def test_a_visitor_cannot_tell_whether_somebody_is_known(centre: Location, client: Client) -> None:
    asked(centre)
    known, unknown = Client(), Client()
    first = known.post("/candidate/", step_one())
    second = unknown.post("/candidate/", step_one(email="nobody@example.org", phone="(212) 555-0177"))
    assert (first.status_code, first["Location"]) == (second.status_code, second["Location"])

    def page(browser: Client, path: str) -> str:
        text = browser.get(path).content.decode()
        return text.replace(Lead.objects.get(email__startswith="maria").reference, "").replace(
            Lead.objects.get(email__startswith="nobody").reference, ""
        )

    assert _without_tokens(page(known, "/candidate/thanks/")) == _without_tokens(page(unknown, "/candidate/thanks/"))
    for browser in (known, unknown):
        browser.post("/candidate/go-on/")
    assert _without_tokens(page(known, "/my/")) == _without_tokens(page(unknown, "/my/"))


def _without_tokens(page: str) -> list[str]:
    return [line for line in page.splitlines() if "csrfmiddlewaretoken" not in line]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("José  Núñez", "jose nunez", True),
        ("Anne-Marie O’Neil", "Annemarie ONeil", True),
        ("Maria", "Mario", False),
        ("王 芳", "王芳", True),
    ],
)
def test_names_are_compared_as_people_read_them(one: str, other: str, same: bool) -> None:
    assert (name_key(one) == name_key(other)) is same
