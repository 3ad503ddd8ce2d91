"""Slips of the finger in the domain of an e-mail address: gmial.con. Pure."""

from string import ascii_lowercase

_NAMES = "gmail yahoo hotmail outlook icloud comcast verizon protonmail".split()
_ENDINGS = {"com": "con cmo ocm comm cim vom xom cpm om co cm coml comn cok", "net": "ner bet nte ne met"}
_ENDING_OF = {"comcast": "net", "verizon": "net"}
# Domains that exist, one slip away from another.
_REAL = {"ymail.com", "mail.com", "email.com", "yahoo.co"}


def _one_slip(name: str) -> set[str]:
    """Return what becomes of a name by one letter left out, twice, wrong or too many, or two of them turned around."""
    cuts = [(name[:place], name[place:]) for place in range(len(name) + 1)]
    left_out = {head + tail[1:] for head, tail in cuts if tail}
    turned = {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
    wrong = {head + letter + tail[1:] for head, tail in cuts if tail for letter in ascii_lowercase}
    too_many = {head + letter + tail for head, tail in cuts for letter in ascii_lowercase}
    return left_out | turned | wrong | too_many


_MEANT = {slip: name for name in _NAMES for slip in _one_slip(name)} | {name: name for name in _NAMES}
_MEANT_ENDING = {slip: ending for ending, slips in _ENDINGS.items() for slip in (ending, *slips.split())}


def meant(address: str) -> str:
    """Return the address that was probably meant; "" where nothing looks like a slip. Ask: both may be right."""
    local, _, domain = address.rpartition("@")
    name, _, ending = domain.partition(".")
    right, right_ending = _MEANT.get(name, ""), _MEANT_ENDING.get(ending, "")
    likely = f"{right}.{right_ending}"
    if not right or right_ending != _ENDING_OF.get(right, "com") or domain in {likely, *_REAL}:
        return ""
    return f"{local}@{likely}"
