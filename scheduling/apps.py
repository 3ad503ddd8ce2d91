"""Providers, rooms, availability and appointments, as a Django app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SchedulingConfig(AppConfig):
    name = "scheduling"
    verbose_name = "Scheduling"

    def ready(self) -> None:
        from crm import registry
        from crm.enums.leads import Event
        from scheduling import default_types, demo, periodic
        from scheduling.actions import conditions, effects, mails, new_address, openings, waitlist
        from scheduling.admin import stats
        from scheduling.calendars import answers as calendar_answers
        from scheduling.portal import appointments, data_export

        calendar_answers.register()
        conditions.register()
        stats.register()
        appointments.register()
        periodic.register()
        data_export.register()
        registry.demo(demo.make)
        registry.listen({Event.DETAILS_CHANGED}, mails.follow_details)
        registry.listen({Event.DETAILS_CHANGED}, effects.ask_for_numbers)
        registry.listen({Event.DETAILS_CHANGED, Event.CALLED}, effects.follow_wish)
        registry.listen({Event.STAGE_MOVED}, effects.follow_stage)
        registry.listen({Event.STAGE_MOVED}, waitlist.leave_with_request)
        registry.around_location(openings.around_place)
        registry.new_address(new_address.tell)
        registry.listen({Event.SUBMITTED, Event.ANSWERED}, effects.ask_for_estimates)
        for name in (mails.REMINDER, *mails.CONFIRMATIONS):
            registry.writer(name, mails.write)
        post_migrate.connect(default_types.ensure_types, sender=self)
