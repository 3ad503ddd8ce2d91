"""Who may do what: one table of roles and permissions, from which the groups are made."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet

_SEE_THE_DESK = [
    "crm.view_lead",
    "crm.view_treatment",
    "crm.view_measurement",
    "crm.view_activity",
    "crm.view_task",
    "crm.view_message",
    "crm.view_consentrecord",
    "crm.view_location",
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
    "crm.view_contactperson",
    "crm.view_document",
    "crm.view_imagingstudy",
    "crm.view_referringpractice",
    "crm.view_referral",
    "crm.view_enrolment",
    "crm.view_mailtext",
    "crm.view_inboundmail",
    "crm.view_sequenceversion",
]
_WORK_THE_DESK = [
    *_SEE_THE_DESK,
    "crm.change_lead",
    "crm.add_treatment",
    "crm.change_treatment",
    "crm.add_activity",
    "crm.change_task",
    "crm.add_measurement",
    "crm.add_privatemessage",
    "crm.add_contactperson",
    "crm.change_contactperson",
    "crm.add_document",
    "crm.add_imagingstudy",
    "crm.change_imagingstudy",
    "crm.add_referringpractice",
    "crm.change_referringpractice",
    "crm.add_referral",
    "crm.change_referral",
    "crm.change_enrolment",
    "intake.override_outcome",
    "intake.change_coverage",
    "intake.add_verification",
    "intake.change_question",
    "intake.decide_quarantine",
]

PERMISSIONS: dict[str, list[str]] = {
    "coordinator": _WORK_THE_DESK,
    "clinician": [*_WORK_THE_DESK, "crm.clear_urgent", "crm.release_document", "crm.review_imagingstudy"],
    "administrator": [
        *_WORK_THE_DESK,
        "crm.clear_urgent",
        "crm.release_document",
        "crm.add_oncallshift",
        "crm.change_oncallshift",
        "crm.delete_oncallshift",
        "crm.add_location",
        "crm.change_location",
        "crm.view_user",
        "crm.add_user",
        "crm.change_user",
        "crm.view_accessevent",
        "intake.add_plan",
        "intake.change_plan",
        "crm.change_mailtext",
        "crm.change_sending",
        "crm.add_sequenceversion",
        "crm.change_sequenceversion",
        "crm.view_snippet",
        "crm.add_snippet",
        "crm.change_snippet",
    ],
}


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
