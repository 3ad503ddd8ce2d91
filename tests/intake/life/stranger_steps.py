"""What comes from somebody whom nobody has proven, from a page that is over, and from a browser that is open for
somebody else by now."""

from datetime import timedelta
from typing import Any

from django.test import Client

from crm.models import PatientSession
from intake.models import UnprovenRequest
from tests.factories import step_one
from tests.intake.life import checks
from tests.intake.life.model import Page, Report, heard
from tests.intake.life.patient_steps import A_TICKS, B_TICKS
from tests.intake.life.people import Person, World, answers_of, opened, opens_for
from tests.lives import Kind, always

OF_ANOTHER = "This page belonged to another person"


def somebody_types_the_name(world: World, who: Person) -> None:
    first = world.chance.choice([*A_TICKS, ["none"], ["none"], ["none"]])
    changes: dict[str, Any] = {"safety_check": first, "safety_check_b": world.chance.choice(B_TICKS)}
    changes |= {"pain_now_avg": str(world.chance.randrange(11))}
    lead, known = who.lead, _requests()
    typed = {"first_name": lead.first_name, "last_name": lead.last_name, "email": lead.email, "phone": None}
    answer = Client().post("/candidate/", step_one(**(typed | changes | {"preferred_contact": "email"})))
    assert answer.status_code == 302
    world.worker_comes_by()
    [made] = UnprovenRequest.objects.exclude(pk__in=known)
    assert made.lead_id == lead.pk
    who.record.reports.append(Report([], str(made.pk), is_request=True))
    _is_reported(who, Page(world.clock.now, answers_of(changes)), str(made.pk))


def a_page_is_over(world: World, who: Person) -> None:
    """The re-check with a sign, from a page that was left alone for too long."""
    first, second = world.chance.choice([["A1"], ["none"]]), world.chance.choice([["B2"], ["none"]])
    told: dict[str, Any] = {"safety_check": first, "safety_check_b": second}
    told |= {"pain_now_avg": "9", "pain_enjoyment": "8", "pain_activity": "8"}
    browser, address = Client(), "/my/questions/recheck/"
    opens_for(browser, who, now=world.clock.now)
    form, known = opened(browser, address, field="new_treatments"), _requests()
    PatientSession.objects.filter(lead=who.lead).update(seen_at=world.clock.now - timedelta(hours=1))
    who.proven_at = world.clock.now - timedelta(days=1)  # they have to show anew who they are
    browser.post(address, form | told | {"new_treatments": "no"})
    made = list(UnprovenRequest.objects.exclude(pk__in=known))
    assert len(made) == (first != ["none"] or second != ["none"])
    if made:
        _is_reported(who, Page(world.clock.now, told), str(made[0].pk))


def the_browser_has_changed(world: World, who: Person) -> None:
    """A page of theirs is sent when their browser is open for somebody else: nothing is stored, and nothing typed or
    named is shown. A warning sign on it is reported about whose page it was."""
    other, browser, address = world.others(who)[0], Client(), "/my/questions/pain/"
    opens_for(browser, who, now=world.clock.now)
    form = opened(browser, address, field="submission_id")
    opens_for(browser, other, now=world.clock.now)
    told: dict[str, Any] = {"safety_check": world.chance.choice([["A5"], ["none"], ["none"]])}
    told |= {"goals": f"Words of {who.record.mark}", "limb_numbness": world.chance.choice(["same", "no"])}
    before, known = checks.all_of(other), _requests()
    answer = browser.post(address, form | told)
    assert checks.all_of(other) == before
    shown = answer.content.decode()
    assert who.record.mark not in shown
    assert who.lead.email not in shown
    assert other.record.mark not in shown
    assert answer.status_code == 409 or (told["safety_check"] != ["none"] and "/emergency/" in answer["Location"])
    # What the page showed already is told by nobody anew.
    page = Page(world.clock.now, {name: value for name, value in told.items() if form.get(name) != [value]})
    if not heard([page]).signs:
        assert _requests() == known
        assert OF_ANOTHER in shown
        return
    [waiting] = UnprovenRequest.objects.filter(lead=who.lead, state="waiting", pk__in=_requests() - known) or [None]
    key = str(waiting.pk) if waiting else next(one.key for one in who.record.reports if one.from_elsewhere)
    _is_reported(who, page, key, from_elsewhere=True)


def _requests() -> set[Any]:
    return set(UnprovenRequest.objects.values_list("pk", flat=True))


def _is_reported(who: Person, page: Page, key: str, *, from_elsewhere: bool = False) -> None:
    """What comes from nobody's own browser is one report until somebody looks."""
    there = next((one for one in who.record.reports if one.key == key), None)
    if there is None:
        who.record.reports.append(Report([page], key, from_elsewhere))
    else:
        there.pages.append(page)
    if any("A" in sign for sign in heard([page]).signs):
        who.record.alert = True


KINDS_OF_STEPS = [
    Kind(somebody_types_the_name, always(1)),
    Kind(a_page_is_over, always(1)),
    Kind(the_browser_has_changed, always(1)),
]
STEPS = {kind.step for kind in KINDS_OF_STEPS}
