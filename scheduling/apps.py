"""Providers, rooms, availability and appointments, as a Django app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SchedulingConfig(AppConfig):
    name = "scheduling"
    verbose_name = "Scheduling"

    def ready(self) -> None:
        from crm import registry
        from crm.enums.leads import Event
        from scheduling import calendar_answers, conditions, demo, figures, mails, my, personal_data, shipped, work
        from scheduling.actions import effects, new_address, openings, waitlist

        calendar_answers.hang_in()
        conditions.hang_in()
        figures.hang_in()
        my.hang_in()
        work.hang_in()
        personal_data.hang_in()
        registry.demo(demo.make)
        registry.listen({Event.DETAILS_CHANGED}, mails.follow_details)
        registry.listen({Event.DETAILS_CHANGED}, effects.ask_for_numbers)
        registry.listen({Event.DETAILS_CHANGED, Event.CALLED}, effects.follow_wish)
        registry.listen({Event.STAGE_MOVED}, effects.follow_stage)
        registry.listen({Event.STAGE_MOVED}, waitlist.leave_with_request)
        registry.place(openings.around_place)
        registry.new_address(new_address.tell)
        registry.listen({Event.SUBMITTED, Event.ANSWERED}, effects.ask_for_estimates)
        for name in (mails.REMINDER, *mails.CONFIRMATIONS):
            registry.writer(name, mails.write)
        post_migrate.connect(shipped.ensure_types, sender=self)
