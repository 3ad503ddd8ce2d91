"""Documents about a lead: taken in piece by piece, judged, scanned for malware, kept encrypted, handed out.

Imports leads. Begin with actions.py; formats/validation.py says what is kept.
"""
