"""Waiting for a time: an earlier one than what is booked, or, where none suits, any."""

from django.utils import timezone

from scheduling.enums import WaitState
from scheduling.models import Appointment, WaitlistEntry
from tests.crm.life.model import ANY_TIME
from tests.crm.life.people import Person, World, acts
from tests.crm.life.visit_steps import HOME, ahead, has_moved, is_booked, is_expected, made_of
from tests.lives import Kind, when
from tests.scheduling import browsing

KINDS = ["phone_consultation", "on_site_evaluation"]  # that patients book themselves


def the_patient_would_come_earlier(world: World, who: Person) -> None:
    made = made_of(world.chance.choice(ahead(who)))
    assert browsing.browser_of(who.lead).post(f"{HOME}{made.pk}/wait/").status_code == 302
    who.record.in_line.setdefault(made.kind.key, str(made.topic_id))


def the_patient_waits_for_any_time(world: World, who: Person) -> None:
    """Whoever may book that kind, and can be called where it is a call."""
    kind = world.kinds[world.chance.choice(KINDS)]
    answer = browsing.browser_of(who.lead).post(f"{HOME}book/{kind.key}/wait/")
    may = kind.may_be_booked_by(who.reads_again())
    assert answer.status_code == (302 if may else 404)
    if may and not (kind.mode == "phone" and not who.record.phone):
        who.record.in_line.setdefault(kind.key, ANY_TIME)


def the_patient_waits_no_longer(world: World, who: Person) -> None:
    key = world.chance.choice(sorted(who.record.in_line))
    browsing.browser_of(who.lead).post(f"{HOME}book/{key}/wait/", {"leave": "1"})
    if not WaitlistEntry.objects.filter(lead=who.lead, kind__key=key, state__in=["waiting", "offered"]).exists():
        who.record.in_line.pop(key)


def the_patient_takes_what_is_offered(world: World, who: Person) -> None:
    """In the place of a visit, or as the first."""
    entry = world.chance.choice(offers(who))
    known = {one.key for one in who.record.visits}
    browsing.browser_of(who.lead).post(f"{HOME}offer/{entry.pk}/", {"take": "1"})
    for made in Appointment.objects.filter(lead=who.lead, kind=entry.kind).select_related("kind"):
        if str(made.topic_id) not in known:
            is_booked(who, made)
    for visit in ahead(who):
        if has_moved(who, visit):
            who.record.in_line.pop(entry.kind.key, None)
    acts(who)


def the_patient_lets_an_offer_go(world: World, who: Person) -> None:
    entry = world.chance.choice(offers(who))
    assert browsing.browser_of(who.lead).post(f"{HOME}offer/{entry.pk}/").status_code == 302
    who.record.in_line.pop(entry.kind.key, None)


def offers(who: Person) -> list[WaitlistEntry]:
    return list(WaitlistEntry.objects.filter(lead=who.lead, state=WaitState.OFFERED).select_related("kind"))


def _may_wait(who: Person) -> bool:
    return not who.record.held and not is_expected(who) and not who.record.waits(timezone.now())


KINDS_OF_STEPS = [
    Kind(the_patient_would_come_earlier, when(ahead, 3)),
    Kind(the_patient_waits_for_any_time, when(_may_wait, 2)),
    Kind(the_patient_waits_no_longer, when(lambda who: who.record.in_line, 1)),
    Kind(the_patient_takes_what_is_offered, when(offers, 8)),
    Kind(the_patient_lets_an_offer_go, when(offers, 2)),
]
