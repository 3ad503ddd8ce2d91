"""Requests as they arrive: forms made from the questionnaire, what is kept, whose they are, what is held back.

Imports assessment. Begin with submission_flow.py, the order of things for every way in.
"""
