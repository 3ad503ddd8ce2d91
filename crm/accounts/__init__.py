"""Accounts of staff: passwords, signing in, and how long a sign-in lasts.

Imports mail. Begin with actions.py.
"""
