"""An invented center with people, requests and histories, to try things out on.

Imports the actions of all that it shows. Begin with fill.py.
"""
