"""Live many lives: what the suite does with a few records, with as many as are wanted.

Exit code 1 when something did not hold of one; its steps are said with its seed, which lives it again.
"""

import os
import re
import sys
import time
from argparse import ArgumentParser

import pytest

# Whose lives, by the tests that live them.
TESTS = {"records": "tests/intake/assessment/test_lives.py", "leads": "tests/crm/followups/test_lives.py"}


class Failed:
    """Listens to pytest, whichever process runs a test: says at once what went wrong, and keeps the seeds."""

    def __init__(self) -> None:
        self.seeds: set[int] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.seeds |= {int(seed) for seed in re.findall(r"\blife (\d+): ", report.longreprtext)}
            sys.stderr.write(f"\n{report.longreprtext}\n")


def main() -> int:
    about = "Random lives, beside a model of their own. Other options go to pytest: -n 2 for two cores."
    parser = ArgumentParser(prog="script/lives", description=about)
    whose = "records: what is known and decided; leads: mails, wishes, tasks and visits"
    parser.add_argument("--of", choices=TESTS, default="records", help=whose)
    parser.add_argument("--records", type=int, default=2000, help="how many people; two a life")
    parser.add_argument("--seed", type=int, default=0, help="of the first life")
    options, more = parser.parse_known_args()
    os.environ |= {"LIVES_RECORDS": str(options.records), "LIVES_SEED": str(options.seed)}
    begun, found = time.monotonic(), Failed()
    how = ["-q", "--tb=short", "--show-capture=no", "-p", "no:cacheprovider", *more]
    wrong = int(pytest.main([TESTS[options.of], *how], plugins=[found]))
    verdict = f"FAILED, seeds {sorted(found.seeds)}" if wrong else "all held"
    took = time.monotonic() - begun
    sys.stdout.write(f"{options.records} {options.of} from seed {options.seed} on: {verdict}, {took:.0f} s\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
