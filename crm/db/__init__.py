"""PostgreSQL beneath the models: its clock, its grants, inserts of many rows, and what it has to promise.

Imports nothing of the domain. Begin with bulk_insert.py, which the public form stands on.
"""
