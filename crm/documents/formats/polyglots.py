"""Tell whether a program that guesses could run a paper as a page or a script, or open it as an archive.

Marks are long or stand together, so that none turns up by chance in the bytes of a picture: a lone `<html` in a comment
is no page.
"""

import re
from typing import BinaryIO

from crm.documents.formats import blocks

_HANDLER = re.compile(
    rb"<(?:svg|img|body|iframe|video|audio|input|details|object|embed|form|math|style|link)\s[^<>]{0,300}?\bon[a-z]{3,20}\s*="
)
_REFRESH = re.compile(rb"<meta\s[^<>]{0,200}?http-equiv")
_PHP = re.compile(rb"<\?php\s")
_OPENS = re.compile(rb"<(?:!doctype\s+)?html(?:\s[\x20-\x3b\x3d\x3f-\x7e\s]{0,300})?>")
_GOES_ON = re.compile(rb"</html\s*>|<(?:head|body|title|meta|form|iframe|script|style)[\s>]")
_ARCHIVES = (b"rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c")  # their programs look for these anywhere (in lower case here)


def holds_a_page(file: BinaryIO) -> bool:
    """Tell whether there is a page, a script that would run, or an archive of another kind anywhere in the file."""
    opened = goes_on = False
    for _, block in blocks.of(file):
        small = block.lower()
        if b"</script" in small or any(sign in small for sign in _ARCHIVES):
            return True
        if _HANDLER.search(small) or _REFRESH.search(small) or _PHP.search(small):
            return True
        opened = opened or bool(_OPENS.search(small))
        goes_on = goes_on or bool(_GOES_ON.search(small))
        if opened and goes_on:
            return True
    return False
