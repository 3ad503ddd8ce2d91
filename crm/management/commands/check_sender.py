"""Says what is missing before large providers take our mail: SPF, DKIM, DMARC, PTR."""

from argparse import ArgumentParser
from typing import Any

import dns.exception
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from crm.mail import dns_check
from crm.models import Location


class Command(BaseCommand):
    help = "Looks up SPF, DKIM, DMARC and PTR of every sender and prints what to add. Exit code 1 when something is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--selector", default="mail", help="of the DKIM key, as your provider calls it (mail)")
        parser.add_argument("--resolver", default="", help="DNS server to ask, as address or address:port")

    def handle(self, *_args: Any, selector: str, resolver: str, **_options: Any) -> None:
        address, _, port = resolver.partition(":")
        using = dns_check.resolver(address, int(port or 53))
        senders = {one.sender_email.rpartition("@")[2] for one in Location.objects.filter(is_active=True)}
        if not senders:
            raise CommandError("There is no active location yet: add one with its sender first.")
        try:
            missing = sum(self._tell(domain, selector, using) for domain in sorted(senders))
        except dns.exception.DNSException as trouble:
            raise CommandError(
                f"No DNS server answered ({type(trouble).__name__}): try again, or name one with --resolver."
            ) from None
        if missing:
            raise CommandError(f"{missing} to mend.")

    def _tell(self, domain: str, selector: str, using: Any) -> int:
        """Print what was found about one domain; return how many things are missing."""
        self.stdout.write(domain)
        found = dns_check.check(domain, selector=selector, host=settings.MAIL_SERVER.host, using=using)
        for one in found:
            self.stdout.write(f"  {'ok     ' if one.is_there else 'MISSING'} {one.name:<6}{one.found}")
            if one.mend:
                self.stdout.write(f"          {one.mend}")
        return sum(not one.is_there for one in found)
