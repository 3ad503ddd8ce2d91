"""What people type, made safe to store, to show and to put into a mail header, without changing what they meant."""

import re
import unicodedata

import idna

LONGEST_DOMAIN = 255
# Control characters, and the marks that reorder text (Unicode Standard Annex 9): a name with them reads as another.
_LINE_BREAKS = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029\t]+")
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
_DASHES = re.compile(r"[-\u2010-\u2015\u2212]+")
_SPACES = re.compile(r"[\s\u2800]+")  # blank braille is a blank
# Joiners, fillers, selectors and tags: they belong to letters, emoji and some scripts, and alone show nothing.
_NOTHING = re.compile(
    r"[ \u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200c\u200d\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]*"
)


def one_line(text: str) -> str:
    """Return one line in Unicode NFC without control or reordering characters; runs of white space become one blank.
    "" for what shows nothing at all."""
    text = _INVISIBLE.sub("", _LINE_BREAKS.sub(" ", text))
    text = _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()
    return "" if _NOTHING.fullmatch(text) else text


def several_lines(text: str) -> str:
    """Clean every line as `one_line` does; each end of a line becomes one newline."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(map(one_line, lines)).strip()


def name_key(*names: str) -> str:
    """Return a key that is equal for the same person's name however it was typed: case, the accents of Latin letters,
    blanks and hyphens do not count. The marks of other scripts do: they are vowels and tones."""
    plain = unicodedata.normalize("NFKD", " ".join(names)).casefold()
    return "".join(character for character in plain if character.isalnum() or _is_told_by(character))


def last_name(text: str) -> str:
    """Return "" for the dash of somebody who has one name only."""
    return "" if _DASHES.fullmatch(text) else text


def _is_told_by(character: str) -> bool:
    if "\u0300" <= character <= "\u036f" or _NOTHING.fullmatch(character):
        return False
    return unicodedata.category(character).startswith("M")


def email_address(text: str) -> str:
    """Return the address with its domain in lower case and in the letters of its script, whichever of its two spellings
    (RFC 5891) was typed. The part before the @ keeps its case: it may matter (RFC 5321 2.4)."""
    local, at, domain = one_line(text).rpartition("@")
    return f"{local}{at}{_in_letters(unicodedata.normalize('NFC', domain.lower()))}"


def mailbox_key(address: str) -> str:
    """Return a key that is equal for the same mailbox, however its address is spelled."""
    return email_address(address).lower()


def spellings(address: str) -> list[str]:
    """Return how an address may stand on record: in the letters of its script, and in ASCII where that differs."""
    local, at, domain = email_address(address).rpartition("@")
    return list(dict.fromkeys(f"{local}{at}{one}" for one in (domain, _in_ascii(domain))))


def _in_letters(domain: str) -> str:
    if domain.isascii() and "xn--" not in domain:
        return domain
    try:
        return idna.decode(_in_ascii(domain))
    except UnicodeError:
        return domain


def _in_ascii(domain: str) -> str:
    """Return a domain in ASCII; as it is, where it is no domain of IDNA 2008."""
    if domain.isascii() or len(domain) > LONGEST_DOMAIN:
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:
        return domain


def is_public_domain(address: str) -> bool:
    """Tell whether an address has a public domain: False for a@localhost and a@[127.0.0.1], which Django's validator
    lets pass and no mail can reach."""
    domain = address.rpartition("@")[2]
    return "." in domain and not domain.startswith("[")


def storable(text: str) -> str:
    """Return a text without what a database takes in no text: NUL, and halves of surrogate pairs (bytes that the parser
    could not read are UTF-8 more often than not)."""
    if not text.isascii():
        try:
            text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        except UnicodeEncodeError:
            text = text.encode("utf-8", "replace").decode("utf-8")
    return text.replace("\x00", "")
