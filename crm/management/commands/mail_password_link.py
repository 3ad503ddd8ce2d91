"""Mails somebody of staff the link to set a password: the way in when nobody can press the button at the desk."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from crm.accounts import actions as accounts
from crm.models import User


class Command(BaseCommand):
    help = "Mails a link to set a password. Whoever uses it is let in, however many strangers try the account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="with which the account signs in")

    def handle(self, *_args: Any, email: str, **_options: Any) -> None:
        user = User.objects.filter(email=email.strip().lower(), is_active=True, is_staff=True).first()
        if user is None:
            raise CommandError("No member of staff signs in with that address: look under People at the desk.")
        if not accounts.mail_password_link(user, now=timezone.now()):
            raise CommandError("There is no active location to send it from yet.")
        self.stdout.write("The link is on its way. It works once, and for three days.")
