"""What a patient does in a life, and whoever says to be one. Each step goes through a page of the product, tells the
model what its reader knows, and is named by what somebody does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.test import Client

from crm.models import PatientSession, Treatment
from intake.models import UnprovenRequest
from tests.factories import step_one
from tests.intake.life.model import Page, Report, Treated, said
from tests.intake.life.people import OpenPage, Person, World, answers_of, opened

type Step = Callable[[World, Person], None]
A_TICKS = [["A1"], ["A5"], ["unsure_A2"], ["none"], ["none"], ["none"]]
B_TICKS = [["none"], ["none"], ["B1"], ["B2", "B5"], ["unsure_B2"], ["unsure_B2", "unsure_B5"], ["B5"], ["B7"]]
KINDS = ["pt_supervised", "hep_prescribed", "med_nsaid_rx", "chiropractic", "massage", "tens"]
INSURERS = [("commercial", "Northfield Health"), ("medicare", ""), ("self_pay", ""), ("commercial", "Lakeshore Mutual")]
RELIEF = {"0": 0, "25": 25, "50": 50, "75": 75, "100": 100, "unsure": None}
NO_SESSIONS = ("med_", "tens")


# --- The patient ------------------------------------------------------------------------------------------------------
def answers_again(world: World, who: Person) -> None:
    """The re-check, with or without a warning sign."""
    first, second = world.chance.choice(A_TICKS), world.chance.choice(B_TICKS)
    numbers = {name: str(world.chance.randrange(11)) for name in ("pain_now_avg", "pain_enjoyment", "pain_activity")}
    told: dict[str, Any] = {"safety_check": first, "safety_check_b": second} | numbers
    sends(world.comes_back(who), "/my/questions/recheck/", told | {"new_treatments": "no"}, field="new_treatments")
    tells(world, who, told, alarm=first != ["none"])


def sends(browser: Client, address: str, told: dict[str, Any], *, field: str) -> None:
    """Opens a page, changes some of its answers, and sends it."""
    answer = browser.post(address, opened(browser, address, field=field) | told)
    assert answer.status_code == 302, answer.content.decode()


def tells(world: World, who: Person, told: dict[str, Any], *, alarm: bool = False) -> None:
    record = who.record
    record.pages.append(Page(world.clock.now, told))
    if alarm:
        record.held = record.alert = True
    record.settles(world.clock.now)


def names_an_insurer(world: World, who: Person) -> None:
    plan, name = world.chance.choice(INSURERS)
    told = {"plan_type": plan, "payer_name": f"{name} {who.record.mark}" if name else ""}
    sends(world.comes_back(who), "/my/questions/insurance/", told, field="plan_type")
    tells(world, who, told)


def ticks_treatments(world: World, who: Person) -> None:
    kinds = world.chance.sample(KINDS, world.chance.choice([1, 2, 3]))
    sends(world.comes_back(who), "/my/treatments/", {"kinds": kinds}, field="kinds")
    for kind in kinds:
        there = who.record.treatments.get(kind)
        if there is None or there.status == "declined":
            who.record.treatments[kind] = Treated(kind)
    who.record.settles(world.clock.now)


def row_of(who: Person, kind: str) -> Treatment:
    return Treatment.objects.filter(lead=who.lead, kind=kind).latest("created_at", "pk")


def address_of(who: Person, one: Treated) -> str:
    return f"/my/treatments/{row_of(who, one.kind).pk}/"


def one_treatment(world: World, who: Person, *, verified: bool | None = None) -> Treated | None:
    """Any that the patient's page shows."""
    found = [
        one
        for one in who.record.treatments.values()
        if one.status != "declined" and not one.disputed and verified in (None, one.verified)
    ]
    return world.chance.choice(found) if found else None


def tells_of_a_treatment(world: World, who: Person) -> None:
    """Begin, end and relief of one that nobody has verified."""
    one = one_treatment(world, who, verified=False)
    if one is None:
        return
    told = _story(world, one)
    sends(world.comes_back(who), address_of(who, one), told, field="start")
    _follows(one, told)
    who.record.settles(world.clock.now)


def _story(world: World, one: Treated) -> dict[str, Any]:
    began = world.clock.today - timedelta(days=world.chance.choice([10, 45, 100, 250, 400]))
    day = f"{began:%m/%d/%Y}" if world.chance.random() < 0.5 else f"{began:%m/%Y}"
    told: dict[str, Any] = {"start": day, "relief": world.chance.choice(list(RELIEF))}
    told["lasted"] = world.chance.choice(["still", "0", "14", "84", "180", "unsure"])
    if world.chance.random() < 0.5:
        told |= {"going_on": "yes", "end": "", "ended_because": ""}
    else:
        ended = began + (world.clock.today - began) * world.chance.random()
        because = world.chance.choice(["completed", "stopped_no_benefit", "stopped_side_effects"])
        told |= {"going_on": "no", "end": f"{ended:%m/%d/%Y}", "ended_because": because}
        if said(told["start"])[1] == "month":
            told["end"] = f"{ended:%m/%Y}"
    if not one.kind.startswith(NO_SESSIONS):
        told["sessions"] = str(world.chance.choice([2, 6, 12]))
    return told


def _follows(one: Treated, told: dict[str, Any]) -> None:
    if "going_on" in told:
        one.status = "ongoing" if told["going_on"] == "yes" else told["ended_because"] or "completed"
        one.start, one.end = told["start"], told["end"]
    if "relief" in told:
        one.relief = RELIEF[told["relief"]]
    if "lasted" in told:
        one.still = told["lasted"] == "still"
        one.lasted = int(told["lasted"]) if told["lasted"].isdecimal() else None
    if "sessions" in told:
        one.sessions = int(told["sessions"])


