"""Sequences at work: who is in which, what is due, what it leaves behind, and changing them.

The pure definitions stand in crm/sequences. Imports outbox and leads. Begin with step_runner.py.
"""
