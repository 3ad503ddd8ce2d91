"""The private page /my/: links, sessions and codes, messages, documents, and a person's own copy of the data.

intake and scheduling hang their pages into it. Imports documents, leads and mail. Begin with entry.py.
"""
