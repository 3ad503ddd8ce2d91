"""Mails as they are written: their words, their bytes, and the two ways out, SMTP and a provider.

Whether and when one leaves is decided in crm/outbox. Imports models and values, and no part of the domain above them.
Begin with emails.py: one function a mail.
"""
