"""The roles of crm/roles.py as groups in the database, and the sign-in that asks for nothing else."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet

from crm import roles


class RoleBackend(ModelBackend):
    """Django's sign-in by e-mail and password, with permissions from roles alone: one query fewer on every page."""

    def _get_user_permissions(self, user_obj: AbstractBaseUser) -> QuerySet[Permission]:
        return Permission.objects.none()


def ensure_groups() -> None:
    """Make one group a role and give it exactly the permissions of the table. Safe to run again."""
    for role, names in roles.PERMISSIONS.items():
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.set(permissions_named(names))


def permissions_named(names: list[str]) -> QuerySet[Permission]:
    """Return the permissions of "app.codename" strings. Raises LookupError when one does not exist."""
    wanted = Q(pk__in=[])
    for name in names:
        app, _, codename = name.partition(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    found = Permission.objects.filter(wanted)
    if len(found) != len(set(names)):
        raise LookupError("A role names a permission that does not exist: migrate first, or mend crm/roles.py.")
    return found


def groups_named(*names: str) -> list[Group]:
    """Return the groups of some roles. Raises Group.DoesNotExist for an unknown one."""
    return [Group.objects.get(name=role) for role in names]
