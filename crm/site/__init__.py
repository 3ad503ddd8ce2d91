"""What every public page shows of the center.

Imports locations. Begin with context_processors.py.
"""
