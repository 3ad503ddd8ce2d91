"""May this message go out now? Asked when a worker claims it and not earlier, because answers age in a queue."""

from dataclasses import dataclass
from datetime import datetime

from crm import mime
from crm.enums import MessageClass, MessageState
from crm.models import Message


@dataclass(frozen=True)
class Obstacle:
    """Why a message should not go out now, and the state it takes instead."""

    state: MessageState
    reason: str
    wants_a_person: bool = False


def obstacle(message: Message, *, now: datetime) -> Obstacle | None:
    """What is in the way of sending this message now; None when nothing is.

    Answers to the patient's own act pass a safety hold: they are stopped only by a dead address or by age.
    """
    topic, lead = message.topic, message.lead
    if topic is not None and not topic.live:
        return Obstacle(MessageState.CANCELLED, "Its subject was called off")
    if topic is not None and topic.version != message.topic_version:
        return Obstacle(MessageState.CANCELLED, "Its subject changed after it was written")
    if lead is not None and lead.safety_hold and message.message_class != MessageClass.ANSWER:
        return Obstacle(MessageState.SUPPRESSED, "Safety hold")
    if mime.deliverable(message.to_email) is None:
        return Obstacle(MessageState.SUPPRESSED, "No address that mail can reach", wants_a_person=True)
    if message.not_after < now:
        return Obstacle(MessageState.CANCELLED, "Too late to be sent", wants_a_person=True)
    return None
