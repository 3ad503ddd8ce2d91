"""What people type and what has a form of its own: telephone numbers, names, partial dates, states, opening hours.

Pure; the form fields around it stand in crm/fields. Begin with normalize.py.
"""
