"""What clinicians decide: reviews, holds, decisions against the rules; from pages opened just now or long before."""

import re

from crm.models import ReviewDecision
from intake.models import Override
from tests.intake.life.heard import bare
from tests.intake.life.model import Decided, Reviewed, urgency
from tests.intake.life.patient_steps import tells_a_new_sign, tells_an_emergency
from tests.intake.life.people import OpenPage, Person, World, opened
from tests.intake.life.staff_steps import takes_the_alert
from tests.lives import Kind, always, when

OUTCOMES = ["URGENT", "PROMPT_REVIEW", "CONTINUE_CONSERVATIVE", "CONSULT_LIKELY", "MORE_INFO", "OUT_OF_SCOPE"]
MILDER = ["CONTINUE_CONSERVATIVE", "CONSULT_LIKELY", "MORE_INFO"]
HASTIER = ["URGENT", "PROMPT_REVIEW"]
CLINICIANS = ["clinician", "second"]
PAGES = ["decide", "outcome", "clear-hold"]


def opens_a_decision(world: World, who: Person) -> None:
    """A form of a decision, to be sent now or much later."""
    kind = world.chance.choice(PAGES)
    who.keeps_open(kind, _opened(world, who, kind))


def _opened(world: World, who: Person, kind: str) -> OpenPage:
    by, address = world.chance.choice(CLINICIANS), f"{who.desk}{kind}/"
    form, page = opened(world.desk(by), address, field="seen"), world.desk(by).get(address).content.decode()
    hidden = [one for one in [*who.record.signs, *who.record.gone.values()] if f"({bare(one)}" not in page]
    assert not hidden, hidden
    return OpenPage(address, form, frozenset(who.record.signs), by)


def _taken_up(world: World, who: Person, kind: str) -> OpenPage:
    page = who.takes_up(kind, world.chance) if world.chance.random() < 0.5 else None
    return page or _opened(world, who, kind)


def decides_a_review(world: World, who: Person) -> None:
    _decides(world, who, _taken_up(world, who, "decide"))


def _decides(world: World, who: Person, page: OpenPage) -> int:
    record = who.record
    needs_second = record.outcome(world.clock.now) == "URGENT"
    told = {"decision": "continue_care", "reason": f"Examined {record.mark}."}
    answer = world.desk(page.by).post(page.address, page.form | told)
    assert answer.status_code in {302, 409}
    assert answer.status_code == 409 or page.shown == record.signs
    if answer.status_code == 302:
        record.review = Reviewed(page.shown, page.by) if needs_second else None
        if not needs_second:
            record.covers(page.shown, "B")
    return int(answer.status_code)


def agrees_to_a_review(world: World, who: Person) -> None:
    review, made = who.record.review, ReviewDecision.objects.waiting().get(lead=who.lead)
    assert review
    other = next(one for one in CLINICIANS if one != review.by)
    form = opened(world.desk(other), f"{who.desk}panels/clinical-review/", field="seen")
    assert world.desk(other).post(f"{who.desk}decide/{made.pk}/", form).status_code == 302
    made.refresh_from_db()
    assert made.is_in_force
    who.record.review = None
    who.record.covers(review.signs, "B")


def a_sign_comes_while_somebody_decides(world: World, who: Person) -> None:
    """A form is opened, the patient tells another sign, and then the form is sent: it is refused, and the sign is
    looked at."""
    kind = world.chance.choice(["decide", "outcome"])
    page = _opened(world, who, kind)
    tells_a_new_sign(world, who)
    if page.shown == who.record.signs:
        return
    if kind == "decide":
        assert _decides(world, who, page) == 409
    else:
        counts = {who.record.rules(world.clock.now)[0], who.record.without_hold(world.clock.now)}
        outcome = world.chance.choice([one for one in OUTCOMES if one not in counts])
        told = {"outcome": outcome, "reason": "Not any more."}
        answer = world.desk(page.by).post(page.address, page.form | told)
        assert answer.status_code == 409, answer.status_code


def a_sign_comes_after_a_decision(world: World, who: Person) -> None:
    """One that the decision did not know: it is looked at, nothing milder counts then, and more haste still does."""
    if world.chance.random() < 0.5:
        _decides(world, who, _opened(world, who, "decide"))
    else:
        _sets(world, who, _opened(world, who, "outcome"), world.chance.choice([*MILDER, *HASTIER]))
    tells_a_new_sign(world, who)


