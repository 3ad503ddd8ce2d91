"""What staff enter and correct on the page of a lead, and what they make of reports."""

from datetime import timedelta

from crm.enums.treatments import Documentation
from crm.models import Measurement
from tests.intake.life.model import Score, beyond
from tests.intake.life.people import Person, World, opened
from tests.intake.life.treated import Treated
from tests.intake.life.treatment_steps import KINDS, row_of
from tests.lives import Kind, always, when


def staff_add_from_the_records(world: World, who: Person) -> None:
    """A treatment out of the records, compared and verified."""
    kind = world.chance.choice([one for one in KINDS if one not in who.record.treatments])
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


def at_the_desk(who: Person) -> list[Treated]:
    return [one for one in who.record.treatments.values() if one.status != "declined" and not one.disputed]


def staff_correct_sessions(world: World, who: Person) -> None:
    """What was verified has to be verified again then."""
    one, number = world.chance.choice(at_the_desk(who)), world.chance.choice([3, 5, 9])
    desk, address = world.desk("coordinator"), f"{who.desk}treatments/{row_of(who, one.kind).pk}/"
    form = opened(desk, address, field="kind")
    assert desk.post(address, form | {"sessions": str(number)}).status_code == 302
    if one.sessions != number:
        one.sessions, one.verified, one.told_since = number, False, False
    who.record.settles(world.clock.now)


def disputed(who: Person) -> list[Treated]:
    return [one for one in who.record.treatments.values() if one.disputed]


def staff_settle_a_contradiction(world: World, who: Person) -> None:
    """They keep what is verified, or take over what the patient says."""
    one, takes_over = world.chance.choice(disputed(who)), world.chance.random() < 0.5
    row = row_of(who, one.kind)
    told = {"settle": "accept" if takes_over else "keep"}
    told["seen"] = row.disputed_at.isoformat() if row.disputed_at else ""
    assert world.desk("coordinator").post(f"{who.desk}treatments/{row.pk}/settle/", told).status_code == 302
    if takes_over:
        one.verified = False
        one.sessions = one.disputed if isinstance(one.disputed, int) else one.sessions
        one.status = "declined" if one.disputed == "never" else one.status
    one.disputed = ""
    who.record.settles(world.clock.now)


# --- Scores -----------------------------------------------------------------------------------------------------------
def staff_record_a_score(world: World, who: Person) -> None:
    """Of today, or of some days ago."""
    score = Score(world.clock.today - timedelta(days=world.chance.choice([0, 0, 2])), world.chance.randrange(25))
    _writes(world, f"{who.desk}scores/add/", score)
    of_that_day = [one for one in who.record.scores if one.day == score.day]
    if score not in of_that_day[-1:]:  # the very same once more is on record once
        who.record.scores.append(score)
    who.record.settles(world.clock.now)


def staff_correct_a_score(world: World, who: Person) -> None:
    """Its value or its day."""
    number = world.chance.randrange(len(who.record.scores))
    score = who.record.scores[number]
    rows = Measurement.objects.filter(lead=who.lead, kind="rmdq").order_by("entry")
    corrected = Score(score.day - timedelta(days=world.chance.choice([0, 0, 1])), world.chance.randrange(25))
    _writes(world, f"{who.desk}scores/{rows[number].pk}/", corrected)
    who.record.scores[number] = corrected
    who.record.settles(world.clock.now)


def _writes(world: World, address: str, score: Score) -> None:
    desk = world.desk("coordinator")
    form = opened(desk, address, field="value")
    answer = desk.post(address, form | {"kind": "rmdq", "value": str(score.value), "at": score.day.isoformat()})
    assert answer.status_code == 302, answer.content.decode()


# --- Reports ----------------------------------------------------------------------------------------------------------
def somebody_looks_at_a_report(world: World, who: Person) -> None:
    """A clinician asks the person: it was them, or it was not."""
    record = who.record
    report = record.reports.pop(world.chance.randrange(len(record.reports)))
    theirs = world.chance.random() < 0.6
    desk, address = world.desk("clinician"), f"{who.desk}in-this-name/{report.key}/"
    form = opened(desk, address, field="seen")
    decision = "theirs" if theirs else "not-theirs"
    form |= {"decision": decision, "note": f"Asked {record.mark}.", "address": "on-record"}
    assert desk.post(address, form).status_code == 302
    if not theirs:
        return
    record.pages += report.pages
    if report.is_request:  # its box for mails was left empty
        record.choices.append((report.pages[0].at, False))
    record.held = record.held or any("A" in one for one in report.signs)
    taken_back = beyond(report.signs, record.signs)
    record.asked = record.asked or any("B" in one for one in taken_back)
    record.settles(world.clock.now)


def takes_the_alert(world: World, who: Person) -> None:
    """With all the reports that the page shows."""
    desk = world.desk("clinician")
    form = opened(desk, f"{who.desk}change/", field="reports")
    assert desk.post(f"{who.desk}alert/", form).status_code == 302
    who.record.alert = False


KINDS_OF_STEPS = [
    Kind(staff_add_from_the_records, when(lambda who: set(KINDS) - set(who.record.treatments), 3)),
    Kind(staff_correct_sessions, when(at_the_desk, 1)),
    Kind(staff_settle_a_contradiction, when(disputed, 2)),
    Kind(staff_record_a_score, always(1)),
    Kind(staff_correct_a_score, when(lambda who: who.record.scores, 2)),
    Kind(somebody_looks_at_a_report, when(lambda who: who.record.reports, 4)),
    Kind(takes_the_alert, when(lambda who: who.record.alert, 1)),
]
