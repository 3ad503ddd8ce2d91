"""Mail that came in: replies, bounces and complaints, each once; what could not be taken in; and the address to which
replies go."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from crm.fields.encrypted import EncryptedBytesField, EncryptedTextField
from crm.models.base import Row
from crm.values.normalize import mailbox_key


class InboundKind(models.TextChoices):
    REPLY = "reply", noop("Reply")
    ROBOT = "robot", noop("Automatic reply")
    HARD_BOUNCE = "hard_bounce", noop("Returned: the address does not work")
    SOFT_BOUNCE = "soft_bounce", noop("Returned: not now")
    COMPLAINT = "complaint", noop("Reported as unwanted")
    RECEIPT = "receipt", noop("Receipt: it was read")
    CALENDAR = "calendar", noop("Answer to an invitation")
    OTHER = "other", noop("From a mail system")


OF_A_PERSON = {InboundKind.REPLY, InboundKind.CALENDAR}
OF_AN_ADDRESS = {InboundKind.HARD_BOUNCE, InboundKind.SOFT_BOUNCE, InboundKind.COMPLAINT}


class MailThread(Row):
    """What stands behind the + of a Reply-To: random, so that it tells nobody whose it is."""

    lead = models.OneToOneField("crm.Lead", on_delete=models.CASCADE, related_name="mail_thread")
    token = models.CharField(max_length=16, unique=True)

    def __str__(self) -> str:
        return self.token


class InboundMail(Row):
    """`external_id` is the sender's Message-ID, or the provider's event: told twice, it is one. Without a lead it could
    not be told whose it is, and a person looks."""

    external_id = models.CharField(max_length=250, unique=True)
    kind = models.CharField(max_length=12, choices=InboundKind)
    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, null=True, related_name="inbound_mails")
    message = models.ForeignKey("crm.Message", on_delete=models.SET_NULL, null=True, related_name="inbound")
    address_hash = models.CharField(
        max_length=64,
        blank=True,
        help_text="Of whom a bounce or complaint speaks; of a reply, its sender where that is proven.",
    )
    status = models.CharField(max_length=12, blank=True, help_text="RFC 3463, such as 5.1.1.")
    sender = EncryptedTextField(
        context="crm.inbound_mail.sender", null=True, help_text="Name and address as it says, which anybody can write."
    )
    text = EncryptedTextField(context="crm.inbound_mail.text")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["lead", "-at"], name="inbound_of_lead"),
            models.Index(fields=["address_hash", "-at"], condition=~Q(address_hash=""), name="inbound_of_address"),
        ]

    @property
    def is_unproven(self) -> bool:
        """Return whether it is a return or a complaint that names no mail of ours: it has stopped nothing."""
        return self.kind in OF_AN_ADDRESS and not self.address_hash

    @property
    def from_elsewhere(self) -> str:
        """Return whose name and address a mail of a lead bears that does not come from the address on record; ""."""
        if not self.sender or self.lead is None or self.kind not in OF_A_PERSON:
            return ""
        is_theirs = mailbox_key(self.sender.rpartition("<")[2].rstrip(">")) == mailbox_key(self.lead.email)
        return "" if is_theirs else str(self.sender)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.at:%Y-%m-%d %H:%M} UTC"


class SetAsideReason(models.TextChoices):
    TOO_LARGE = "too_large", "Too large"
    TOO_COMPLEX = "too_complex", "Too many parts"
    TOO_SLOW = "too_slow", "Took too long to read"
    UNREADABLE = "unreadable", "Cannot be read"
    NOT_STORED = "not_stored", "Could not be stored"


class SourceForm(models.TextChoices):
    MAIL = "mail", "The whole mail"
    HEADERS = "headers", "Its headers: the mail itself is still in the mailbox"
    CALL = "call", "What the provider sent about it"


MOST_DROPS = 2  # the line may drop once by itself


class UnfetchedMail(models.Model):
    """A mail of a mailbox that did not come when it was asked for, or came and could not be kept then.

    `drops`: how often it was asked for without an answer; 0 when it came."""

    mailbox = models.CharField(max_length=400)
    uid = models.PositiveBigIntegerField(help_text="Its number in that mailbox (RFC 3501).")
    drops = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(help_text="When it was last asked for.")
    is_told = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailbox", "uid"], name="unfetched_mail_once")]

    def __str__(self) -> str:
        return f"Mail {self.uid} of {self.mailbox}"

    @property
    def is_given_up(self) -> bool:
        """Return whether asking again would only drop the line again."""
        return self.drops >= MOST_DROPS


class MailboxMark(models.Model):
    """Up to where a mailbox was read: what came later is read, whoever has opened it in a mail program before."""

    mailbox = models.CharField(max_length=400, unique=True)
    uid = models.PositiveBigIntegerField(help_text="The number of the last mail that was asked for (RFC 3501).")

    def __str__(self) -> str:
        return f"{self.mailbox} up to {self.uid}"


class Settled(models.TextChoices):
    BY_HAND = "by_hand", "Taken care of by hand"
    NOTHING = "nothing", "Nothing to do"
    TAKEN_IN = "taken_in", "Taken in after all"


class SetAsideQuerySet(models.QuerySet["SetAsideMail"]):
    def open(self) -> "SetAsideQuerySet":
        """Keep those that wait for a person."""
        return self.filter(settled_at__isnull=True)


class SetAsideMail(Row):
    """A mail that could not be taken in, with its bytes: a person looks at it, and it is in nobody's way meanwhile.

    `source` is what `form` says. `lead`: to whose thread it was addressed, if that can be told."""

    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the source: told twice, it is one.")
    came_by = models.CharField(max_length=12, help_text="mailbox, or the name of the provider.")
    reason = models.CharField(max_length=12, choices=SetAsideReason)
    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, null=True, related_name="set_aside_mails")
    source = EncryptedBytesField(context="crm.set_aside_mail.source")
    size = models.PositiveBigIntegerField(help_text="Of the whole mail, in bytes.")
    form = models.CharField(max_length=8, choices=SourceForm, default=SourceForm.MAIL)
    at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True)
    settled_as = models.CharField(max_length=12, choices=Settled, blank=True)
    settled_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, related_name="+")

    objects = SetAsideQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="set_aside_settled_whole",
                condition=Q(settled_at=None, settled_as="", settled_by=None)
                | (Q(settled_at__isnull=False, settled_by__isnull=False) & ~Q(settled_as="")),
            )
        ]
        indexes = [models.Index(fields=["-at"], condition=Q(settled_at=None), name="set_aside_open")]

    def __str__(self) -> str:
        return f"{self.get_reason_display()}, {self.at:%Y-%m-%d %H:%M} UTC"
