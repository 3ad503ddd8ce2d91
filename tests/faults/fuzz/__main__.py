"""One of the processes of script/faults fuzz: sends every n-th request and says of each when it begins and ends.

`python -m tests.faults.fuzz map` fills an empty database and draws the map; `send` follows it. A line a request on
standard output: "> number request" before, "< number status" after, "! JSON" in between when it was a server error.
"""

import faulthandler
import json
import logging
import pickle
import signal
import sys
import time
from argparse import ArgumentParser
from pathlib import Path

import django


def main() -> None:
    parser = ArgumentParser()
    parser.add_argument("what", choices=["map", "send"])
    parser.add_argument("--map", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--last", type=int, default=0)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--port", type=int, default=0, help="of a server that gets every tenth of them")
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    django.setup()
    logging.disable(logging.CRITICAL)  # where requests end is told here
    if options.what == "map":
        _draw(options.map)
    else:
        numbers = range(options.first, options.last, options.step)
        _send(options.map, numbers, seed=options.seed, port=options.port, seconds=options.seconds)


def _draw(file: Path) -> None:
    from django.utils import timezone

    from tests.faults.fuzz import state
    from tests.faults.fuzz.sending import Application

    state.fill_with_demo(now=timezone.now())
    file.write_bytes(pickle.dumps(state.map_of(Application())))


def _send(file: Path, numbers: range, *, seed: int, port: int, seconds: float) -> None:
    from tests.faults.fuzz import requests, sending

    places = pickle.loads(file.read_bytes())  # noqa: S301 - written by the process before
    application = sending.Application()
    for number in numbers:
        request = requests.make(seed, number, places)
        _say(f"> {number} {json.dumps(str(request))}")
        begun = time.monotonic()
        if port and number % 10 < numbers.step and request.provider == "postmark":
            cookie = application.visitors.cookie(request.who)
            answer = sending.over_the_wire(request, cookie, port=port, seconds=seconds)
        else:
            answer = application.send(request)
        if answer.is_broken:
            about = {
                "number": number,
                "status": answer.status,
                "request": str(request),
                "trouble": answer.trouble[-3000:],
            }
            _say(f"! {json.dumps(about)}")
        _say(f"< {number} {answer.status} {time.monotonic() - begun:.3f}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
