"""What can happen in a life: what the patient does (tests/intake/life/patient_steps.py), and here what staff do and
that time passes."""

import re
from datetime import timedelta

from crm.models import ReviewDecision
from crm.treatment_enums import Documentation
from intake.models import Override
from tests.intake.life import patient_steps
from tests.intake.life.model import Decided, Reviewed, Treated, urgency
from tests.intake.life.patient_steps import KINDS, Step, one_treatment, row_of
from tests.intake.life.people import OpenPage, Person, World, opened

OUTCOMES = ["URGENT", "PROMPT_REVIEW", "CONTINUE_CONSERVATIVE", "CONSULT_LIKELY", "MORE_INFO", "OUT_OF_SCOPE"]
CLINICIANS = ["clinician", "second"]


# --- The desk ---------------------------------------------------------------------------------------------------------
def staff_add_from_the_records(world: World, who: Person) -> None:
    """A treatment out of the records, compared and verified."""
    kind = world.chance.choice([one for one in KINDS if one not in who.record.treatments] or [""])
    if not kind:
        return
    began = world.clock.today - timedelta(days=world.chance.choice([60, 120, 300]))
    goes_on = world.chance.random() < 0.3
    one = Treated(kind, "ongoing" if goes_on else "completed", f"{began:%m/%d/%Y}", verified=True)
    one.end = "" if goes_on else f"{began + timedelta(days=45):%m/%d/%Y}"
    one.sessions, one.relief, one.lasted = world.chance.choice([None, 8]), world.chance.choice([None, 40, 49]), 45
    desk, address = world.desk("coordinator"), f"{who.desk}treatments/add/"
    form = opened(desk, address, field="kind")
    form |= {"kind": kind, "status": one.status, "start": one.start, "end": one.end, "relief_duration_days": "45 days"}
    form |= {"sessions": one.sessions or "", "relief_percent": "" if one.relief is None else one.relief}
    form |= {"documentation": Documentation.VERIFIED, "source": "medical_record", "facility": who.record.mark}
    assert desk.post(address, form).status_code == 302
    who.record.treatments[kind] = one
    who.record.settles(world.clock.now)


def staff_correct_sessions(world: World, who: Person) -> None:
    """What was verified has to be verified again then."""
    one = one_treatment(world, who)
    if one is None:
        return
    number = world.chance.choice([3, 5, 9])
    desk, address = world.desk("coordinator"), f"{who.desk}treatments/{row_of(who, one.kind).pk}/"
    form = opened(desk, address, field="kind")
    assert desk.post(address, form | {"sessions": str(number)}).status_code == 302
    if one.sessions != number:
        one.sessions, one.verified = number, False
    who.record.settles(world.clock.now)


def staff_keep_what_is_verified(world: World, who: Person) -> None:
    found = [one for one in who.record.treatments.values() if one.disputed]
    if not found:
        return
    one = world.chance.choice(found)
    row = row_of(who, one.kind)
    told = {"settle": "keep", "seen": row.disputed_at.isoformat() if row.disputed_at else ""}
    assert world.desk("coordinator").post(f"{who.desk}treatments/{row.pk}/settle/", told).status_code == 302
    one.disputed = False


def staff_record_a_score(world: World, who: Person) -> None:
    value, day = world.chance.randrange(25), world.clock.today
    told = {"kind": "rmdq", "value": str(value), "at": day.isoformat()}
    desk, address = world.desk("coordinator"), f"{who.desk}scores/add/"
    form = opened(desk, address, field="value")
    answer = desk.post(address, form | told)
    assert answer.status_code == 302, answer.content.decode()
    who.record.score = value
    who.record.settles(world.clock.now)


def somebody_looks_at_a_report(world: World, who: Person) -> None:
    """A clinician asks the person: it was them, or it was not."""
    if not who.record.reports:
        return
    report = who.record.reports.pop(world.chance.randrange(len(who.record.reports)))
    theirs = world.chance.random() < 0.6
    desk, address = world.desk("clinician"), f"{who.desk}in-this-name/{report.key}/"
    form = opened(desk, address, field="seen")
    form |= {
        "decision": "theirs" if theirs else "not-theirs",
        "note": f"Asked {who.record.mark}.",
        "address": "on-record",
    }
    assert desk.post(address, form).status_code == 302
    if not theirs:
        return
    who.record.pages.append(report.page)
    who.record.held = who.record.held or any("A" in one for one in report.signs)
    who.record.settles(world.clock.now)


def takes_the_alert(world: World, who: Person) -> None:
    world.desk("clinician").post(f"{who.desk}alert/")
    who.record.alert = False


