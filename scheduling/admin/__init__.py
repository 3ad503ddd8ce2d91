"""The desk's side of scheduling: resources and rules, booking for a lead, calendars, the day at the front desk."""

from crm.desk import site as desk
from scheduling.admin import calendar, lead_appointments, resources, waiting

desk.add_pages(calendar.urls)
lead_appointments.register()

__all__ = ["calendar", "lead_appointments", "resources", "waiting"]
