"""What people type and what has a form of its own: telephone numbers, names, partial dates, states, opening hours.

Pure, or form fields around what is pure; no models. Begin with normalize.py.
"""
