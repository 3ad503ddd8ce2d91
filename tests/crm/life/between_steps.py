"""What happens while a mail is on its way from the queue to the mail server: a worker had it in hand and died, or the
server would not have it, and it waits. What it was judged by has changed when it is tried again."""

from collections.abc import Callable
from datetime import timedelta

from django.db.models import Min, QuerySet

from crm.enums.leads import MessageState
from crm.models import Message
from tests.crm.life import desk_steps, mail_steps, sequence_steps, visit_steps, wish_steps
from tests.crm.life.checks import every_mail_has_left_a_trace
from tests.crm.life.far_end import KILLED_BEFORE
from tests.crm.life.people import Person, World
from tests.lives import Kind, when

SHORTLY = timedelta(minutes=1)
TRIES = 4  # how often something may fall due that is no mail of theirs
_KNOWN = {
    kind.step: kind
    for module in (desk_steps, mail_steps, sequence_steps, visit_steps, wish_steps)
    for kind in module.KINDS_OF_STEPS
}


def the_next_mail_is_due(world: World, _who: Person) -> None:
    """Time passes until then, and not longer."""
    world.goes_on(world.next_due() - world.clock.now)


def _a_mail_is_caught(world: World, who: Person) -> None:
    """In a worker's hands, or by a server that is not there."""
    is_in_hand = world.chance.random() < 0.6
    for _ in range(TRIES):
        if is_in_hand:
            world.far.coming.appendleft(KILLED_BEFORE)
        world.far.is_down = not is_in_hand
        the_next_mail_is_due(world, who)
        world.far.is_down = False
        if who.has_mail_on_its_way():
            return
        world.far.coming.clear()


def in_between(step: Callable[[World, Person], None], weight: int) -> Kind[World, Person]:
    """The step at the worst moment that there is for it."""
    kind = _KNOWN[step]

    def happens(world: World, who: Person) -> None:
        _a_mail_is_caught(world, who)
        every_mail_has_left_a_trace(world, who)  # what was held back by then was judged by what was so by then
        if kind.likely(who):
            kind.step(world, who)

    happens.__name__ = f"{kind.name}_in_between"
    return Kind(happens, when(lambda who: kind.likely(who) and who.expects_mail(), weight))


def before_a_reminder(step: Callable[[World, Person], None], weight: int) -> Kind[World, Person]:
    """The step while a reminder is about to leave."""
    kind = _KNOWN[step]

    def happens(world: World, who: Person) -> None:
        due = _reminders(who).aggregate(at=Min("due_at"))["at"]
        world.goes_on(max(due - SHORTLY - world.clock.now, SHORTLY))
        if kind.likely(who):
            kind.step(world, who)

    happens.__name__ = f"{kind.name}_before_a_reminder"
    return Kind(happens, when(lambda who: kind.likely(who) and _reminders(who).exists(), weight))


def _reminders(who: Person) -> QuerySet[Message]:
    return Message.objects.filter(lead=who.lead, name="appointment_reminder", state=MessageState.QUEUED)


KINDS_OF_STEPS = [
    Kind(the_next_mail_is_due, when(lambda who: who.expects_mail(), 12)),
    in_between(sequence_steps.staff_pause_a_sequence, 3),
    in_between(sequence_steps.staff_stop_a_sequence, 1),
    in_between(sequence_steps.staff_publish_another_version, 3),
    in_between(mail_steps.replies, 1),
    in_between(wish_steps.stops_mails, 1),
    in_between(desk_steps.staff_correct_the_address, 2),
    in_between(desk_steps.staff_correct_the_zone, 1),
    in_between(desk_steps.staff_correct_the_language, 1),
    in_between(desk_steps.staff_close_the_request, 1),
    in_between(desk_steps.the_patient_tells_an_emergency, 2),
    in_between(visit_steps.the_desk_moves_a_visit, 1),
    in_between(visit_steps.the_patient_cancels, 1),
    before_a_reminder(desk_steps.the_patient_tells_an_emergency, 3),
    before_a_reminder(desk_steps.staff_correct_the_zone, 1),
    before_a_reminder(visit_steps.the_desk_moves_a_visit, 1),
    before_a_reminder(wish_steps.stops_mails, 1),
]
