"""The outbox. A message is a row before it is a mail; docs/delivery.md tells its life."""

from datetime import timedelta

import pgtrigger
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now, Upper
from django.utils import timezone

from crm.enums.leads import LEASED_STATES, NEEDS_A_PERSON, Channel, MessageClass, MessageState, OnUnknown
from crm.models.base import Row

LATE_AFTER = timedelta(minutes=5)
NOT_GONE = [MessageState.QUEUED, *LEASED_STATES]


class MessageTopic(Row):
    """What a group of messages is about, such as one appointment.

    A message remembers the topic's version it was written for; delivery cancels it at the claim when the version
    has moved on or the topic is no longer live.
    """

    version = models.PositiveIntegerField(default=1)
    live = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"Topic {self.pk} v{self.version}"


class MessageQuerySet(models.QuerySet["Message"]):
    """Now() is PostgreSQL's clock: machines that send may disagree about the time, the database does not."""

    def due(self) -> "MessageQuerySet":
        return self.filter(state=MessageState.QUEUED, due_at__lte=Now())

    def late(self) -> "MessageQuerySet":
        """Keep those due for so long that somebody should be told."""
        return self.filter(state=MessageState.QUEUED, due_at__lt=Now() - LATE_AFTER)

    def abandoned(self) -> "MessageQuerySet":
        """Keep those claimed by a worker that did not finish in time."""
        return self.filter(state__in=LEASED_STATES, lease_until__lt=Now())


class Message(Row):
    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, null=True, blank=True, related_name="messages")
    topic = models.ForeignKey(MessageTopic, on_delete=models.PROTECT, null=True, blank=True, related_name="messages")
    topic_version = models.PositiveIntegerField(null=True, blank=True)
    enrollment = models.ForeignKey(
        "crm.Enrollment", on_delete=models.SET_NULL, null=True, blank=True, related_name="messages"
    )
    key = models.CharField(max_length=120, unique=True, help_text="Idempotency: one row a reason, at most.")
    name = models.CharField(max_length=40, help_text="The template in templates/emails.")
    channel = models.CharField(max_length=5, choices=Channel, default=Channel.EMAIL, editable=False)
    message_class = models.CharField(max_length=10, choices=MessageClass)
    on_unknown = models.CharField(max_length=6, choices=OnUnknown, default=OnUnknown.PARK)

    sender_name = models.CharField(max_length=80)
    sender_email = models.CharField(max_length=254)
    to_email = models.CharField("to", max_length=254)
    subject = models.CharField(max_length=200, blank=True, help_text="Empty: written when it is sent.")
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    calendar = models.TextField(blank=True, editable=False, help_text="An iTIP object (RFC 5546) that goes with it.")
    message_id = models.CharField(max_length=200, unique=True)

    state = models.CharField(max_length=10, choices=MessageState, default=MessageState.QUEUED)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it is in this state, in words.")
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    not_after = models.DateTimeField()
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    handed_over_at = models.DateTimeField(null=True, blank=True, help_text="The first time: the date that it bears.")
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=LEASED_STATES, lease_token__isnull=False, lease_until__isnull=False)
                | (~Q(state__in=LEASED_STATES) & Q(lease_token__isnull=True, lease_until__isnull=True)),
                name="message_lease_while_leased",
            ),
            models.CheckConstraint(condition=Q(state__in=MessageState.values), name="message_state_known"),
            models.CheckConstraint(
                condition=Q(topic__isnull=True, topic_version__isnull=True)
                | Q(topic__isnull=False, topic_version__isnull=False),
                name="message_topic_and_version",
            ),
            # What nobody sends must not wait in the outbox as if somebody did.
            models.CheckConstraint(condition=Q(channel=Channel.EMAIL), name="message_channel_has_a_sender"),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(state=MessageState.QUEUED), name="message_due_next"),
            models.Index(fields=["lease_until"], condition=Q(state__in=LEASED_STATES), name="message_leased"),
            models.Index(fields=["lead", "-created_at"], name="message_of_lead"),
            models.Index(fields=["-created_at"], condition=Q(state__in=NEEDS_A_PERSON), name="message_needs_person"),
            models.Index(fields=["finished_at"], condition=Q(state=MessageState.SENT), name="message_sent"),
            # Whoever opts out is found among what has not gone out, whatever the case of their letters.
            models.Index(Upper("to_email"), condition=Q(state__in=NOT_GONE), name="message_waits_for_address"),
        ]
        triggers = [
            pgtrigger.FSM(
                name="state_moves",
                field="state",
                transitions=[
                    ("queued", "sending"),
                    ("queued", "cancelled"),
                    ("queued", "suppressed"),
                    ("sending", "queued"),
                    ("sending", "in_data"),
                    ("sending", "failed"),
                    ("sending", "suppressed"),
                    ("in_data", "sent"),
                    ("in_data", "queued"),
                    ("in_data", "failed"),
                    ("in_data", "unknown"),
                    ("unknown", "queued"),
                    ("unknown", "sent"),
                    ("unknown", "cancelled"),
                    ("failed", "queued"),
                    ("failed", "cancelled"),
                ],
            )
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """The subject; of a mail that is still to be written, the name of its text."""
        return self.subject or f"“{self.name.replace('_', ' ').capitalize()}”"
