"""What somebody at the desk types into the search: all of what it may mean is found."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.leads import search
from crm.models import Lead, Location
from tests.factories import make_lead

pytestmark = pytest.mark.django_db


def found(term: str) -> set[str]:
    return {lead.first_name for lead in search.matching(Lead.objects.all(), term)}


@pytest.mark.parametrize("reference", ["7KQF-M2WX", "KQFM-RWXB", "2345-6789"])
@pytest.mark.parametrize("dash", ["-", ""])
def test_a_reference_is_found_with_and_without_digits_letters_or_dash(
    center: Location, reference: str, dash: str
) -> None:
    make_lead(location=center, first_name="Maria", reference=reference)
    make_lead(location=center, first_name="Other", reference="8888-8888")
    assert found(f" {reference.lower().replace('-', dash)} ") == {"Maria"}


@pytest.mark.parametrize(
    ("term", "person"),
    [
        ("Hernande", {"last_name": "Hernandez"}),
        ("mary-ann", {"first_name": "Mary-Ann"}),
        ("jansen42", {"email": "jansen42@example.org"}),
        ("5552-3456", {"phone": "+12155523456"}),
    ],
)
def test_what_looks_like_a_reference_may_be_a_name_an_address_or_a_number(
    center: Location, term: str, person: dict[str, str]
) -> None:
    lead = make_lead(location=center, **person)
    make_lead(location=center, first_name="Other", email="other@example.org", phone="+12125550100")
    assert found(term) == {lead.first_name}


def test_nothing_typed_means_everybody(center: Location) -> None:
    make_lead(location=center, first_name="Maria")
    assert found("  ") == {"Maria"}


PEOPLE = [
    {"first_name": "Núñez", "last_name": "O’Brien"},
    {"first_name": "Nu\u0301n\u0303ez", "last_name": "O'Brien"},
]


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize(
    "term", ["nunez", "NÚÑEZ", "nu\u0301n\u0303ez", "o'brien", "O’Brien", "obrien", "nunez o`brien"]
)
def test_names_are_found_with_and_without_their_marks(center: Location, person: dict[str, str], term: str) -> None:
    lead = make_lead(location=center, **person)
    make_lead(location=center, first_name="Other", last_name="Brian")
    assert found(term) == {lead.first_name}


@pytest.mark.parametrize(
    ("name", "term"),
    [
        ("Łukasz", "lukasz"), ("Müller", "muller"), ("Nguyễn", "nguyen"), ("Mary-Ann", "mary ann"),
        ("Mary-Ann", "mary‐ann"), ("Дмитрий", "дмитрий"), ("李", "李"), ("Søren", "soren"),
    ],
)  # fmt: skip
def test_names_of_all_scripts_are_found(center: Location, name: str, term: str) -> None:
    make_lead(location=center, first_name="Sam", last_name=name)
    make_lead(location=center, first_name="Other", last_name="Person")
    assert found(term) == {"Sam"}


@pytest.mark.parametrize("phone", ["+12125550142", "+12125550142x45"])
@pytest.mark.parametrize(
    "term",
    ["mailto:sam@example.org", "Sam Example <sam@example.org>", "<sam@example.org>", "\u200esam@example.org",
     "tel:+12125550142", "212/555/0142", "212–555–0142", "212\u2011555\u20110142", "(212) 555-0142 ext. 45",
     "2125550142x45", "tel:+12125550142;ext=45", "212 555 0142 extension 45", "212-555-0142 (ext. 46)",
     "001 212 5550142", "\u202a212-555-0142\u202c", "#775G-NAKT", "775G NAKT", "775g\u2011nakt"],
)  # fmt: skip
def test_what_was_copied_from_elsewhere_is_found(center: Location, term: str, phone: str) -> None:
    make_lead(location=center, first_name="Sam", email="sam@example.org", phone=phone, reference="775G-NAKT")
    make_lead(location=center, first_name="Other", email="other@example.org", phone="+12125550143x45")
    assert found(term) == {"Sam"}


@pytest.mark.parametrize("term", ["+49 171 1234567", "0049 171 1234567", "0171 1234567", "0171/1234567", "1711234567"])
def test_a_number_abroad_is_found(center: Location, term: str) -> None:
    make_lead(location=center, first_name="Sam", phone="+491711234567")
    assert found(term) == {"Sam"}


def test_an_address_of_digits_is_no_number(center: Location) -> None:
    make_lead(location=center, first_name="Sam", email="2125550142@example.org", phone="")
    make_lead(location=center, first_name="Other", email="other@example.org", phone="+12125550142")
    assert found("2125550142@example.org") == {"Sam"}


@pytest.mark.parametrize("term", ["🙂", "-", "’", "%", "_"])
def test_signs_alone_are_not_everybody(center: Location, term: str) -> None:
    make_lead(location=center, first_name="Maria", email="maria@example.org")
    assert found(term) == set()


def test_a_name_is_found_by_an_index(center: Location) -> None:
    with connection.cursor() as cursor, CaptureQueriesContext(connection) as queries:
        cursor.execute("SET LOCAL enable_seqscan = off")
        list(search.matching(Lead.objects.all(), "O'Brien").values_list("pk"))
        cursor.execute(f"EXPLAIN {queries[-1]['sql']}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "lead_found_by" in plan
