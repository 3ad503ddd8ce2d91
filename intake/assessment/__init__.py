"""The rules asked of a record: snapshots made from rows, outcomes kept, decisions against the rules, insurance.

Imports rules and models. Begin with actions.py (asking the rules), then answer_history.py (rows to snapshot).
"""
