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
        from crm.db import checks

        register(checks.check_durability, Tags.database)
        _connect_signals(self)
        _add_to_registry()


def _connect_signals(app: AppConfig) -> None:
    from anymail import signals

    from crm.accounts import desk_session
    from crm.audit import access
    from crm.db import grants
    from crm.documents import actions as documents
    from crm.inbound import provider_events
    from crm.leads import stages
    from crm.models import Document
    from crm.patient_portal import desk_tabs

    user_logged_in.connect(access.on_login)
    user_logged_in.connect(desk_session.on_login)
    user_logged_out.connect(desk_tabs.on_logout)
    user_login_failed.connect(access.on_login_failed)
    post_delete.connect(documents.on_delete, sender=Document)
    for prepare in (grants.grant_to_application, _ship_sequences, stages.ensure_rules):
        post_migrate.connect(prepare, sender=app)
    signals.tracking.connect(provider_events.on_tracking)


def _add_to_registry() -> None:
    from crm import registry
    from crm.accounts import password_views
    from crm.enums.leads import TRIGGERS, Event
    from crm.followups import address_change
    from crm.followups import enrollment as followups
    from crm.leads import notifications
    from crm.mail import emails
    from crm.patient_portal import account, data_export, document_views

    for module in (account, password_views, data_export):
        module.register()
    registry.listen(TRIGGERS, followups.on_event)
    registry.listen([Event.ADDRESS_CHANGED], address_change.on_change)
    registry.listen([Event.REPLIED], notifications.on_reply)
    for name in (emails.LINK, emails.CODE, emails.NOTICE, emails.ADDRESS_CHANGED):
        registry.writer(name, emails.write_again)
    title = gettext_noop("Your documents")
    registry.panel("patient", title=title, permission="", render=document_views.panel, order=30)


def _ship_sequences(**_: Any) -> None:
    from crm.followups import published

    published.ensure_shipped()


class DeskConfig(AdminConfig):
    """Django's admin, with our own site."""

    default_site = "crm.desk.site.DeskSite"
