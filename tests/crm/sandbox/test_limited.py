"""The child in which foreign bytes are read: what it may take, what it knows, and what its end means."""

import io
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from crm.sandbox import runner as sandbox
from crm.sandbox.runner import ChildLimits, NoAnswer, Why
from tests.crm import limited_orders as orders

SHORT = ChildLimits(memory=256 * 1024**2, processor_seconds=1, seconds=30, read=4 * 1024**2)


ROOT = Path(__file__).resolve().parents[3]
_ASK_ABOUT_ITSELF = (
    f'import sys; sys.path.insert(0, "{ROOT}"); from crm.sandbox import runner as limited; '
    "from tests.crm import limited_orders; "
    'print(limited.run(limited_orders.about_itself, limits=limited.ChildLimits())["limits"]["RLIMIT_AS"])'
)


class Counted(io.BytesIO):
    """Counts the bytes that are handed out."""

    given = 0

    def read(self, size: int | None = -1, /) -> bytes:
        piece = super().read(size)
        self.given += len(piece)
        return piece


def test_it_answers_what_the_function_says() -> None:
    assert sandbox.run(orders.tell, "a", 2, None, ["ü"], limits=SHORT) == ["a", 2, None, ["ü"]]


ENDS: dict[str, tuple[Callable[..., Any], ChildLimits, Why]] = {
    "takes more memory": (orders.take_memory, SHORT, Why.MEMORY),
    "computes on": (orders.compute, SHORT, Why.PROCESSOR),
    "waits": (orders.wait, ChildLimits(seconds=1), Why.TIME),
    "dies": (orders.die, SHORT, Why.DIED),
    "says too much": (orders.say_much, SHORT, Why.ANSWER),
}


@pytest.mark.parametrize("case", ENDS)
def test_a_child_that_takes_too_much_is_ended(case: str) -> None:
    function, limits, why = ENDS[case]
    with pytest.raises(NoAnswer) as ended:
        sandbox.run(function, limits=limits)
    assert ended.value.why == why


def test_limits_that_are_lower_already_stay() -> None:
    """As somebody else who started the server may have set them, and as nobody may raise them."""
    lower = 200 * 1024**2
    script = f"ulimit -v {lower // 1024}; exec {sys.executable} -I -c '{_ASK_ABOUT_ITSELF}'"
    done = subprocess.run(["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"{lower}\n"


def test_an_error_is_told_without_its_words() -> None:
    with pytest.raises(NoAnswer) as ended:
        sandbox.run(orders.fail, "a very private matter", limits=SHORT)
    assert (ended.value.why, ended.value.error) == (Why.ERROR, "ValueError")
    assert "limited_orders.py" in ended.value.frames[-1]
    assert "private" not in f"{ended.value} {ended.value.frames}"


def test_a_file_is_read_anywhere_and_no_further_than_its_end() -> None:
    data = os.urandom(3_000_000)
    told = sandbox.run(orders.ends_of, limits=SHORT, file=io.BytesIO(data), size=len(data))
    assert told == [data[:4].hex(), data[-4:].hex(), 0, len(data)]


def test_bytes_are_counted_as_they_are_read() -> None:
    file = Counted(bytes(1_000_000))
    assert sandbox.run(orders.read_all, limits=SHORT, file=file, size=1_000_000) == 1_000_000
    assert file.given == 1_000_000
    with pytest.raises(NoAnswer) as ended:
        sandbox.run(orders.read_again_and_again, limits=SHORT, file=file, size=1_000_000)
    assert ended.value.why == Why.READING
    assert file.given <= 1_000_000 + SHORT.read


def test_no_more_room_is_taken_than_there_are_bytes() -> None:
    assert sandbox.run(orders.ask_for_room, limits=SHORT, file=io.BytesIO(b"abc"), size=3) == 3


def test_trouble_with_the_file_is_the_callers() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise PermissionError

    with pytest.raises(PermissionError):
        sandbox.run(orders.read_all, limits=SHORT, file=Broken(b"abc"), size=3)


def test_it_knows_no_secrets_and_loads_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.org")
    told = sandbox.run(orders.about_itself, limits=SHORT)
    assert told["limits"] == {"RLIMIT_AS": SHORT.memory, "RLIMIT_CORE": 0}
    known = {"DATABASE_URL", "SECRET_KEY", "FIELD_KEYS"}
    assert (known & set(told["environment"]), "HTTPS_PROXY" in told["environment"]) == (set(), True)
    assert {"celery", "django", "crm.settings"} & set(told["modules"]) == set()


def test_what_a_library_prints_is_not_taken_for_an_answer() -> None:
    assert sandbox.run(orders.chatter, limits=SHORT) == "said"


def test_many_threads_may_ask() -> None:
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(sandbox.run, orders.tell, number, limits=SHORT) for number in range(6)]
    assert [one.result() for one in asked] == [[number] for number in range(6)]


def _ask(answers: Any) -> None:
    answers.put(sandbox.run(orders.tell, "from a worker", limits=SHORT))


def test_a_process_that_may_have_no_children_may_ask() -> None:
    """As Celery's are."""
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=_ask, args=(answers,), daemon=True)
    process.start()
    assert answers.get(timeout=60) == ["from a worker"]
    process.join()


@pytest.mark.parametrize("function", [orders.about_itself, orders.die, orders.say_much])
def test_no_child_is_left_behind(function: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[subprocess.Popen[bytes]] = []

    def remembered(*args: Any, **more: Any) -> subprocess.Popen[bytes]:
        made.append(popen(*args, **more))
        return made[-1]

    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", remembered)
    with suppress(NoAnswer):
        sandbox.run(function, limits=SHORT)
    assert [one.poll() is None for one in made] == [False]
