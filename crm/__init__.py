"""Project package and base domain: leads, treatments, messages, and the doors through which they change."""

from crm.celery import app as celery_app

__all__ = ["celery_app"]
