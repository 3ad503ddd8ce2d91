"""Many people who are in a sequence whose first mail is due, for whom it is noon wherever the test runs."""

from datetime import UTC, datetime
from typing import Any

from django.db import connection

from crm.models import Location, SequenceVersion
from tests.factories import make_location

_PEOPLE = """
INSERT INTO crm_lead (id, reference, location_id, first_name, last_name, email, phone, phone_type,
    preferred_contact, best_time, state, timezone, ok_voicemail, how_heard, attribution, language, stage, stage_since,
    lost_reason, outcome, safety_hold, came_by, received_at, tags, created_at, updated_at)
SELECT gen_random_uuid(), lpad(n::text, 9, '0'), %(location)s, 'Avery', 'Example', 'n' || n || '@example.org', '', '',
    '', '{}', 'NY', %(zone)s, false, '', '{}', 'en', 'new', now(), '', 'CONSULT_LIKELY', false, 'web',
    now(), '{}', now(), now()
FROM generate_series(1, %(count)s) n;
INSERT INTO crm_consentrecord (id, lead_id, kind, given, text, text_version, language, at)
SELECT gen_random_uuid(), id, 'contact', true, 'x', '1', 'en', now() FROM crm_lead;
INSERT INTO crm_enrollment (id, lead_id, version_id, key, state, anchor, started_at, due_at, reason, because, tries,
    run_now)
SELECT gen_random_uuid(), id, %(version)s, 'incomplete_form', 'live', now() - interval '61 minutes', now(),
    now() - interval '1 minute', '', '', 0, false
FROM crm_lead
"""


def make_crowd(count: int) -> None:
    """`count` leads who agreed to be contacted, each an hour into "Second step not finished". Expects no other lead."""
    location = Location.objects.first() or make_location(holidays=[])
    version = SequenceVersion.objects.get(key="incomplete_form")
    values: dict[str, Any] = {"count": count, "zone": zone_of_noon(), "version": version.pk, "location": location.pk}
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, values)
        cursor.execute("ANALYZE")


def zone_of_noon() -> str:
    """A zone in which it is between 12:00 and 13:00 now. The sign of these names is turned round (POSIX)."""
    hours = (datetime.now(UTC).hour - 12) % 24
    return f"Etc/GMT+{hours}" if hours <= 12 else f"Etc/GMT-{24 - hours}"
