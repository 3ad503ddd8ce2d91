"""Encrypted model fields: AES-256-GCM, bound to the row and the field they were written for.

Stored bytes: version (1) · length of key id (1) · key id · nonce (12) · ciphertext and tag.
Additional authenticated data: the field's context and the row's UUID, so that a value copied to another row or
field does not decrypt. The context is written out at each field and never derived from a table name: renaming a
table must not make its history unreadable.
"""

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from crm.errors import DecryptionFailed

VERSION = 1
NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Ciphertext:
    """An encrypted value as stored. Decrypted when the attribute is read, not before."""

    stored: bytes


def seal(plain: bytes, *, aad: bytes) -> bytes:
    """Return the bytes to store for some plain ones, encrypted with the first of settings.FIELD_KEYS."""
    key_id, key = next(iter(settings.FIELD_KEYS.items()))
    nonce = os.urandom(NONCE_BYTES)
    head = bytes([VERSION, len(key_id)]) + key_id.encode()
    return head + nonce + AESGCM(key).encrypt(nonce, plain, aad)


def unseal(stored: bytes, *, aad: bytes) -> bytes:
    """Return the plain bytes. Raises DecryptionFailed when the format or the key is unknown, or when the bytes were
    altered or sealed for something else."""
    if len(stored) < 2 or stored[0] != VERSION:
        raise DecryptionFailed("The stored value has an unknown format.")
    start = 2 + stored[1]
    key_id = stored[2:start].decode()
    key = settings.FIELD_KEYS.get(key_id)
    if key is None:
        raise DecryptionFailed(f"Key {key_id} is not among FIELD_KEYS: add it after the newest one.")
    nonce, sealed = stored[start : start + NONCE_BYTES], stored[start + NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, sealed, aad)
    except InvalidTag:
        raise DecryptionFailed("The stored value was altered or belongs to another row.") from None


def encrypt(plain: str, *, aad: bytes) -> Ciphertext:
    """Return a text, encrypted with the first of settings.FIELD_KEYS."""
    return Ciphertext(seal(plain.encode(), aad=aad))


def decrypt(value: Ciphertext, *, aad: bytes) -> str:
    """Return the plain text. Raises DecryptionFailed when the key is unknown or the value does not belong to this row
    and field."""
    return unseal(value.stored, aad=aad).decode()


class _Lazily:
    """Decrypts on first read and remembers the plain value on the instance."""

    def __init__(self, field: "EncryptedTextField") -> None:
        self.field = field

    def __get__(self, instance: models.Model | None, owner: type | None = None) -> Any:
        if instance is None:
            return self
        name = self.field.attname
        if name not in instance.__dict__:
            instance.refresh_from_db(fields=[name])  # the field was deferred
        value = instance.__dict__[name]
        if isinstance(value, Ciphertext):
            value = self.field.from_plain(decrypt(value, aad=self.field.aad(instance)))
            instance.__dict__[name] = value
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


if TYPE_CHECKING:
    _Binary = models.BinaryField[Any, Any]
else:
    _Binary = models.BinaryField  # generic for the type checker only


class EncryptedTextField(_Binary):
    """A text kept encrypted. `context` names the field for good, e.g. "intake.submission.answers"."""

    descriptor_class = _Lazily

    def __init__(self, *args: Any, context: str, **kwargs: Any) -> None:
        self.context = context
        kwargs.setdefault("editable", True)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "context": self.context, "editable": self.editable}

    def aad(self, instance: models.Model) -> bytes:
        """Return what the value is bound to: its field and its row. The row needs its UUID before it is saved."""
        return f"{self.context}:{instance.pk}".encode()

    def to_python(self, value: Any) -> Any:
        """Return the value as forms and validation see it: plain. Django's binary field would read it as base64."""
        return value

    def to_plain(self, value: Any) -> str:
        return str(value)

    def from_plain(self, plain: str) -> Any:
        return plain

    def from_db_value(self, value: Any, *_: Any) -> Ciphertext | None:
        return None if value is None else Ciphertext(bytes(value))

    def pre_save(self, model_instance: models.Model, add: bool) -> Ciphertext | None:
        value = model_instance.__dict__.get(self.attname)
        if value is None or isinstance(value, Ciphertext):
            return value
        return encrypt(self.to_plain(value), aad=self.aad(model_instance))

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False) -> Any:
        if value is None:
            return None
        if not isinstance(value, Ciphertext):
            raise TypeError(f"{self.context} is encrypted with its row: save the instance instead of update().")
        return super().get_db_prep_value(value.stored, connection, prepared)

    def get_default(self) -> Any:
        if not self.has_default():  # Django's mark for that is a class, and so can be called
            return None
        return self.default() if callable(self.default) else self.default

    def value_to_string(self, obj: models.Model) -> str:
        raise TypeError(f"{self.context} is not serialised: export it through its own action.")


class EncryptedJSONField(EncryptedTextField):
    """JSON kept encrypted as one text."""

    def to_plain(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)

    def from_plain(self, plain: str) -> Any:
        return json.loads(plain)


class EncryptedBytesField(EncryptedTextField):
    """Bytes kept encrypted, whatever they are."""

    def to_plain(self, value: Any) -> str:
        return bytes(value).decode("latin-1")  # each byte is one character, and comes back as it was

    def from_plain(self, plain: str) -> Any:
        return plain.encode("latin-1")
