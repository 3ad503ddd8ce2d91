"""The way out for mail: a mail server or a provider, whichever the environment names."""

from crm.environment import Provider, SmtpServer
from crm.handing_over import Relay
from crm.provider import ProviderRelay
from crm.smtp import SmtpRelay


def to(server: SmtpServer | Provider) -> Relay:
    """Connects to nothing yet."""
    return ProviderRelay(server) if isinstance(server, Provider) else SmtpRelay(server)
