"""Live many lives: what the suite does with a few dozen records, with as many as are wanted.

Exit code 1 when something did not hold of one; its seed and its steps are said, and the same seed lives it again.
"""

import os
import sys
import time
from argparse import ArgumentParser

import pytest

TESTS = "tests/intake/test_lives.py"


def main() -> int:
    parser = ArgumentParser(prog="script/lives", description="Random lives of records, beside a model of their own.")
    parser.add_argument("--records", type=int, default=2000, help="how many; two a life")
    parser.add_argument("--seed", type=int, default=0, help="of the first life")
    options, more = parser.parse_known_args()
    os.environ |= {"LIVES_RECORDS": str(options.records), "LIVES_SEED": str(options.seed)}
    begun = time.monotonic()
    failed = int(pytest.main([TESTS, "-q", "--tb=short", "-p", "no:cacheprovider", *more]))
    took = time.monotonic() - begun
    verdict = "FAILED" if failed else "all held"
    sys.stdout.write(f"{options.records} records from seed {options.seed} on: {verdict}, {took:.0f} s\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
