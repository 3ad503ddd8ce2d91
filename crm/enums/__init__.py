"""States and choices of the base domain, by what they are about. Codes never change; labels may.

Imports nothing of ours. Begin with leads.py: stages, outcomes, tasks and mails are told there.
"""
