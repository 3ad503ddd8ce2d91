"""Who looked at whose record: rows that nobody can change.

Imports models. Begin with access.py.
"""
