"""Follow-up sequences: what they are (definition), when a step is due (timing), and those that come with the product.

Pure: no database, no settings. Who is enrolled and what became of each step: crm/models/sequence.py.
"""
