"""People who sign in. The e-mail address is the name."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from crm.models.base import Row
from crm.models.location import validate_hours


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a user, who can sign in when `password` is given and otherwise has an unusable password."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(Row, AbstractBaseUser, PermissionsMixin):
    email = models.EmailField("e-mail", max_length=254, unique=True, error_messages={"unique": "This e-mail is taken."})
    name = models.CharField(max_length=120)
    is_staff = models.BooleanField("may open the desk", default=False)
    is_active = models.BooleanField("active", default=True)
    locations = models.ManyToManyField(
        "crm.Location", blank=True, related_name="staff", help_text="Sees the leads of these; of all when empty."
    )
    takes_leads = models.BooleanField("takes new leads", default=True, help_text="When they are shared out in turn.")
    languages = ArrayField(
        models.CharField(max_length=10), default=list, blank=True, help_text="Spoken beside English, such as es."
    )
    licensed_states = ArrayField(
        models.CharField(max_length=2), default=list, blank=True, help_text="Two-letter codes; empty: everywhere."
    )
    hours = models.JSONField(
        default=dict, blank=True, validators=[validate_hours], help_text="Working hours; empty: those of the location."
    )
    digest_at = models.PositiveSmallIntegerField(
        "daily mail",
        null=True,
        blank=True,
        validators=[MaxValueValidator(23)],
        help_text="The hour at which a mail says how many notices are new, on the center's clock. Empty: none.",
    )
    last_lead_at = models.DateTimeField(null=True, blank=True, editable=False)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)
    set_up_by = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text="Who last made this account, or changed its address, roles or password for its owner.",
    )
    set_up_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_once"),
            models.CheckConstraint(
                condition=models.Q(set_up_by__isnull=True, set_up_at__isnull=True)
                | models.Q(set_up_by__isnull=False, set_up_at__isnull=False),
                name="user_set_up_by_and_at",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.partition(" ")[0]
