"""The domain of an e-mail address as mail servers know it. Pure."""

import idna

LONGEST_DOMAIN, LONGEST_LABEL = 255, 63  # RFC 1035


def in_ascii(domain: str) -> str | None:
    """Return a domain in ASCII, by IDNA 2008: ß is a letter of its own, and `ss` somebody else's domain. None for what
    no server can have."""
    if domain.isascii():
        return domain if _is_host(domain) else None
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:
        return None


def _is_host(domain: str) -> bool:
    labels = domain.removesuffix(".").split(".")
    return len(domain) < LONGEST_DOMAIN and all(0 < len(label) <= LONGEST_LABEL for label in labels)
