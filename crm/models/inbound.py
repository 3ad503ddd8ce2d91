"""Mail that came in: replies, bounces and complaints, each once; and the address under which replies arrive."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from crm.fields import EncryptedTextField
from crm.models.base import Row


class InboundKind(models.TextChoices):
    REPLY = "reply", "Reply"
    ROBOT = "robot", "Automatic reply"
    HARD_BOUNCE = "hard_bounce", "Returned: the address does not work"
    SOFT_BOUNCE = "soft_bounce", "Returned: not now"
    COMPLAINT = "complaint", "Reported as unwanted"
    OTHER = "other", "Something else"


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
    address_hash = models.CharField(max_length=64, blank=True, help_text="Of whom a bounce or complaint speaks.")
    status = models.CharField(max_length=12, blank=True, help_text="RFC 3463, such as 5.1.1.")
    text = EncryptedTextField(context="crm.inbound_mail.text")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(fields=["lead", "-at"], name="inbound_of_lead"),
            models.Index(fields=["address_hash", "-at"], condition=~Q(address_hash=""), name="inbound_of_address"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.at:%Y-%m-%d %H:%M} UTC"
