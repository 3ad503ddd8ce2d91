"""Fields of models and forms: what is kept encrypted, text as people type it, partial dates, provider numbers.

What such a text means is told in crm/values. Imports values, enums and settings. Begin with text.py.
"""
