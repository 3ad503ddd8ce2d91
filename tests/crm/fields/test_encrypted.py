"""Encrypted fields, against a real table."""

import uuid
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from crm.errors import DecryptionFailed
from crm.fields.encrypted import Ciphertext, EncryptedJSONField, decrypt, encrypt
from crm.models import Lead
from intake.models import Submission


def keep(lead: Lead, answers: dict[str, Any]) -> Submission:
    return Submission.objects.create(
        id=uuid.uuid4(), lead=lead, answers=answers, answers_digest="", questionnaire_version="1"
    )


def stored_bytes(submission: Submission) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT answers FROM intake_submission WHERE id = %s", [submission.pk])
        return bytes(cursor.fetchone()[0])


def test_answers_come_back_as_they_were_given(lead: Lead) -> None:
    answers = {"pain_region": ["low_back"], "first_name": "Zoë 李", "nested": {"a": [1, None, True]}}

    kept = keep(lead, answers)

    assert Submission.objects.get(pk=kept.pk).answers == answers


def test_answers_are_not_readable_in_the_database(lead: Lead) -> None:
    kept = keep(lead, {"note": "SENTINEL-WORD"})

    assert b"SENTINEL" not in stored_bytes(kept)


def test_the_same_answers_twice_look_different(lead: Lead) -> None:
    assert stored_bytes(keep(lead, {"a": 1})) != stored_bytes(keep(lead, {"a": 1}))


def test_value_copied_to_another_row_does_not_decrypt(lead: Lead) -> None:
    kept = keep(lead, {"a": 1})
    thief = Submission(id=uuid.uuid4(), lead=lead)
    thief.answers = Ciphertext(stored_bytes(kept))

    with pytest.raises(DecryptionFailed):
        _ = thief.answers


def test_value_copied_to_another_field_does_not_decrypt() -> None:
    value = encrypt("x", aad=b"one.field:1")

    with pytest.raises(DecryptionFailed):
        decrypt(value, aad=b"another.field:1")


@pytest.mark.parametrize("position", [0, 1, 3, 10, -1])
def test_altered_value_does_not_decrypt(position: int) -> None:
    stored = bytearray(encrypt("x", aad=b"a").stored)
    stored[position] ^= 1

    with pytest.raises((DecryptionFailed, UnicodeDecodeError)):
        decrypt(Ciphertext(bytes(stored)), aad=b"a")


def test_an_older_key_still_decrypts(settings: Settings) -> None:
    settings.FIELD_KEYS = {"old": b"1" * 32}
    value = encrypt("kept", aad=b"a")
    settings.FIELD_KEYS = {"new": b"2" * 32, "old": b"1" * 32}

    assert decrypt(value, aad=b"a") == "kept"
    assert encrypt("x", aad=b"a").stored[2:5] == b"new"


def test_a_missing_key_is_named(settings: Settings) -> None:
    settings.FIELD_KEYS = {"old": b"1" * 32}
    value = encrypt("kept", aad=b"a")
    settings.FIELD_KEYS = {"new": b"2" * 32}

    with pytest.raises(DecryptionFailed, match="Key old is not among FIELD_KEYS"):
        decrypt(value, aad=b"a")


def test_decryption_waits_until_the_value_is_read(lead: Lead, settings: Settings) -> None:
    kept = keep(lead, {"a": 1})
    settings.FIELD_KEYS = {"other": b"9" * 32}

    loaded = Submission.objects.get(pk=kept.pk)

    assert loaded.lead_id == lead.pk
    with pytest.raises(DecryptionFailed):
        _ = loaded.answers


def test_bulk_create_encrypts_too(lead: Lead) -> None:
    row = Submission(id=uuid.uuid4(), lead=lead, answers={"b": 2}, answers_digest="", questionnaire_version="1")

    Submission.objects.bulk_create([row])

    assert Submission.objects.get(pk=row.pk).answers == {"b": 2}
    assert b'"b"' not in stored_bytes(row)


def test_update_in_bulk_is_refused(lead: Lead) -> None:
    keep(lead, {"a": 1})

    with pytest.raises(TypeError, match="save the instance"):
        Submission.objects.update(answers={"a": 2})


def test_deferred_value_is_read_on_demand(lead: Lead) -> None:
    kept = keep(lead, {"a": 1})

    assert Submission.objects.defer("answers").get(pk=kept.pk).answers == {"a": 1}


def test_migration_keeps_the_context() -> None:
    _, _, _, kwargs = EncryptedJSONField(context="a.b").deconstruct()

    assert kwargs["context"] == "a.b"
