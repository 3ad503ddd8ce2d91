"""Who may do what: one table of roles and permissions, from which the groups are made (crm/accounts/groups.py)."""

import re

# What everybody needs who speaks with people: who they are and how they are reached, and nothing that they answered.
_CONTACT = [
    "crm.view_lead",
    "crm.change_lead",
    "crm.add_lead",
    "crm.add_activity",
    "crm.view_task",
    "crm.change_task",
    "crm.view_location",
    "crm.view_contactperson",
    "crm.add_contactperson",
    "crm.change_contactperson",
    "crm.view_stagerule",
    "scheduling.view_appointment",
    "scheduling.add_appointment",
    "scheduling.change_appointment",
    "scheduling.view_resource",
    "scheduling.view_appointmenttype",
    "scheduling.view_scheduleexception",
    "scheduling.view_waitlistentry",
]
_ANSWERS = [
    "crm.view_treatment",
    "crm.view_measurement",
    "crm.view_activity",
    "crm.view_message",
    "crm.view_consentrecord",
    "intake.view_submission",
    "intake.view_assessment",
    "intake.view_coverage",
    "intake.view_verification",
    "intake.view_plan",
    "intake.view_question",
    "intake.view_quarantinedrequest",
    "crm.view_oncallshift",
    "crm.view_emergencycount",
    "crm.view_privatemessage",
    "crm.view_document",
    "crm.view_imagingstudy",
    "crm.view_referringpractice",
    "crm.view_referral",
    "crm.view_enrollment",
    "crm.view_mailtext",
    "crm.view_inboundmail",
    "crm.view_setasidemail",
    "crm.view_sequenceversion",
    "crm.view_reviewdecision",
    "crm.view_consultation",
]
_WORK = [
    "crm.add_treatment",
    "crm.change_treatment",
    "crm.add_measurement",
    "crm.add_privatemessage",
    "crm.add_document",
    "crm.add_imagingstudy",
    "crm.change_imagingstudy",
    "crm.add_referringpractice",
    "crm.change_referringpractice",
    "crm.add_referral",
    "crm.change_referral",
    "crm.change_enrollment",
    "crm.change_setasidemail",
    "intake.add_submission",
    "intake.override_outcome",
    "intake.change_coverage",
    "intake.add_verification",
    "intake.change_question",
    "intake.decide_quarantine",
    "intake.decide_unproven",
]
_COORDINATE = [*_CONTACT, *_ANSWERS, *_WORK]
_DECIDE = ["crm.clear_urgent", "crm.release_document", "crm.review_imagingstudy", "crm.decide_review"]
_LEAD_THE_DESK = [
    "scheduling.overbook",
    "scheduling.add_scheduleexception",
    "scheduling.change_scheduleexception",
    "scheduling.delete_scheduleexception",
    "crm.assign_lead",
    "crm.view_user",
    "crm.view_absence",
    "crm.view_figures",
    "crm.view_snippet",
    "crm.add_snippet",
    "crm.change_snippet",
]
_ADMINISTER = [
    "crm.clear_urgent",
    "crm.release_document",
    "crm.add_oncallshift",
    "crm.change_oncallshift",
    "crm.delete_oncallshift",
    "crm.add_location",
    "crm.change_location",
    "crm.add_user",
    "crm.change_user",
    "crm.add_absence",
    "crm.change_absence",
    "crm.delete_absence",
    "crm.view_accessevent",
    "intake.add_plan",
    "intake.change_plan",
    "crm.change_mailtext",
    "crm.change_sending",
    "crm.change_stagerule",
    "crm.add_sequenceversion",
    "crm.change_sequenceversion",
    "scheduling.add_resource",
    "scheduling.change_resource",
    "scheduling.add_appointmenttype",
    "scheduling.change_appointmenttype",
    "scheduling.add_weeklyrule",
    "scheduling.change_weeklyrule",
    "scheduling.delete_weeklyrule",
    "scheduling.view_weeklyrule",
    "scheduling.view_busycalendar",
    "scheduling.add_busycalendar",
    "scheduling.change_busycalendar",
    "scheduling.delete_busycalendar",
]

PERMISSIONS: dict[str, list[str]] = {
    "coordinator": _COORDINATE,
    "lead_coordinator": [*_COORDINATE, *_LEAD_THE_DESK],
    "clinician": [*_COORDINATE, *_DECIDE],
    "front_desk": _CONTACT,
    "marketing": ["crm.view_figures"],
    "administrator": [*_COORDINATE, *_LEAD_THE_DESK, *_ADMINISTER],
}
# One sentence each, for people: docs/roles.md and the page of a person who signs in.
IN_WORDS: dict[str, str] = {
    "coordinator": "Works requests from the first call to the booking; sees everything about their locations' leads.",
    "lead_coordinator": "A coordinator who also shares leads out, hands them over and sees the figures.",
    "clinician": "A coordinator who also decides clinical reviews, lifts safety holds and releases documents.",
    "front_desk": "Sees who somebody is and how to reach them; never what they answered, sent or were told.",
    "marketing": "Sees figures. No person, no record.",
    "administrator": "A lead coordinator who also keeps locations, people, texts, sequences and the access log.",
}
TAKE_LEADS = ["coordinator", "lead_coordinator"]  # in turn
OWN_LEADS = [*TAKE_LEADS, "clinician", "administrator"]  # given by hand


def as_page(page: str) -> str:
    """Return docs/roles.md with its list and its table as the roles are now; the words around them stay."""
    roles = (f"- **{role.replace('_', ' ')}**: {sentence}\n" for role, sentence in IN_WORDS.items())
    with_list = _LIST.sub(lambda _: "".join(roles), page, count=1)
    return _TABLE.sub(lambda _: f"{as_table()}\n", with_list, count=1)


_LIST, _TABLE = re.compile(r"(?m)(?:^- \*\*.*\n)+"), re.compile(r"(?m)(?:^\|.*\n)+")


def as_table() -> str:
    """Return the roles as a table in Markdown: one permission a line, one role a column."""
    roles = list(PERMISSIONS)
    names = sorted({name for held in PERMISSIONS.values() for name in held})
    head = [
        "| permission | " + " | ".join(role.replace("_", " ") for role in roles) + " |",
        "|---|" + "---|" * len(roles),
    ]
    return "\n".join([*head, *(_line(name, roles) for name in names)])


def _line(name: str, roles: list[str]) -> str:
    return f"| `{name}` | " + " | ".join("yes" if name in PERMISSIONS[role] else "" for role in roles) + " |"
