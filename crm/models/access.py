"""Who looked at what (45 CFR 164.312(b)). Append-only; ids and keyed hashes, never text."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone

from crm.enums.leads import AccessAction
from crm.models.base import Row


class AccessEvent(Row):
    """No foreign keys: the record outlives what it speaks of."""

    at = models.DateTimeField(default=timezone.now)
    user_id = models.UUIDField(null=True)
    action = models.CharField(max_length=15, choices=AccessAction)
    object_type = models.CharField(max_length=40, blank=True)
    object_ids = ArrayField(models.UUIDField(), default=list)
    keyed_hash = models.CharField(max_length=64, blank=True, help_text="Of a search term or a sign-in name.")
    address_hash = models.CharField(max_length=64, blank=True, help_text="Of a failed sign-in: of its IP address.")

    class Meta:
        indexes = [
            models.Index(fields=["user_id", "-at"], name="access_by_user"),
            models.Index(fields=["-at"], name="access_newest"),
            GinIndex(fields=["object_ids"], name="access_of_object"),  # "who saw this record"
        ]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.action} {self.at:%Y-%m-%d %H:%M}"


class SignInPace(models.Model):
    """How many wrong passwords an account has had lately, and until when it takes none. `key` is a keyed hash of the
    name, and of the browser when that has signed in before, of the address, or of how new to the account that is."""

    key = models.CharField(primary_key=True, max_length=64)
    wrong = models.PositiveIntegerField()
    at = models.DateTimeField(db_index=True)
    not_before = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.wrong} until {self.not_before:%H:%M:%S}"
