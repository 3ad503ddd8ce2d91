"""What the application's own database role may do, given after every migration by the owner.

With DATABASE_OWNER_URL set, the role in DATABASE_URL owns nothing: it cannot change tables, drop triggers or empty
append-only tables, whatever happens to the application.
"""

from typing import Any

from django.conf import settings
from django.db import connections
from psycopg import sql

APPEND_ONLY = ["crm_accessevent", "crm_consentrecord", "intake_assessment", "intake_submission", "intake_verification"]


def grant_to_application(*, using: str, **_: Any) -> None:
    """Grant the application's role what it needs, and take back changing append-only tables. Runs after migrate, as the
    owner; does nothing when application and owner are one role."""
    role = settings.DATABASES["default"]["USER"]
    if not role or role == settings.OWNER_DATABASE["USER"]:
        return
    name = sql.Identifier(role)
    statements = [
        sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name),
        sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}").format(name),
        sql.SQL("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {}").format(name),
    ]
    with connections[using].cursor() as cursor:
        existing = set(connections[using].introspection.table_names(cursor))
        statements += [
            sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(sql.Identifier(table), name)
            for table in APPEND_ONLY
            if table in existing
        ]
        for statement in statements:
            cursor.execute(statement.as_string(cursor.connection))
