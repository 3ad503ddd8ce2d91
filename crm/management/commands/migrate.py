"""`manage.py migrate` as the owner of the tables (DATABASE_OWNER_URL), not as the application's own role."""

from typing import Any, cast

from django.conf import settings
from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.postgresql.base import DatabaseWrapper

from crm.accounts import groups


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> Any:
        connection = cast(DatabaseWrapper, connections[DEFAULT_DB_ALIAS])
        connection.close()  # the system checks have just used it, as the application
        connection.close_pool()
        application = connection.settings_dict
        connection.settings_dict = {**application, **settings.OWNER_DATABASE, "NAME": application["NAME"]}
        try:
            super().handle(*args, **options)
            if not (options["app_label"] or options["plan"] or options["check_unapplied"]):
                groups.ensure_groups()
        finally:
            connection.close()
            connection.close_pool()
            connection.settings_dict = application
