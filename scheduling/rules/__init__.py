"""Which times can be booked, and when somebody is busy: spans, wall clocks, slots, calendars as text.

Pure: no database, no clock, no settings. Imports nothing of ours. Begin with slots.py.
"""
