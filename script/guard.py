"""What a guard of the product is, to script/mutants."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Guard:
    """`test` is a pytest address below tests/."""

    name: str
    file: str
    source: str
    replacement: str
    test: str
