"""Calendars of others: providers' own ones that are read, feeds that are offered, imports, FHIR, answers by mail.

Imports actions. Begin with external_calendars.py.
"""
