"""The sequences that come with the product, one TOML file each in shipped/. Their bodies become versions in the
database after every migration (crm/followups/published.py)."""

import tomllib
from functools import cache
from pathlib import Path

from crm.sequences.definition import Definition, read

FOLDER = Path(__file__).parent / "shipped"


@cache
def shipped() -> tuple[Definition, ...]:
    """Return all shipped sequences in the order of their file names. Raises SequenceRefused for one with mistakes."""
    return tuple(read(tomllib.loads(path.read_text())) for path in sorted(FOLDER.glob("*.toml")))
