"""What a guard of the product is, to script/mutants, and what can become of it."""

from dataclasses import dataclass
from enum import StrEnum

# Whoever breaks one of these changes what stands in a new database: a copy of one made before would not show it.
_SHAPES_THE_DATABASE = ("/migrations/", "/models/", "/grants.py", "/stages.py", "/roles.py", "/sequences")


class Verdict(StrEnum):
    KILLED = "killed"
    HUNG = "hung"
    SURVIVED = "SURVIVED"
    NOT_FOUND = "NOT FOUND"
    NOT_RUN = "NOT RUN"


CAUGHT = {Verdict.KILLED, Verdict.HUNG}


@dataclass(frozen=True)
class Guard:
    """`source` stands exactly once in `file`; with `replacement` instead, `test` (a pytest address below tests/) has
    to fail."""

    name: str
    file: str
    source: str
    replacement: str
    test: str

    @property
    def test_function(self) -> str:
        """Return the address of the test without its parameters."""
        return self.test.partition("[")[0]

    @property
    def is_rehearsal(self) -> bool:
        """Tell whether its test starts processes and looks at clocks: never two of those at once."""
        return self.test.startswith(("faults/", "e2e/"))

    @property
    def shapes_the_database(self) -> bool:
        return any(part in f"/{self.file}" for part in _SHAPES_THE_DATABASE)
