"""National Provider Identifiers: ten digits whose last one checks the others (45 CFR 162.406)."""

from django.core.exceptions import ValidationError

# The Luhn sum runs over the card-issuer prefix 80840 and the number (CMS, "Requirements for NPI check digit").
PREFIX = "80840"


def is_npi(text: str) -> bool:
    """Tell whether a text is ten digits, the first 1 or 2, whose check digit is right."""
    in_order = len(text) == 10 and text.isascii() and text.isdigit() and text[0] in "12"
    return in_order and _luhn(PREFIX + text) % 10 == 0


def _luhn(digits: str) -> int:
    """Return the Luhn sum, in which, from the right, every second digit counts twice and two digits are added up."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(value // 10 + value % 10 for value in doubled)


def validate_npi(value: str) -> None:
    """Refuse (ValidationError) what is no National Provider Identifier."""
    if not is_npi(value):
        raise ValidationError("This is no NPI: ten digits, of which the last checks the others. Look for a slip.")
