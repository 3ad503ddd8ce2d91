"""ASGI entry point, for servers that speak only ASGI."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

application = get_asgi_application()

from crm import durability  # noqa: E402 - needs the settings that the line above loads

durability.refuse_unsafe_database()
