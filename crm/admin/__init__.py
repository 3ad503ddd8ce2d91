"""The coordinators' desk, on django-unfold: the list of leads, the page of one, and what an administrator keeps."""

from crm.admin import leads, outbox, people, places

__all__ = ["leads", "outbox", "people", "places"]
