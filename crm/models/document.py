"""One file about a lead. Its bytes lie encrypted in settings.DOCUMENTS_DIR (crm/documents/storage.py), its name
encrypted here."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from crm.enums.documents import READABLE, DocumentKind, DocumentState, Unfit
from crm.enums.treatments import Source
from crm.fields.encrypted import EncryptedTextField
from crm.models.base import Row


class Document(Row):
    """`received` counts plain bytes, `stored` those on disk; both grow together, one piece at a time."""

    lead = models.ForeignKey("crm.Lead", on_delete=models.CASCADE, related_name="documents")
    study = models.ForeignKey(
        "crm.ImagingStudy", on_delete=models.SET_NULL, null=True, blank=True, related_name="documents"
    )
    kind = models.CharField(max_length=10, choices=DocumentKind)
    name = EncryptedTextField(context="crm.document.name")
    size = models.BigIntegerField()
    stamp = models.BigIntegerField(default=0, help_text="The file's own time of change: tells a resumed file again.")
    received = models.BigIntegerField(default=0)
    stored = models.BigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    media_type = models.CharField(max_length=40, blank=True)
    study_date = models.DateField(null=True, blank=True)
    modality = models.CharField(max_length=16, blank=True)
    state = models.CharField(max_length=10, choices=DocumentState, default=DocumentState.UPLOADING)
    reason = models.CharField(max_length=20, choices=Unfit, blank=True)
    source = models.CharField(max_length=20, choices=Source)
    uploaded_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, related_name="+")
    by_mail = models.BooleanField(
        default=False, db_default=False, help_text="Came with a reply: who sent it is not proven."
    )
    session = models.ForeignKey("crm.PatientSession", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    touched_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True, help_text="When staff first opened it: no longer to be taken back.")
    scan_at = models.DateTimeField(null=True, help_text="When the scanner is asked next.")
    released_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey("crm.User", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        permissions = [("release_document", "Can release a document that no scanner has seen")]
        constraints = [
            models.CheckConstraint(condition=Q(size__gt=0, received__lte=F("size")), name="document_within_its_size"),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True, released_by__isnull=True)
                | Q(released_at__isnull=False, released_by__isnull=False),
                name="document_released_at_and_by",
            ),
        ]
        indexes = [
            models.Index(fields=["lead", "-created_at"], name="document_of_lead"),
            models.Index(fields=["scan_at"], condition=Q(state="pending"), name="document_to_scan"),
            models.Index(fields=["touched_at"], condition=Q(state="uploading"), name="document_unfinished"),
        ]

    def __str__(self) -> str:
        return str(DocumentKind(self.kind).label)

    @property
    def is_readable(self) -> bool:
        """Tell whether anybody may download it: the scanner found nothing, or a person released it."""
        return self.state in READABLE

    @property
    def may_be_taken_back(self) -> bool:
        """Return whether its sender may still have it deleted: no member of staff has opened it, or put it with a
        study."""
        return self.opened_at is None and self.study_id is None
