#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys
from importlib import import_module

# Commands that only compute: they read no settings, so that they run where there is no environment and no service.
PURE = {name: f"intake.management.commands.{name}" for name in ("assess", "makemessages", "compilemessages")}
PURE["roles_page"] = "crm.management.commands.roles_page"
PURE["explain_mail"] = "crm.management.commands.explain_mail"
PURE["explain_document"] = "crm.management.commands.explain_document"
PURE["explain_calendar"] = "scheduling.management.commands.explain_calendar"
PURE["slots"] = "scheduling.management.commands.slots"  # of a case; those of the site need the site


def main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name in PURE and "--type" not in sys.argv:
        run_pure(PURE[name])
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def run_pure(module: str) -> None:
    """Run a command on Django's default settings, without loading any app."""
    from django.conf import settings

    settings.configure(USE_I18N=False)  # English; catalogues are found by way of the apps
    import_module(module).Command().run_from_argv(sys.argv)


if __name__ == "__main__":
    main()
