"""From a row of Message to the mail server: whether it may leave now, how fast, and what became of it.

docs/delivery.md says what is promised. Imports the packages of what it writes about. Begin with delivery.py.
"""
