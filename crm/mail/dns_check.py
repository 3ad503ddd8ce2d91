"""Check whether the world believes that we may send in our name: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489) and
the mail server's own name (PTR), as large providers ask of everybody who sends (docs/operations.md)."""

import ipaddress
from dataclasses import dataclass
from typing import Any

import dns.exception
import dns.resolver
import dns.reversename

SECONDS = 5.0


@dataclass(frozen=True)
class DnsFinding:
    """One thing that was looked for; `mend` says what to do when it is not there."""

    name: str
    is_there: bool
    found: str
    mend: str = ""


def resolver(server: str = "", port: int = 53) -> dns.resolver.Resolver:
    """Return a DNS resolver that asks the given server, or without one those that this machine is set up to ask."""
    made = dns.resolver.Resolver(configure=not server)
    if server:
        made.nameservers, made.port = [server], port
    made.lifetime = SECONDS
    return made


def check(domain: str, *, selector: str, host: str, using: dns.resolver.Resolver) -> list[DnsFinding]:
    """Look up what a domain says about who may send for it (SPF, DKIM under `selector`, DMARC), and whether `host`, our
    mail server, has a name that leads back to it."""
    return [_spf(domain, using), _dkim(domain, selector, using), _dmarc(domain, using), _ptr(host, using)]


def _spf(domain: str, using: dns.resolver.Resolver) -> DnsFinding:
    found = [text for text in _texts(domain, using) if text.lower().startswith("v=spf1")]
    mend = f'Add one TXT record at {domain}, such as "v=spf1 include:your-provider.example -all".'
    if len(found) > 1:
        return DnsFinding("SPF", False, " / ".join(found), f"There are {len(found)} SPF records at {domain}: keep one.")
    if found and found[0].lower().rstrip().endswith("+all"):
        return DnsFinding("SPF", False, found[0], "It lets everybody send in your name: end it with -all or ~all.")
    return DnsFinding("SPF", bool(found), found[0] if found else "", "" if found else mend)


def _dkim(domain: str, selector: str, using: dns.resolver.Resolver) -> DnsFinding:
    name = f"{selector}._domainkey.{domain}"
    key = next((text for text in _texts(name, using) if "p=" in text), "")
    tags = dict(part.strip().partition("=")[::2] for part in key.split(";") if "=" in part)
    is_there = bool(tags.get("p", "").strip())
    mend = f"Publish the key that your mail provider gives you as TXT at {name} (or name its selector with --selector)."
    return DnsFinding("DKIM", is_there, f"{key[:40]}…" if key else "", "" if is_there else mend)


def _dmarc(domain: str, using: dns.resolver.Resolver) -> DnsFinding:
    """Look for DMARC at the domain, or else at the domain of two labels that it belongs to."""
    parent = ".".join(domain.split(".")[-2:])
    for place in dict.fromkeys([domain, parent]):
        found = next((text for text in _texts(f"_dmarc.{place}", using) if text.lower().startswith("v=dmarc1")), "")
        if found:
            return DnsFinding("DMARC", True, found)
    return DnsFinding(
        "DMARC", False, "", f'Add a TXT record at _dmarc.{domain}: at least "v=DMARC1; p=none; rua=mailto:…".'
    )


def _ptr(host: str, using: dns.resolver.Resolver) -> DnsFinding:
    """Check that every address of the mail server has a name, and that this name leads back to the address."""
    addresses = _addresses(host, using)
    if not addresses:
        return DnsFinding("PTR", False, "", f"{host} has no address: check the name of the mail server.")
    for address in addresses:
        name = _first(str(dns.reversename.from_address(address)), "PTR", using).rstrip(".")
        if not name or address not in _addresses(name, using):
            mend = f"Ask whoever runs {address} for a reverse name that leads back to it."
            return DnsFinding("PTR", False, f"{address} → {name or 'nothing'}", mend)
    return DnsFinding("PTR", True, ", ".join(addresses))


def _addresses(host: str, using: dns.resolver.Resolver) -> list[str]:
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        return [str(one) for kind in ("A", "AAAA") for one in _ask(host, kind, using)]


def _texts(name: str, using: dns.resolver.Resolver) -> list[str]:
    return [b"".join(one.strings).decode("utf-8", "replace") for one in _ask(name, "TXT", using)]


def _first(name: str, kind: str, using: dns.resolver.Resolver) -> str:
    found = _ask(name, kind, using)
    return str(found[0]) if found else ""


def _ask(name: str, kind: str, using: dns.resolver.Resolver) -> list[Any]:
    """Return the DNS records of this kind, [] when there are none. Raises dns.exception.Timeout and others when nobody
    answers."""
    try:
        return list(using.resolve(name, kind))
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.resolver.NoNameservers):
        return []
