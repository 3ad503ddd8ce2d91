"""PostgreSQL beneath the models: its clock, its grants, lookups, inserts of many rows, what it has to promise.

Imports values. Begin with bulk_insert.py, which the public form stands on.
"""
