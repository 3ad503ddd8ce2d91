"""What intake shows on the private page /my/: topics of questions, treatments, wishes, the ledger.

Imports public and requests. Begin with questions.py.
"""
