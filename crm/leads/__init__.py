"""Leads and what is on record about them: moving, correcting, tasks, treatments, imaging, decisions.

Every write that touches more than one row is a function here. Imports models, mail and accounts. Begin with actions.py.
"""
