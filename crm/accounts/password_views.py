"""The page on which somebody of staff sets a password: opened by a link that only their own mailbox received."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpResponse
from django.urls import reverse, reverse_lazy
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from crm.accounts import sign_in_limits
from crm.mail.placeholders import PLACEHOLDERS
from crm.models import Message, User

LINK_MARK = "{set_password_link}"


class SetPassword(PasswordResetConfirmView):
    """Django's own: the token works once, for a time (PASSWORD_RESET_TIMEOUT), and leaves the address at once. The
    browser is known from then on, so that nobody who tries this account keeps its owner waiting."""

    template_name = "crm/accounts/set_password.html"
    success_url = reverse_lazy("admin:index")

    def form_valid(self, form: Any) -> HttpResponse:
        """Set the password, and remember the browser as a sign-in does."""
        response = super().form_valid(form)
        sign_in_limits.remember(response, form.user.get_username())
        return response


def link_of(message: Message, _now: datetime) -> str:
    """Return the address at which the owner of the mail's account sets a password; the sign-in page for an account
    that is gone."""
    user = User.objects.filter(email=message.to_email, is_active=True).first()
    values: dict[str, Any] = {}
    if user is not None:
        uid = urlsafe_base64_encode(force_bytes(user.pk))
        values = {"uidb64": uid, "token": default_token_generator.make_token(user)}
    where = reverse("admin:crm_set_password", kwargs=values) if values else reverse("admin:index")
    return settings.SITE_URL.rstrip("/") + where


def register() -> None:
    """Tell the outbox what stands for the link in a mail. Called once, when the app is ready."""
    PLACEHOLDERS[LINK_MARK] = link_of
