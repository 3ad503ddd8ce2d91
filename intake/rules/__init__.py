"""The clinical and insurance rules: candidacy, adequate trials, criteria of insurers, warning signs in answers.

Pure: no database, no clock, no settings. Imports the questionnaire. Begin with candidacy.py; snapshot.py is what it
looks at.
"""
