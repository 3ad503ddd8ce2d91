"""What the rules say of a lead names signs and treatments in words, on the page and on paper."""

import json
import re
from random import Random

import pytest
from django.test import Client

from crm.models import Lead, Location
from intake.requests import actions
from intake.rules import candidacy
from intake.rules.snapshot import read_snapshot
from intake.templatetags.signs import codes_in_words
from tests.intake.desk.test_papers import paper, signs
from tests.intake.random_snapshots import random_snapshot
from tests.intake.requests.test_submit import request_of

CODE = re.compile(r"\b[AB]\d{1,2}\b|[a-z]+_[a-z_]+")


@pytest.fixture
def lead(center: Location) -> Lead:
    return actions.submit(request_of(center)).lead


@pytest.mark.django_db
@pytest.mark.parametrize("where", ["panels/candidacy", "summary"])
@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (["B1"], "within 1 business day: You have had cancer at any time (other than common skin cancer)."),
        (
            ["B2", "B3"],
            "within 1 business day: You lost weight without trying: more than 10 lb (5 kg) in 6 months; "
            "Your pain is no better in any position, or wakes you every night.",
        ),
    ],
)
def test_the_reason_names_each_sign_in_words(
    desk: Client, lead: Lead, where: str, told: list[str], sentence: str
) -> None:
    signs(lead, b=told)
    assert sentence in paper(desk, lead, where)


def test_no_code_is_left_in_any_reason() -> None:
    random, shown = Random(24), list[str]()  # noqa: S311 - no secret
    for _ in range(2_000):
        result = candidacy.assess(read_snapshot(json.dumps(random_snapshot(random))))
        shown += [codes_in_words(reason.text) for reason in result.reasons]
    assert {found for text in shown for found in CODE.findall(text)} == set()
    assert "Physical therapy, supervised; " in " ".join(shown)
