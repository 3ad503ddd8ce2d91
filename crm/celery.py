"""The Celery application. Redis only wakes workers up; what is due stands in PostgreSQL (see delivery.py)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

app = Celery("nucleus")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
