"""Appointments on the private page: choosing a time, confirming it, moving it, waiting for another.

Imports actions. Begin with slot_views.py.
"""
