"""The base domain as a Django app."""

from typing import Any

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.core.checks import Tags, register
from django.db.models.signals import post_delete, post_migrate
from django.utils.translation import gettext_noop


class CrmConfig(AppConfig):
    name = "crm"
    verbose_name = "Nucleus"

    def ready(self) -> None:
        from anymail import signals

        from crm import (
            desk_session,
            desk_tabs,
            durability,
            emails,
            grants,
            my,
            my_documents,
            notices,
            passwords,
            personal_data,
            registry,
            stages,
        )
        from crm.actions import access, addresses, documents, provider_events, sequences
        from crm.enums import TRIGGERS, Event
        from crm.models import Document

        user_logged_in.connect(access.on_login)
        user_logged_in.connect(desk_session.on_login)
        user_logged_out.connect(desk_tabs.on_logout)
        user_login_failed.connect(access.on_login_failed)
        register(durability.check_durability, Tags.database)
        post_migrate.connect(grants.grant_to_application, sender=self)
        my.hang_in()
        passwords.hang_in()
        personal_data.hang_in()
        post_delete.connect(documents.on_delete, sender=Document)
        post_migrate.connect(_ship_sequences, sender=self)
        post_migrate.connect(stages.ensure_rules, sender=self)
        registry.listen(TRIGGERS, sequences.on_event)
        registry.listen([Event.ADDRESS_CHANGED], addresses.on_change)
        registry.listen([Event.REPLIED], notices.on_reply)
        for name in (emails.LINK, emails.CODE, emails.NOTICE, emails.ADDRESS_CHANGED):
            registry.writer(name, emails.write_again)
        signals.tracking.connect(provider_events.on_tracking)
        title = gettext_noop("Your documents")
        registry.panel("patient", title=title, permission="", render=my_documents.panel, order=30)


def _ship_sequences(**_: Any) -> None:
    from crm.actions import sequences

    sequences.ensure_shipped()


class DeskConfig(AdminConfig):
    """Django's admin, with our own site."""

    default_site = "crm.desk.DeskSite"
