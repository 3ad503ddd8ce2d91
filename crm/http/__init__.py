"""Around one HTTP request: where it comes from, our cookies, its body as it was sent, and pages for what is refused.

Imports nothing of the domain. Begin with error_pages.py.
"""
