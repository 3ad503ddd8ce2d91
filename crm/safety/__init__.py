"""A reported warning sign: who is told, until when somebody has to answer, and who lifts the hold.

Imports leads. Begin with alerts.py.
"""
