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

from crm import delivery, smtp, sweep  # noqa: E402
from crm.celery import app  # noqa: E402
from tests.faults import LEASE_SECONDS  # noqa: E402

delivery.LEASE = timedelta(seconds=LEASE_SECONDS)
delivery.SOON = delivery.PATIENT = (1,)
smtp.REPLY_SECONDS = float(os.environ.get("REPLY_SECONDS", smtp.REPLY_SECONDS))
app.conf.beat_schedule = {"sweep": {"task": "crm.sweep_messages", "schedule": 1.0, "options": {"expires": 60}}}

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
        sweep.once()
    else:
        delivery.send_due()