def _page_of(browser: Client, who: Person, one: Treated) -> OpenPage:
    address = address_of(who, one)
    return OpenPage(address, opened(browser, address, field="start"), None, "patient")


def has_not_had_it(world: World, who: Person) -> None:
    """It was ticked by mistake; of a verified one that is a contradiction, and stands beside it."""
    one = one_treatment(world, who)
    if one is None:
        return
    sends(world.comes_back(who), address_of(who, one), {"not_tried": "1", "sure": "1"}, field="start")
    if one.verified:
        one.disputed = True
    else:
        one.status = "declined"
    who.record.settles(world.clock.now)


def contradicts_the_records(world: World, who: Person) -> None:
    """Another number of sessions than the records say."""
    one = one_treatment(world, who, verified=True)
    if one is None or one.kind.startswith(NO_SESSIONS):
        return
    number = (one.sessions or 0) + 7
    sends(world.comes_back(who), address_of(who, one), {"sessions": str(number)}, field="start")
    if one.sessions is None:  # nothing was verified of it: news
        one.sessions = number
    else:
        one.disputed = True
    who.record.settles(world.clock.now)


def leaves_a_page_open(world: World, who: Person) -> None:
    one = one_treatment(world, who, verified=False)
    if one and one.status and not one.kind.startswith(NO_SESSIONS):
        page = _page_of(world.comes_back(who), who, one)
        page.shown = (one, one.sessions)
        who.keeps_open("treatment", page)


def sends_an_older_page(world: World, who: Person) -> None:
    """One that was left open: what it changes is refused where somebody has changed it meanwhile."""
    page = who.takes_up("treatment", world.chance)
    if page is None:
        return
    one: Treated = page.shown[0]
    shown: int | None = page.shown[1]
    if one.verified or one.disputed or one.status == "declined" or one is not who.record.treatments.get(one.kind):
        return
    answer = world.comes_back(who).post(page.address, page.form | {"sessions": "33"})
    is_older = one.sessions not in (shown, 33)
    assert answer.status_code == (422 if is_older else 302)
    if not is_older:
        one.sessions = 33
    who.record.settles(world.clock.now)


def saves_without_a_change(world: World, who: Person) -> None:
    """The patient's page and the desk's, opened and sent as they are."""
    one = one_treatment(world, who)
    if one is None:
        return
    row, browser = row_of(who, one.kind), world.comes_back(who)
    before = _bytes_of(row)
    page = _page_of(browser, who, one)
    assert browser.post(page.address, page.form).status_code == 302
    desk, address = world.desk("coordinator"), f"{who.desk}treatments/{row.pk}/"
    form = opened(desk, address, field="kind")
    assert desk.post(address, form).status_code == 302
    assert _bytes_of(row) == before


def _bytes_of(row: Treatment) -> Any:
    return Treatment.objects.filter(pk=row.pk).values().get()


# --- Somebody whom nobody has proven ----------------------------------------------------------------------------------
def somebody_types_the_name(world: World, who: Person) -> None:
    first, second = world.chance.choice(A_TICKS), world.chance.choice(B_TICKS)
    lead, known = who.lead, set(UnprovenRequest.objects.values_list("pk", flat=True))
    changes = {"safety_check": first, "safety_check_b": second, "pain_now_avg": str(world.chance.randrange(11))}
    typed = {"first_name": lead.first_name, "last_name": lead.last_name, "email": lead.email, "phone": None}
    answer = Client().post("/candidate/", step_one(**(typed | changes | {"preferred_contact": "email"})))
    assert answer.status_code == 302
    world.worker_comes_by()
    [made] = UnprovenRequest.objects.exclude(pk__in=known)
    assert made.lead_id == lead.pk
    who.record.reports.append(Report(Page(world.clock.now, answers_of(changes)), str(made.pk)))
    who.record.alert = who.record.alert or first != ["none"]


def a_page_is_over(world: World, who: Person) -> None:
    """The re-check with a sign, from a page that was left alone for too long."""
    first, second = world.chance.choice([["A1"], ["none"]]), world.chance.choice([["B2"], ["none"]])
    told: dict[str, Any] = {"safety_check": first, "safety_check_b": second}
    told |= {"pain_now_avg": "9", "pain_enjoyment": "8", "pain_activity": "8"}
    browser, address = world.comes_back(who), "/my/questions/recheck/"
    form = opened(browser, address, field="new_treatments")
    PatientSession.objects.filter(lead=who.lead).update(seen_at=world.clock.now - timedelta(hours=1))
    known = set(UnprovenRequest.objects.values_list("pk", flat=True))
    browser.post(address, form | told | {"new_treatments": "no"})
    made = list(UnprovenRequest.objects.exclude(pk__in=known))
    assert len(made) == (first != ["none"] or second != ["none"])
    if made:
        who.record.reports.append(Report(Page(world.clock.now, told), str(made[0].pk)))
        who.record.alert = who.record.alert or first != ["none"]


STEPS: list[Step] = [
    *(answers_again, answers_again, names_an_insurer, ticks_treatments),
    *(tells_of_a_treatment, tells_of_a_treatment, has_not_had_it, contradicts_the_records),
    *(leaves_a_page_open, sends_an_older_page, saves_without_a_change, saves_without_a_change),
    *(somebody_types_the_name, a_page_is_over),
]
