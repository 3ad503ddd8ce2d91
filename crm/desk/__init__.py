"""Build the coordinators' desk: the site, its reads, the board, My day, figures and pages for paper.

The pages themselves stand in crm/admin. Imports accounts and leads. Begin with site.py, then queries.py.
"""