# --- Decisions --------------------------------------------------------------------------------------------------------
def opens_a_decision(world: World, who: Person) -> None:
    """A form of a decision, to be sent now or much later."""
    kind, by = world.chance.choice(["decide", "outcome", "clear-hold"]), world.chance.choice(CLINICIANS)
    address = f"{who.desk}{kind}/"
    form = opened(world.desk(by), address, field="seen")
    who.keeps_open(kind, OpenPage(address, form, frozenset(who.record.signs), by))


def _taken_up(world: World, who: Person, kind: str) -> OpenPage:
    page = who.takes_up(kind, world.chance) if world.chance.random() < 0.5 else None
    if page:
        return page
    by, address = world.chance.choice(CLINICIANS), f"{who.desk}{kind}/"
    form = opened(world.desk(by), address, field="seen")
    return OpenPage(address, form, frozenset(who.record.signs), by)


def decides_a_review(world: World, who: Person) -> None:
    page, record = _taken_up(world, who, "decide"), who.record
    needs_second = record.outcome(world.clock.now) == "URGENT"
    told = {"decision": "continue_care", "reason": f"Examined {record.mark}."}
    answer = world.desk(page.by).post(page.address, page.form | told)
    assert answer.status_code in {302, 409}
    assert answer.status_code == 409 or page.shown == record.signs
    if answer.status_code == 302:
        record.review = Reviewed(page.shown, page.by) if needs_second else None
        if not needs_second:
            record.covers(page.shown, "B")


def agrees_to_a_review(world: World, who: Person) -> None:
    made = ReviewDecision.objects.waiting().filter(lead=who.lead).first()
    assert bool(made) == bool(who.record.review)
    if made is None or who.record.review is None:
        return
    other = next(one for one in CLINICIANS if one != who.record.review.by)
    form = opened(world.desk(other), f"{who.desk}panels/clinical-review/", field="seen")
    assert world.desk(other).post(f"{who.desk}decide/{made.pk}/", form).status_code == 302
    made.refresh_from_db()
    assert made.is_in_force
    who.record.covers(who.record.review.signs, "B")
    who.record.review = None


def lifts_the_hold(world: World, who: Person) -> None:
    if not who.record.held:
        return
    takes_the_alert(world, who)
    page = _taken_up(world, who, "clear-hold")
    answer = world.desk(page.by).post(page.address, page.form | {"note": f"Seen {who.record.mark}."})
    assert answer.status_code in {302, 409, 422}
    assert answer.status_code == 409 or page.shown == who.record.signs
    if answer.status_code == 302:
        who.record.held = False
        who.record.covers(page.shown, "A")
        who.record.settles(world.clock.now)


def decides_against_the_rules(world: World, who: Person) -> None:
    page, record = _taken_up(world, who, "outcome"), who.record
    outcome, (rules_said, rule) = world.chance.choice(OUTCOMES), record.rules(world.clock.now)
    reason = f"Knows {record.mark}."
    answer = world.desk(page.by).post(page.address, page.form | {"outcome": outcome, "reason": reason})
    if answer.status_code != 302:
        return
    assert page.shown == record.signs
    made = Decided(outcome, rule, rules_said, frozenset(record.signs), page.by, reason)
    raised = record.counting if record.counting and record.counting.raises else None
    lowers_urgent = rules_said == "URGENT" != outcome
    made.waits = lowers_urgent or bool(raised and urgency(outcome) < urgency(raised.outcome))
    record.waiting = None
    if made.waits:
        record.waiting = made
    else:
        record.counting = None if outcome == rules_said else made
    record.settles(world.clock.now)


def approves_a_decision(world: World, who: Person) -> None:
    made = Override.objects.waiting().filter(assessment__lead=who.lead).first()
    assert bool(made) == bool(who.record.waiting)
    if made is None or who.record.waiting is None:
        return
    decided, other = who.record.waiting, next(one for one in CLINICIANS if one != who.record.waiting.by)
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


# --- Time -------------------------------------------------------------------------------------------------------------
def days_pass(world: World, who: Person) -> None:
    """For everybody."""
    world.days_pass(world.chance.choice([1, 3, 14, 40, 100, 300]))
    for one in world.people:
        one.record.settles(world.clock.now)


STEPS: list[Step] = [
    *patient_steps.STEPS,
    *(somebody_looks_at_a_report, somebody_looks_at_a_report),
    *(staff_add_from_the_records, staff_add_from_the_records, staff_correct_sessions),
    *(staff_keep_what_is_verified, staff_record_a_score),
    *(opens_a_decision, opens_a_decision, decides_a_review, decides_a_review, agrees_to_a_review),
    *(lifts_the_hold, decides_against_the_rules, decides_against_the_rules, approves_a_decision),
    *(days_pass, days_pass, days_pass),
]
