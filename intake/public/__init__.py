"""The public pages: the request for help, patient education, questions, and the form inside another site.

Imports requests. Begin with views.py.
"""
