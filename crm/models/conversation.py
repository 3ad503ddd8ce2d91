"""What the center and a patient write to each other. It stays on the private page; a mail says that it is there."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from crm.fields.encrypted import EncryptedTextField
from crm.models.base import Row


class PrivateMessage(Row):
    """One message. `by` is the member of staff who wrote it; without one the patient did."""

    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, related_name="private_messages")
    by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, related_name="+")
    session = models.ForeignKey("crm.PatientSession", on_delete=models.SET_NULL, null=True, related_name="+")
    text = EncryptedTextField(context="crm.private_message.text")
    at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, help_text="When the other side first saw it.")

    class Meta:
        indexes = [
            models.Index(fields=["lead", "at", "id"], name="private_message_of_lead"),
            models.Index(fields=["lead"], condition=Q(read_at__isnull=True), name="private_message_unread"),
        ]

    def __str__(self) -> str:
        return f"Message of {self.at:%Y-%m-%d %H:%M} UTC"

    @property
    def is_from_patient(self) -> bool:
        return self.by_id is None


class Snippet(Row):
    """Words that coordinators use again and again, in the languages of the patients."""

    title = models.CharField(max_length=80, unique=True)
    text_en = models.TextField("English")
    text_es = models.TextField("Spanish", blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title

    def text_in(self, language: str) -> str:
        """Return the text in this language if we have it, else in English."""
        return (self.text_es if language == "es" else "") or self.text_en
