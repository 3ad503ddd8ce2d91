"""Intake's pages and panels at the desk: requests by phone, decisions, insurance, papers.

Imports portal. Begin with panels.py.
"""
