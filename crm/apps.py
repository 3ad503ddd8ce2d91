"""The base domain as a Django app."""

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate


class CrmConfig(AppConfig):
    name = "crm"
    verbose_name = "Nucleus"

    def ready(self) -> None:
        from crm import durability, grants

        register(durability.check_durability, Tags.database)
        post_migrate.connect(grants.grant_to_application, sender=self)