def an_emergency_comes_again_after_decisions(world: World, who: Person) -> None:
    """Two people have lowered what it made urgent, one lifts the hold; told again and lifted by one, it is urgent."""
    sign = world.chance.choice(["A2", "unsure_A2", "A5"])
    tells_an_emergency(world, who, sign)
    _sets(world, who, _opened(world, who, "outcome"), world.chance.choice(MILDER))
    if who.record.waiting and world.chance.random() < 0.7:
        approves_a_decision(world, who)
    _lifts(world, who, _opened(world, who, "clear-hold"))
    tells_an_emergency(world, who, sign)
    _lifts(world, who, _opened(world, who, "clear-hold"))


def lifts_the_hold(world: World, who: Person) -> None:
    _lifts(world, who, _taken_up(world, who, "clear-hold"))


def _lifts(world: World, who: Person, page: OpenPage) -> None:
    if who.record.alert:
        takes_the_alert(world, who)
    answer = world.desk(page.by).post(page.address, page.form | {"note": f"Seen {who.record.mark}."})
    assert answer.status_code in {302, 409, 422}
    assert answer.status_code == 409 or page.shown == who.record.signs
    if answer.status_code == 302:
        who.record.held = False
        who.record.covers(page.shown, "A")
        who.record.settles(world.clock.now)


def decides_against_the_rules(world: World, who: Person) -> None:
    _sets(world, who, _taken_up(world, who, "outcome"), world.chance.choice([*OUTCOMES, *MILDER]))


def takes_a_decision_back(world: World, who: Person) -> None:
    """By deciding what the rules say, with a reason."""
    _sets(world, who, _opened(world, who, "outcome"), who.record.rules(world.clock.now)[0])


def _sets(world: World, who: Person, page: OpenPage, outcome: str) -> None:
    """Refused where it is out of date, or says what counts already."""
    record, reason = who.record, f"Knows {who.record.mark}, word {world.chance.randrange(10**6)}."
    answer = world.desk(page.by).post(page.address, page.form | {"outcome": outcome, "reason": reason})
    rules_said, rule = record.rules(world.clock.now)
    if answer.status_code != 302:
        says_so = outcome == record.without_hold(world.clock.now) and not record.waiting
        assert answer.status_code == 409 or says_so, answer.status_code
        return
    assert page.shown == record.signs
    made = Decided(outcome, rule, rules_said, frozenset(record.signs), page.by, reason)
    raised = record.counting if record.counting and record.counting.raises else None
    lowers_urgent = rules_said == "URGENT" != outcome
    made.waits = lowers_urgent or bool(raised and urgency(outcome) < urgency(raised.outcome))
    record.waiting = made if made.waits else None
    if not made.waits:
        record.counting = None if outcome == rules_said else made
    record.settles(world.clock.now)


def approves_a_decision(world: World, who: Person) -> None:
    decided, made = who.record.waiting, Override.objects.waiting().get(assessment__lead=who.lead)
    assert decided
    other = next(one for one in CLINICIANS if one != decided.by)
    panel = world.desk(other).get(f"{who.desk}change/").content.decode()
    shown = re.search(rf'outcome/{made.pk}/".*?name="seen" value="(\d+)"', panel, re.DOTALL)
    assert shown
    assert world.desk(other).post(f"{who.desk}outcome/{made.pk}/", {"seen": shown[1]}).status_code == 302
    made.refresh_from_db()
    assert made.is_in_force
    takes_back = decided.outcome == decided.rules_said
    who.record.waiting, decided.waits = None, False
    who.record.counting = None if takes_back else decided
    who.record.settles(world.clock.now)


def _stands(who: Person) -> object:
    return who.record.counting or who.record.waiting


def _to_take_back(who: Person) -> int:
    """Likelier what was raised: only two people lower it."""
    is_raised = who.record.counting is not None and who.record.counting.raises
    return 6 if is_raised else 2 if _stands(who) else 0


KINDS_OF_STEPS = [
    Kind(opens_a_decision, always(1)),
    Kind(decides_a_review, when(lambda who: who.record.asked and not who.record.review, 5, 1)),
    Kind(agrees_to_a_review, when(lambda who: who.record.review, 5)),
    Kind(a_sign_comes_while_somebody_decides, when(lambda who: not who.record.held, 2)),
    Kind(a_sign_comes_after_a_decision, when(lambda who: not who.record.held, 3)),
    Kind(an_emergency_comes_again_after_decisions, always(1)),
    Kind(lifts_the_hold, when(lambda who: who.record.held, 6)),
    Kind(decides_against_the_rules, when(_stands, 1, 3)),
    Kind(takes_a_decision_back, _to_take_back),
    Kind(approves_a_decision, when(lambda who: who.record.waiting, 5)),
]
