"""The form with which staff sign in, and what it says to those who have to wait."""

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from crm.accounts import sign_in_limits
from crm.errors import Busy

BUSY_SECONDS = 5
TOO_MANY = "Too many wrong passwords for this account."
WAY_IN = "If this happens again and again, ask an administrator to mail you a link to set your password."


class SignInForm(AdminAuthenticationForm):
    """`status` and `wait` (seconds) are set when nothing was tried: 429 after too many wrong passwords, 503 when too
    many people sign in at once."""

    status, wait = 200, 0

    def clean(self) -> dict[str, Any]:
        name = self.cleaned_data.get("username")
        if self.request is None or not name or not self.cleaned_data.get("password"):
            return super().clean()
        tried = sign_in_limits.begin(self.request, name, now=timezone.now())
        if tried.wait:
            raise self._later(429, tried.wait, f"{TOO_MANY} Wait {_in_words(tried.wait)}, then try again. {WAY_IN}")
        try:
            cleaned = super().clean()
        except Busy:
            sign_in_limits.was_not_judged(tried)
            sentence = "Many people are signing in right now. Please try again in a few seconds."
            raise self._later(503, BUSY_SECONDS, sentence) from None
        sign_in_limits.was_right(tried)
        return cleaned

    def _later(self, status: int, wait: int, sentence: str) -> ValidationError:
        self.status, self.wait = status, wait
        return ValidationError(sentence)


def finish(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Say in HTTP that the form asks to wait (status, Retry-After), and remember a browser that has signed in."""
    if isinstance(response, TemplateResponse) and response.context_data:
        form = response.context_data.get("form")
        if isinstance(form, SignInForm) and form.wait:
            response.status_code, response.headers["Retry-After"] = form.status, str(form.wait)
    elif request.user.is_authenticated:
        sign_in_limits.remember(response, request.user.get_username())
    return response


def _in_words(seconds: int) -> str:
    return "1 second" if seconds == 1 else f"{seconds} seconds"
