"""Who may do what: one table of roles and permissions, from which the groups are made."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet

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


def as_table() -> str:
    """docs/roles.md's table, in Markdown: one permission a line, one role a column."""
    roles = list(PERMISSIONS)
    names = sorted({name for held in PERMISSIONS.values() for name in held})
    head = [
        "| permission | " + " | ".join(role.replace("_", " ") for role in roles) + " |",
        "|---|" + "---|" * len(roles),
    ]
    return "\n".join([*head, *(_line(name, roles) for name in names)])


def _line(name: str, roles: list[str]) -> str:
    return f"| `{name}` | " + " | ".join("yes" if name in PERMISSIONS[role] else "" for role in roles) + " |"


class RoleBackend(ModelBackend):
    """Django's sign-in by e-mail and password, with permissions from roles alone: one query fewer on every page."""

    def _get_user_permissions(self, user_obj: AbstractBaseUser) -> QuerySet[Permission]:
        return Permission.objects.none()


def ensure_groups() -> None:
    """Makes one group a role and gives it exactly the permissions of the table. Safe to run again."""
    for role, names in PERMISSIONS.items():
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.set(permissions_named(names))


def permissions_named(names: list[str]) -> QuerySet[Permission]:
    """The permissions of "app.codename" strings. Raises LookupError when one does not exist."""
    wanted = Q(pk__in=[])
    for name in names:
        app, _, codename = name.partition(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    found = Permission.objects.filter(wanted)
    if len(found) != len(set(names)):
        raise LookupError("A role names a permission that does not exist: migrate first, or mend crm/roles.py.")
    return found


def groups_named(*roles: str) -> list[Group]:
    """The groups of some roles. Raises Group.DoesNotExist for an unknown one."""
    return [Group.objects.get(name=role) for role in roles]
