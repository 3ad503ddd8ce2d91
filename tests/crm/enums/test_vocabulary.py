"""The treatment vocabulary against the counts and names of the domain reference."""

import pytest

from crm.enums import treatment_kinds
from crm.enums.treatments import TreatmentGroup
from crm.models.location import validate_zone
from crm.values import us_places

FIRST_AND_LAST = {
    "ACTIVE": ("pt_supervised", "exercise_self", 6),
    "MEDICATION": ("med_acetaminophen", "med_other", 14),
    "INJECTION": ("esi_interlaminar", "inj_other", 11),
    "MANUAL": ("chiropractic", "inversion", 8),
    "DEVICE": ("tens", "scs_trial", 6),
    "SELF_CARE": ("heat", "smoking_cessation", 6),
    "BEHAVIOURAL": ("cbt", "sleep_programme", 5),
    "OTHER": ("prp_stem_cell", "other", 3),
}


@pytest.mark.parametrize("group", list(TreatmentGroup))
def test_group_has_its_kinds(group: TreatmentGroup) -> None:
    kinds = treatment_kinds.kinds_in(group)

    assert (kinds[0].value, kinds[-1].value, len(kinds)) == FIRST_AND_LAST[group.value]


def test_every_kind_is_offered_once() -> None:
    offered = [code for _, choices in treatment_kinds.grouped_choices() for code, _ in choices]

    assert offered == treatment_kinds.TreatmentKind.values


def test_places_are_the_states_the_district_the_territories_and_abroad() -> None:
    assert len(us_places.STATES) == 50 + 1 + 5 + 1


@pytest.mark.parametrize("zone", sorted({zone for _, zone in us_places.STATES.values() if zone} | set(us_places.ZONES)))
def test_zone_exists(zone: str) -> None:
    validate_zone(zone)


@pytest.mark.parametrize(("code", "zone"), [("CA", "America/Los_Angeles"), ("ZZ", "UTC"), ("", "UTC"), ("XX", "UTC")])
def test_zone_of_state(code: str, zone: str) -> None:
    assert us_places.zone_of_state(code, otherwise="UTC") == zone
