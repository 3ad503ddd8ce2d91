"""Read what a mail says: its parts and words, whether a robot wrote it, what was returned, attachments.

Bytes in, facts out. Pure: runs in a child process. Imports values and the sandbox. Begin with mail_parser.py.
"""
