"""Functions over foreign bytes, run in a child process that is limited in memory and time.

Imports nothing of ours. Begin with runner.py; child.py is what it starts.
"""
