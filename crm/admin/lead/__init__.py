"""The page of one lead, box by box: each module is a panel, its forms and the actions that they call.

Imports what it shows. Begin with page.py.
"""
