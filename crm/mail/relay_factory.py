"""The way out for mail: a mail server or a provider, whichever the environment names."""

from crm.environment import Provider, SmtpServer
from crm.mail.provider import ProviderRelay
from crm.mail.relay import Relay
from crm.mail.smtp import SmtpRelay


def to(server: SmtpServer | Provider) -> Relay:
    """Return the way out through this server or provider. Connects to nothing yet."""
    return ProviderRelay(server) if isinstance(server, Provider) else SmtpRelay(server)
