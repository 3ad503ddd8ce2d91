"""Telephone numbers: what people type, as it stands on record, as pages show it, and as a telephone dials it.

On record stands E.164, with "x" and the extension behind it where there is one: +12125550123x45. So one column holds
both, and whoever copies, compares or shows a number keeps the extension without knowing of it.
"""

import re
import unicodedata

import phonenumbers

from crm.values.normalize import one_line

LONGEST = 20  # characters on record: a plus, 15 digits at most, and what is left for the extension
OURS = "US"  # where a number is that names no country
EXTENSION = "x"
PAUSES = ",,"  # of about two seconds each, until the switchboard listens
_ABROAD = re.compile(r"\A[^\d+]*00(?=\D*[1-9])")  # dialed in most of the world; ours is 011
# A slash before an x begins another number for the library, which drops it; of "ext. #45" it understands nothing.
_IN_THE_WAY = re.compile(r"[/\\](?=\s*x)|(?<=[a-z.])\s*#(?=\s*\d)", re.IGNORECASE)
_WITHIN_A_COUNTRY = re.compile(r"[^\d+]*0\D*[1-9]")


def read(text: str) -> str:
    """Return a number as it stands on record, however it was written; "" for what is none. Without a country it is one
    of ours. Longer than LONGEST where the extension is."""
    try:
        number = phonenumbers.parse(_plainly(text), OURS)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    record = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{record}{EXTENSION}{number.extension}" if number.extension else record


def lacks_country(text: str) -> bool:
    """Return whether it begins as numbers do within most other countries; none of ours begins with a zero."""
    return bool(_WITHIN_A_COUNTRY.match(_plainly(text)))


def number_of(record: str) -> str:
    """Return the number without its extension: it is reached by whoever picks up there."""
    return record.partition(EXTENSION)[0]


def in_words(record: str) -> str:
    """Return it as people write it: (212) 555-0100 ext. 45, and +44 20 7946 0000 from abroad. What is none stays."""
    try:
        number = phonenumbers.parse(record)
    except phonenumbers.NumberParseException:
        return record
    at_home = number.country_code == 1
    style = phonenumbers.PhoneNumberFormat.NATIONAL if at_home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, style)


def dialed(record: str) -> str:
    """Return what stands behind `tel:` in a link. The extension follows after pauses, which telephones dial; of the
    `;ext=` of RFC 3966 Android dials the letters too, and an iPhone leaves it to a press during the call."""
    return record.replace(EXTENSION, PAUSES)


def _plainly(text: str) -> str:
    """Return a text without signs that show nothing, in common digits, and with a plus for the zeros that lead
    abroad."""
    shown = (sign for sign in unicodedata.normalize("NFKC", text) if unicodedata.category(sign) != "Cf")
    return _IN_THE_WAY.sub(" ", _ABROAD.sub("+", one_line("".join(shown)), count=1))
