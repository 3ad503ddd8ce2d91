"""The site's door: takes bodies in under limits, piece by piece, before a thread of Django's is used for them.

Imported by crm/asgi.py alone. Begin with door.py.
"""
