"""The product's Celery application with short patience, so that a rehearsal takes seconds.

Only waiting times differ. With DIE_AT it also kills itself, as `kill -9` would, at one exact point of the first mail.
"""

import os
import signal
import sys
from datetime import timedelta
from typing import Any

import django

django.setup()

from django.utils import timezone  # noqa: E402

from crm import periodic, tasks, worker_rounds  # noqa: E402
from crm.celery import app  # noqa: E402
from crm.mail import smtp  # noqa: E402
from crm.outbox import delivery, settlement  # noqa: E402
from tests.faults import LEASE_SECONDS  # noqa: E402

delivery.LEASE = timedelta(seconds=LEASE_SECONDS)
settlement.SOON = settlement.PATIENT = (1,)
smtp.STEP_SECONDS = float(os.environ.get("STEP_SECONDS", smtp.STEP_SECONDS))
smtp.REPLY_SECONDS = float(os.environ.get("REPLY_SECONDS", smtp.REPLY_SECONDS))
worker_rounds.EVERY_SECONDS = float(os.environ.get("ROUND_SECONDS", "1"))
tasks.TOGETHER = timedelta(seconds=0.3)
SWEEPS = float(os.environ.get("SWEEP_SECONDS", "1"))
app.conf.beat_schedule = {
    name: entry | {"schedule": SWEEPS if "sweep" in entry["task"] else 1.0}
    for name, entry in app.conf.beat_schedule.items()
}

DEATHS = {
    "claimed": (delivery, "_send_batch"),
    "in_data": (smtp.SmtpRelay, "hand_over"),
    "accepted": (delivery, "_sent"),
}


def _die(*_args: Any, **_kwargs: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if "DIE_AT" in os.environ:
    setattr(*DEATHS[os.environ["DIE_AT"]], _die)

if __name__ == "__main__":
    if "TELL_TIME" in os.environ:
        sys.stdout.write(timezone.now().isoformat())
    elif "SWEEP" in os.environ:
        periodic.once()
    else:
        delivery.send_due()
