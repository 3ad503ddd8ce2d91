"""Appointments. Builds on crm and never on intake; holds nothing yet."""
