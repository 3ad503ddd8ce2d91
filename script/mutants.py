"""For each guard of the product: what happens to the tests when it is gone. Exit code 1 when nothing does.

Works on copies of the tree, one for each core, each with a database of its own. A guard is a piece of source that
stands exactly once in its file; with its replacement the named test has to fail. A guard that moved is reported like
one that survived, so that the table stays true.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import batched
from pathlib import Path

from script import embedded, test_databases
from script.guard import CAUGHT, Guard, Verdict
from script.guards import GUARDS
from script.mutation import Copy, Tried, words_of_failure

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "mutants_template"
TESTS_AT_ONCE = 24


def main() -> int:
    parser = ArgumentParser(prog="script/mutants", description="Breaks one guard after another; a test must notice.")
    parser.add_argument("words", nargs="*", help="only guards with one of these words in name or file")
    parser.add_argument("--copies", type=int, default=os.cpu_count() or 1, help="of the tree, at work at once")
    options = parser.parse_args()
    chosen = [g for g in GUARDS if not options.words or any(word in f"{g.name} {g.file}" for word in options.words)]
    if not chosen:
        parser.error("No guard has such a word in its name or file.")
    with ExitStack() as places:
        directory = Path(places.enter_context(tempfile.TemporaryDirectory(prefix="nucleus-mutants-")))
        return examine(chosen, copies_of_the_product(places, directory, count=max(1, options.copies)))


def examine(guards: Sequence[Guard], copies: Sequence[Copy]) -> int:
    """Run the tests as they are, then with each guard broken. Prints one line per guard and a table."""
    begun = time.monotonic()
    if trouble := _trouble_before(guards, copies):
        print(f"{trouble[-4000:]}\nThe tests fail as they are: mend that first.")
        return 1
    print(f"{len({guard.test for guard in guards})} tests pass as they are ({time.monotonic() - begun:.0f} s).")
    tried: list[Tried] = []

    def try_one(copy: Copy, guard: Guard) -> None:
        tried.append(copy.try_guard(guard))
        _show(tried[-1], done=len(tried), of=len(guards))

    _share_out(Jobs([g for g in guards if not g.is_rehearsal], [g for g in guards if g.is_rehearsal]), copies, try_one)
    _show_totals(tried, copies=len(copies), seconds=time.monotonic() - begun)
    return 0 if all(one.verdict in CAUGHT for one in tried) and len(tried) == len(guards) else 1


@dataclass
class Jobs[T]:
    """What is still to do. Of the rehearsals no two are given out at once."""

    quick: list[T]
    rehearsals: list[T]
    _rehearsing: threading.Lock = field(default_factory=threading.Lock)
    _taking: threading.Lock = field(default_factory=threading.Lock)

    def work(self, do: Callable[[T], None]) -> None:
        """Take one job after another until nothing is left that may be taken."""
        while True:
            with self._taking:
                rehearses = bool(self.rehearsals) and self._rehearsing.acquire(blocking=False)
                if not rehearses and not self.quick:
                    return
                job = self.rehearsals.pop(0) if rehearses else self.quick.pop(0)
            try:
                do(job)
            finally:
                if rehearses:
                    self._rehearsing.release()


def _share_out[T](jobs: Jobs[T], copies: Sequence[Copy], do: Callable[[Copy, T], None]) -> None:
    with ThreadPoolExecutor(len(copies)) as pool:
        for ended in [pool.submit(jobs.work, partial(do, copy)) for copy in copies]:
            ended.result()


def _trouble_before(guards: Sequence[Guard], copies: Sequence[Copy]) -> str:
    """Return what the tests say when one fails with every guard in its place, or "" when all pass."""
    quick = sorted({guard.test for guard in guards if not guard.is_rehearsal})
    rehearsals = sorted({guard.test for guard in guards if guard.is_rehearsal})
    said: list[str] = []

    def look(copy: Copy, tests: tuple[str, ...]) -> None:
        run = copy.look_before(tests)
        if run.code:
            said.append(run.said)

    jobs = Jobs(
        list(batched(quick, TESTS_AT_ONCE, strict=False)), list(batched(rehearsals, TESTS_AT_ONCE, strict=False))
    )
    _share_out(jobs, copies, look)
    usual = {test: seconds for copy in copies for test, seconds in copy.usual_seconds.items()}
    for copy in copies:
        copy.usual_seconds.update(usual)
    return "\n".join(said)


def _show(one: Tried, *, done: int, of: int) -> None:
    print(f"{done:>3}/{of}  {one.verdict:<9} {one.seconds:5.1f} s  {one.guard.name} ({one.guard.file})", flush=True)
    if one.verdict == Verdict.NOT_RUN:
        print(words_of_failure(one.said), flush=True)


def _show_totals(tried: Sequence[Tried], *, copies: int, seconds: float) -> None:
    for one in tried:
        if one.verdict not in CAUGHT:
            print(f"\n{one.verdict}: {one.guard.name}\n  {one.guard.file}: {one.guard.source!r}\n  {one.guard.test}")
    counts = Counter(one.verdict for one in tried)
    print("\n" + "".join(f"{verdict:<11}{counts[verdict]:>5}\n" for verdict in Verdict), end="")
    print(f"{sum(one.verdict in CAUGHT for one in tried)} of {len(tried)} guards are watched by a test", end="")
    print(f" ({seconds / 60:.1f} minutes, {copies} at once).")


# --- The product's own copies ----------------------------------------------------------------------------------------


def copies_of_the_product(places: ExitStack, directory: Path, *, count: int) -> list[Copy]:
    """Return copies of the tree with one PostgreSQL for all, and in it a migrated database that each run gets a copy
    of."""
    owner_url = places.enter_context(embedded.postgres(directory / "postgres", durable=False)).owner_url
    making = threading.Lock()
    copies = []
    for number in range(1, count + 1):
        name = f"mutants_{number}"
        redis_url = places.enter_context(embedded.valkey(directory / f"valkey-{number}"))
        renew = partial(_renew, owner_url, name, making)
        copies.append(Copy(directory / f"tree-{number}", _variables(owner_url, name, redis_url), renew))
        copies[-1].take_from(ROOT)
    first = copies[0]
    variables = first.environment | _variables(owner_url, TEMPLATE, first.environment["REDIS_URL"])
    subprocess.run([sys.executable, "-m", "script.test_databases"], cwd=first.tree, env=variables, check=True)
    return copies


def _variables(owner_url: str, name: str, redis_url: str) -> dict[str, str]:
    url = test_databases.address(owner_url, name)
    ours = {"DATABASE_URL": url, "DATABASE_OWNER_URL": url, "REDIS_URL": redis_url}
    return os.environ | ours | {"DJANGO_SETTINGS_MODULE": "crm.settings"}


def _renew(owner_url: str, name: str, making: threading.Lock, *, empty: bool) -> None:
    """Make a copy's test database new. Two copies of the migrated one cannot be made at once."""
    with making:
        test_databases.renew(owner_url, name, template=None if empty else TEMPLATE)


if __name__ == "__main__":
    sys.exit(main())
