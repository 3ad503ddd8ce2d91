"""What a person reads right after sending a request, by what they told and nothing else."""

from typing import Any

import pytest
from django.test import Client

from crm.models import Lead, Location
from intake.rules import wording
from tests.factories import step_one

pytestmark = pytest.mark.django_db
SOON = "Please contact your own doctor or an urgent-care clinic today or tomorrow."


@pytest.mark.parametrize(
    ("ticked", "is_soon"),
    [(["B1"], True), (["unsure_B2", "unsure_B3"], True), (["unsure_B2"], False), (["B7"], False), (["none"], False)],
)
@pytest.mark.parametrize("times", [1, 2])
def test_the_receipt_says_at_once_when_a_doctor_should_look(
    client: Client, center: Location, ticked: list[str], is_soon: bool, times: int
) -> None:
    form = step_one(safety_check_b=ticked)
    for _ in range(times):
        client.post("/candidate/", form)
    page = client.get("/candidate/thanks/").content.decode()
    assert (SOON in wording.REVIEW, SOON in page) == (True, is_soon)


def test_it_tells_nothing_of_a_record(client: Client, center: Location) -> None:
    """Somebody else who types the same name sees what they typed themselves."""
    client.post("/candidate/", step_one(safety_check_b=["B1"]))
    stranger = Client()
    stranger.post("/candidate/", step_one(safety_check_b=["none"]))
    assert SOON not in stranger.get("/candidate/thanks/").content.decode()


def test_a_text_message_is_offered_to_nobody(client: Client, center: Location) -> None:
    assert "Text message" not in client.get("/candidate/").content.decode()


def test_an_older_tab_may_still_wish_for_one(client: Client, center: Location) -> None:
    answer: Any = client.post("/candidate/", step_one(preferred_contact="text"))
    assert (answer.status_code, Lead.objects.get().preferred_contact) == (302, "text")
