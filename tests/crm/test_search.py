"""What somebody at the desk types into the search: all of what it may mean is found."""

import pytest

from crm import search
from crm.models import Lead, Location
from tests.factories import make_lead

pytestmark = pytest.mark.django_db


def found(term: str) -> set[str]:
    return {lead.first_name for lead in search.matching(Lead.objects.all(), term)}


@pytest.mark.parametrize("reference", ["7KQF-M2WX", "KQFM-RWXB", "2345-6789"])
@pytest.mark.parametrize("dash", ["-", ""])
def test_a_reference_is_found_with_and_without_digits_letters_or_dash(
    centre: Location, reference: str, dash: str
) -> None:
    make_lead(location=centre, first_name="Maria", reference=reference)
    make_lead(location=centre, first_name="Other", reference="8888-8888")
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
    centre: Location, term: str, person: dict[str, str]
) -> None:
    lead = make_lead(location=centre, **person)
    make_lead(location=centre, first_name="Other", email="other@example.org", phone="+12125550100")
    assert found(term) == {lead.first_name}


def test_nothing_typed_means_everybody(centre: Location) -> None:
    make_lead(location=centre, first_name="Maria")
    assert found("  ") == {"Maria"}
