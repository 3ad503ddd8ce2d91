"""WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

application = get_wsgi_application()

from crm import durability  # noqa: E402 - needs the settings that the line above loads

durability.refuse_unsafe_database()
