"""Send mail to the address that is on record when it leaves, and to no former one.

What waits follows a correction at once (crm/followups/address_change.py). This is for what a worker had in hand then
and had to put back, and for what a person sends again later."""

from crm import registry
from crm.enums.leads import MessageState
from crm.mail import emails, mime
from crm.models import Message
from crm.outbox import settlement
from crm.values.normalize import mailbox_key

NOT_THEIRS = "The e-mail address was changed"


def follow(locked: list[Message]) -> list[Message]:
    """Address mails that are about to be judged to where their people are reached now; return those that still have a
    sense. Side effects: the rows; a code for whoever read the former address is called off."""
    return [message for message in locked if not _is_to_a_former_address(message) or _readdressed(message)]


def _is_to_a_former_address(message: Message) -> bool:
    if message.lead is None or message.name == emails.ADDRESS_CHANGED or mime.deliverable(message.to_email) is None:
        return False
    return mailbox_key(message.to_email) != mailbox_key(message.lead.email)


def _readdressed(message: Message) -> bool:
    if message.name == emails.CODE:  # its session is over
        settlement.finish(message, MessageState.CANCELLED, reason=NOT_THEIRS)
        return False
    assert message.lead is not None  # noqa: S101 - for the type checker; see above
    message.to_email = message.lead.email
    Message.objects.filter(pk=message.pk).update(to_email=message.to_email)
    if registry.writer_of(message.name):  # what was written names the former address
        message.text = message.html = ""
    return True
