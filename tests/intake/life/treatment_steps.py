"""What a patient tells of treatments: ticks, details, contradictions of what staff have verified, and older pages."""

from datetime import timedelta
from typing import Any

from django.test import Client

from crm.models import Treatment
from tests.intake.life import checks
from tests.intake.life.model import Page, heard
from tests.intake.life.people import OpenPage, Person, World, opened, sends
from tests.intake.life.treated import Treated, said
from tests.lives import Kind, when

KINDS = ["pt_supervised", "hep_prescribed", "med_nsaid_rx", "chiropractic", "massage", "tens"]
INJECTION = "esi_unknown"
RELIEF = {"0": 0, "25": 25, "50": 50, "75": 75, "100": 100, "unsure": None}
NO_SESSIONS = ("med_", "tens", "esi_")
SINCE = [["fever"], ["worse_pain"], ["fever", "worse_pain"], ["infection"], ["none"], ["none"], []]


def ticks_treatments(world: World, who: Person) -> None:
    kinds = world.chance.sample(KINDS, world.chance.choice([1, 2, 3]))
    if INJECTION not in who.record.treatments and world.chance.random() < 0.3:
        kinds.append(INJECTION)
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


def shown_to(who: Person, *, verified: bool | None = None) -> list[Treated]:
    """Those that the patient's page shows."""
    return [
        one
        for one in who.record.treatments.values()
        if one.status != "declined" and not one.disputed and verified in (None, one.verified)
    ]


def counted_in_sessions(who: Person, *, verified: bool) -> list[Treated]:
    return [one for one in shown_to(who, verified=verified) if not one.kind.startswith(NO_SESSIONS)]


def tells_of_a_treatment(world: World, who: Person) -> None:
    """Begin, end and relief of one that nobody has verified; of an injection what came since, too."""
    one = world.chance.choice(shown_to(who, verified=False))
    told = _injected(world, who, one) if one.is_injection else _story(world, one)
    sends(world.comes_back(who), address_of(who, one), told, field="start")
    _follows(one, told)
    who.record.pages += [Page(world.clock.now, told, about=one.kind)] if one.is_injection else []
    if {"fever", "worse_pain"} <= set(told.get("since_then", [])):
        who.record.held = who.record.alert = True
    who.record.settles(world.clock.now)


def _injected(world: World, who: Person, one: Treated) -> dict[str, Any]:
    """Only what differs from what stands there: the rest is not told anew."""
    began = world.clock.today - timedelta(days=world.chance.choice([5, 40, 200]))
    told: dict[str, Any] = {"relief": world.chance.choice(list(RELIEF)), "since_then": world.chance.choice(SINCE)}
    told["side_effects"] = world.chance.choice([[], [], ["infection"], ["pain_flare"]])
    told |= {"start": f"{began:%m/%d/%Y}"} if world.chance.random() < 0.8 else {}
    stands = {"start": one.start} | heard(who.record.pages).injections.get(one.kind, {})
    return {name: answer for name, answer in told.items() if answer != stands.get(name, [])}


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
    one.shown = True
    if "going_on" in told:
        one.status = "ongoing" if told["going_on"] == "yes" else told["ended_because"] or "completed"
        one.end = told["end"]
    if "start" in told:
        one.start = told["start"]
        one.status = one.status or ("completed" if one.is_injection else "")
    if "relief" in told:
        one.relief = RELIEF[told["relief"]]
    if "lasted" in told:
        one.still = told["lasted"] == "still"
        one.lasted = int(told["lasted"]) if told["lasted"].isdecimal() else None
    if "sessions" in told:
        one.sessions = int(told["sessions"])


def page_of(browser: Client, who: Person, one: Treated) -> OpenPage:
    address = address_of(who, one)
    return OpenPage(address, opened(browser, address, field="start"), None, "patient")


def has_not_had_it(world: World, who: Person) -> None:
    """It was ticked by mistake; of a verified one that is a contradiction, and stands beside it."""
    one = world.chance.choice(shown_to(who))
    sends(world.comes_back(who), address_of(who, one), {"not_tried": "1", "sure": "1"}, field="start")
    if one.verified:
        one.disputed = "never"
    else:
        one.status = "declined"
        who.record.pages += [Page(world.clock.now, {}, about=one.kind, took_back=True)] if one.is_injection else []
    who.record.settles(world.clock.now)


def contradicts_the_records(world: World, who: Person) -> None:
    """Another number of sessions than the records say."""
    one = world.chance.choice(counted_in_sessions(who, verified=True))
    number = (one.sessions or 0) + 7
    sends(world.comes_back(who), address_of(who, one), {"sessions": str(number)}, field="start")
    one.shown = True
    if one.sessions is None or one.told_since:  # nothing was verified of it: news
        one.sessions, one.told_since = number, True
    else:
        one.disputed = number
    who.record.settles(world.clock.now)


def leaves_a_treatment_open(world: World, who: Person) -> None:
    one = world.chance.choice(counted_in_sessions(who, verified=False))
    page = page_of(world.comes_back(who), who, one)
    page.shown = (one, one.sessions)
    who.keeps_open("treatment", page)


def sends_an_older_treatment(world: World, who: Person) -> None:
    """One that was left open: what it changes is refused where somebody has changed it meanwhile."""
    page = who.takes_up("treatment", world.chance)
    assert page
    one: Treated = page.shown[0]
    shown: int | None = page.shown[1]
    if one.verified or one.disputed or one.status == "declined" or one is not who.record.treatments.get(one.kind):
        return
    answer = world.comes_back(who).post(page.address, page.form | {"sessions": "33"})
    is_older = one.sessions not in (shown, 33)
    assert answer.status_code == (422 if is_older else 302)
    if not is_older:
        one.sessions, one.shown = 33, True
    who.record.settles(world.clock.now)


def saves_without_a_change(world: World, who: Person) -> None:
    """The patient's page and the desk's, opened and sent as they are: every byte stays. That a page was sent for the
    first time is noted beside the row."""
    one = world.chance.choice(shown_to(who))
    row, browser = row_of(who, one.kind), world.comes_back(who)
    before, whole = _bytes_of(row), checks.all_of(who)
    page = page_of(browser, who, one)
    assert browser.post(page.address, page.form).status_code == 302
    assert _bytes_of(row) == before
    assert not one.shown or checks.all_of(who) == whole
    if one.is_injection and not one.shown:  # nobody knows when it was
        who.record.pages.append(Page(world.clock.now, {}, about=one.kind))
        who.record.settles(world.clock.now)
    whole, one.shown = checks.all_of(who), True
    desk, address = world.desk("coordinator"), f"{who.desk}treatments/{row.pk}/"
    assert desk.post(address, opened(desk, address, field="kind")).status_code == 302
    assert checks.all_of(who) == whole


def _bytes_of(row: Treatment) -> Any:
    return Treatment.objects.filter(pk=row.pk).values().get()


KINDS_OF_STEPS = [
    Kind(ticks_treatments, when(lambda who: len(who.record.treatments) < 4, 3, 1)),
    Kind(tells_of_a_treatment, when(lambda who: shown_to(who, verified=False), 4)),
    Kind(has_not_had_it, when(shown_to, 1)),
    Kind(contradicts_the_records, when(lambda who: counted_in_sessions(who, verified=True), 4)),
    Kind(leaves_a_treatment_open, when(lambda who: counted_in_sessions(who, verified=False), 1)),
    Kind(sends_an_older_treatment, when(lambda who: who.open_pages.get("treatment"), 5)),
    Kind(saves_without_a_change, when(shown_to, 3)),
]
