"""Who pays: what the patient names, what staff choose, and what an insurer says on the telephone."""

from tests.intake.life.insured import Insurer, Verified
from tests.intake.life.patient_steps import tells
from tests.intake.life.people import Person, World, opened, sends
from tests.lives import Kind, when

INSURERS = [("commercial", "Northfield Health"), ("medicare", ""), ("self_pay", ""), ("commercial", "Aetna")]
CRITERIA = "hcsc_fusion"  # of none of them: only staff choose it
LETTERS = "BCDFGHJKLM"


def names_an_insurer(world: World, who: Person) -> None:
    plan, name = world.chance.choice(INSURERS)
    insurer: Insurer = (plan, f"{name} {who.record.mark}" if name else "")
    told = {"plan_type": insurer[0], "payer_name": insurer[1]}
    sends(world.comes_back(who), "/my/questions/insurance/", told, field="plan_type")
    who.record.insured.names(insurer)
    tells(world, who, told)


def staff_choose_the_criteria(world: World, who: Person) -> None:
    desk, address = world.desk("coordinator"), f"{who.desk}insurance/"
    answer = desk.post(address, opened(desk, address, field="profile") | {"profile": CRITERIA})
    assert answer.status_code == 302
    who.record.insured.chosen = (CRITERIA, who.record.insured.insurer)


def the_insurer_says(world: World, who: Person) -> None:
    """In one call, with a reference of its own."""
    insured = who.record.insured
    token = f"CALL-{''.join(world.chance.choices(LETTERS, k=8))}"
    desk, address = world.desk("coordinator"), f"{who.desk}insurance/verified/"
    said = {"spoke_to": "Morgan Example", "call_reference": token, "is_active": "yes", "network": "in"}
    said |= {"needs_authorization": "yes", "needs_referral": "no"}
    assert desk.post(address, opened(desk, address, field="spoke_to") | said).status_code == 302
    insured.calls.append(Verified(insured.insurer, insured.criteria, token))
    insured.asked = False


def another_insurer_is_named_meanwhile(world: World, who: Person) -> None:
    """What staff were told by the former one is refused then."""
    former = who.record.insured.insurer
    desk, address = world.desk("coordinator"), f"{who.desk}insurance/verified/"
    form = opened(desk, address, field="spoke_to")
    names_an_insurer(world, who)
    said = {"spoke_to": "Morgan Example", "call_reference": "CALL-TOO-LATE", "is_active": "yes", "network": "in"}
    said |= {"needs_authorization": "yes", "needs_referral": "no"}
    if who.record.insured.insurer != former:
        assert desk.post(address, form | said).status_code == 422


def _has_one(who: Person) -> bool:
    return who.record.insured.insurer[0] not in ("", "self_pay")


KINDS_OF_STEPS = [
    Kind(names_an_insurer, when(_has_one, 1, 2)),
    Kind(staff_choose_the_criteria, when(_has_one, 1)),
    Kind(the_insurer_says, when(_has_one, 2)),
    Kind(another_insurer_is_named_meanwhile, when(_has_one, 1)),
]
