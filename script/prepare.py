"""Everything between starting services and starting processes, in one go: each Python process costs a second."""

import os
from pathlib import Path

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    if not settings.IS_PUBLIC:
        call_command("demo")
        from intake import demo

        if demo.in_use():
            (Path(os.environ["STATE"]) / "demo").write_text(demo.PASSWORD)


if __name__ == "__main__":
    main()
