"""What comes back by mail. Each step brings a mail as the mailbox would, and tells the model what its reader knows."""

from crm.inbound import arrivals
from crm.inbound.imap import MAILBOX
from crm.models import Enrollment, InboundMail
from scheduling.models import Appointment
from tests.crm.life import letters
from tests.crm.life.far_end import Handed
from tests.crm.life.model import mailbox
from tests.crm.life.people import Person, World, acts
from tests.lives import Kind, when

THEY_WROTE = "they wrote"


def _comes_in(world: World, raw: bytes) -> InboundMail:
    """Brought twice, it is one."""
    kept = arrivals.take_in(raw, came_by=MAILBOX, now=world.clock.now)
    assert isinstance(kept, InboundMail), kept
    assert arrivals.take_in(raw, came_by=MAILBOX, now=world.clock.now) is None
    return kept


def _any(world: World, who: Person) -> Handed:
    """The newest or an older one: to an address that is former by now, perhaps."""
    return world.chance.choice([who.mails[-1], world.chance.choice(who.mails)])


def replies(world: World, who: Person) -> None:
    """From the address that the mail went to, or from another one."""
    to = _any(world, who)
    sender = world.chance.choice([to.recipient, to.recipient, f"{who.name.lower()}@elsewhere.example.org"])
    kept = _comes_in(world, letters.reply(to, sender=sender, words="Please call me after noon."))
    assert kept.lead == who.lead, "a reply that found somebody else"
    they_wrote(who)
    who.record.proven.add(mailbox(sender))
    world.mailboxes[mailbox(sender)].works_again(world.clock.now)


def they_wrote(who: Person) -> None:
    """After that a person decides, whatever is under way or waits to go out."""
    for enrollment in Enrollment.objects.filter(lead=who.lead):
        who.record.held_back[str(enrollment.pk)] = THEY_WROTE
    who.record.unanswered = True
    acts(who)


def a_robot_replies(world: World, who: Person) -> None:
    """Nothing follows."""
    to = _any(world, who)
    before = who.reads_again().updated_at, Enrollment.objects.filter(lead=who.lead, state="paused").count()
    _comes_in(world, letters.reply(to, sender=to.recipient, words="I am away.", is_automatic=True))
    assert (who.reads_again().updated_at, Enrollment.objects.filter(lead=who.lead, state="paused").count()) == before


def their_calendar_answers(world: World, who: Person) -> None:
    """To the newest invitation, or to an older one, of a time that is another by now or called off."""
    to, said = world.chance.choice(invitations(who)), world.chance.choice(["ACCEPTED", "DECLINED"])
    kept = _comes_in(world, letters.calendar_answer(to, said=said))
    assert kept.lead == who.lead, "a calendar's answer that found somebody else"
    made = Appointment.objects.get(topic__messages__message_id=to.message_id)
    visit = next(one for one in who.record.visits if one.key == str(made.topic_id))
    found = letters.invitation_in(to)
    is_of_now = visit.is_ahead(world.clock.now) and found is not None and found[1] + 1 == made.version
    visit.declined = is_of_now if said == "DECLINED" else False
    visit.confirmed = visit.confirmed or (is_of_now and said == "ACCEPTED" and not visit.closed)


def invitations(who: Person) -> list[Handed]:
    return [one for one in who.mails if letters.invitation_in(one)]


def a_mail_is_returned_for_good(world: World, who: Person) -> None:
    to = _any(world, who)
    _comes_in(world, letters.returned(to, status=world.chance.choice(["5.1.1", "5.1.10"])))
    world.mailboxes[mailbox(to.recipient)].dies(world.clock.now)


def a_mail_is_returned_for_now(world: World, who: Person) -> None:
    """Five of them in a month count as one for good."""
    to = who.mails[-1]
    for _ in range(world.chance.choice([1, 2, 4])):
        _comes_in(world, letters.returned(to, status=world.chance.choice(["5.2.2", "4.2.2"])))
        world.mailboxes[mailbox(to.recipient)].comes_back(world.clock.now)


def our_trouble_is_returned(world: World, who: Person) -> None:
    """It says nothing about the address."""
    _comes_in(world, letters.returned(_any(world, who), status="5.7.1"))


def somebody_forges_a_return(world: World, who: Person) -> None:
    """Without ever having had a mail of ours: nothing is stopped."""
    _comes_in(world, letters.returned(_any(world, who), status="5.1.1", is_forged=True))


def somebody_complains(world: World, who: Person) -> None:
    to = _any(world, who)
    _comes_in(world, letters.complaint(to))
    world.mailboxes[mailbox(to.recipient)].is_reported = True
    world.hears_a_complaint()


def has_mail(who: Person) -> object:
    return who.mails


KINDS_OF_STEPS = [
    Kind(replies, when(has_mail, 5)),
    Kind(a_robot_replies, when(has_mail, 1)),
    Kind(their_calendar_answers, when(invitations, 3)),
    Kind(a_mail_is_returned_for_good, when(lambda who: who.mails and not who.record.box.dead_at, 3)),
    Kind(a_mail_is_returned_for_now, when(has_mail, 1)),
    Kind(our_trouble_is_returned, when(has_mail, 1)),
    Kind(somebody_forges_a_return, when(has_mail, 2)),
    Kind(somebody_complains, when(has_mail, 1)),
]
