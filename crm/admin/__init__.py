"""The coordinators' desk, on django-unfold: the list of leads, the page of one, and what an administrator keeps."""

from crm import registry
from crm.admin import (
    bell,
    board,
    figures,
    inbound,
    leads,
    locations,
    mail_texts,
    messages,
    my_day,
    referrers,
    reviews,
    sending,
    sequences,
    set_aside,
    stage_rules,
    tasks,
    users,
)
from crm.admin.lead import consents as lead_consents
from crm.admin.lead import contacts as lead_contacts
from crm.admin.lead import corrections as lead_corrections
from crm.admin.lead import documents as lead_documents
from crm.admin.lead import follow_ups as lead_follow_ups
from crm.admin.lead import imaging as lead_imaging
from crm.admin.lead import messages as lead_messages
from crm.admin.lead import private as lead_private
from crm.admin.lead import referrals as lead_referrals
from crm.admin.lead import safety as lead_safety
from crm.admin.lead import scores as lead_scores
from crm.desk import my_day as work_list
from crm.desk import site as desk

desk.set_home(my_day.page)
desk.add_pages(my_day.urls, board.urls, reviews.urls, bell.urls, figures.urls)
registry.waiting(work_list.waiting)
inbound.register()
lead_consents.register()
lead_contacts.register()
lead_corrections.register()
lead_scores.register()
lead_referrals.register()
lead_messages.register()
lead_private.register()
lead_safety.register()
lead_imaging.register()
lead_documents.register()
lead_follow_ups.register()
reviews.register()
set_aside.register()

__all__ = [
    "bell",
    "board",
    "figures",
    "inbound",
    "lead_consents",
    "lead_contacts",
    "lead_corrections",
    "lead_documents",
    "lead_follow_ups",
    "lead_imaging",
    "lead_messages",
    "lead_private",
    "lead_referrals",
    "lead_safety",
    "lead_scores",
    "leads",
    "locations",
    "mail_texts",
    "messages",
    "my_day",
    "referrers",
    "reviews",
    "sending",
    "sequences",
    "set_aside",
    "stage_rules",
    "tasks",
    "users",
]
