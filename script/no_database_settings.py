"""The settings without a database, for Django's commands that only read the code: script/manage."""

from crm.settings import *  # noqa: F403 - all of them but one

DATABASES = {"default": {"ENGINE": "django.db.backends.dummy"}}
SILENCED_SYSTEM_CHECKS = [f"models.W{number:03}" for number in range(27, 50)]  # of what only PostgreSQL can
