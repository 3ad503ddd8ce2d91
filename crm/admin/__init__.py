"""The coordinators' desk, on django-unfold: the list of leads, the page of one, and what an administrator keeps."""

from crm import desk, registry, work_list
from crm.admin import (
    bell,
    board,
    figures,
    inbound,
    lead_consents,
    lead_contacts,
    lead_corrections,
    lead_documents,
    lead_follow_ups,
    lead_imaging,
    lead_messages,
    lead_private,
    lead_referrals,
    lead_safety,
    lead_scores,
    leads,
    mail_texts,
    my_day,
    outbox,
    people,
    pipeline,
    places,
    referrers,
    reviews,
    sending,
    sequences,
    set_aside,
)

desk.set_home(my_day.page)
desk.add_pages(my_day.urls, board.urls, reviews.urls, bell.urls, figures.urls)
registry.waiting(work_list.waiting)
inbound.hang_in()
lead_consents.hang_in()
lead_contacts.hang_in()
lead_corrections.hang_in()
lead_scores.hang_in()
lead_referrals.hang_in()
lead_messages.hang_in()
lead_private.hang_in()
lead_safety.hang_in()
lead_imaging.hang_in()
lead_documents.hang_in()
lead_follow_ups.hang_in()
reviews.hang_in()
set_aside.hang_in()

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
    "mail_texts",
    "my_day",
    "outbox",
    "people",
    "pipeline",
    "places",
    "referrers",
    "reviews",
    "sending",
    "sequences",
    "set_aside",
]
