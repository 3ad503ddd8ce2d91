"""The location that public pages show, and all active ones: kept by a process for some seconds."""

import time
from functools import lru_cache

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, Subquery
from django.db.models.functions import Coalesce, Extract, JSONObject, Now

from crm.models import Heartbeat, Location, Message, SafetyAlert, Sending

KEPT_SECONDS = 5.0


def main() -> Location | None:
    """Return the location whose name, telephone and hours the public pages show; None before one is set up.

    Every page asks for it and it hardly ever changes, so a process keeps it for KEPT_SECONDS: a change made elsewhere
    shows that much later, one made here at once.
    """
    return _main(int(time.monotonic() / KEPT_SECONDS))


@lru_cache(maxsize=1)
def _main(_slot: int) -> Location | None:
    """Return the main location with what every page of the desk says: `open_alerts`, how many warning signs nobody has
    answered; `late_mails` for `late_people`; whether all mail or commercial mail is held; who behind the site is
    `silent` (crm/ops/heartbeat.py)."""
    waiting = SafetyAlert.objects.open().order_by().values("acknowledged_at").annotate(n=Count("pk")).values("n")
    late = Message.objects.late().order_by().values("state")
    switch = Sending.objects.all()
    silent = Heartbeat.objects.silent().values(told=JSONObject(name="name", seconds=Extract(Now() - F("at"), "epoch")))
    return Location.objects.annotate(
        open_alerts=Coalesce(Subquery(waiting), 0),
        late_mails=Coalesce(Subquery(late.annotate(n=Count("pk")).values("n")), 0),
        late_people=Coalesce(Subquery(late.annotate(n=Count("lead", distinct=True)).values("n")), 0),
        mail_is_held=Exists(switch.filter(is_paused=True)),
        commercial_is_held=Exists(switch.filter(commercial_paused=True)),
        silent=ArraySubquery(silent),
    ).main()


def active() -> list[Location]:
    """Return all active locations, kept as long as the main one."""
    return _active(int(time.monotonic() / KEPT_SECONDS))


@lru_cache(maxsize=1)
def _active(_slot: int) -> list[Location]:
    return list(Location.objects.filter(is_active=True).order_by("position", "pk"))


def forget() -> None:
    """Forget the locations that this process keeps: for whoever changed one in it."""
    _main.cache_clear()
    _active.cache_clear()
