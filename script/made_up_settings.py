"""Django's commands where nothing is set up: with the settings of the checks, and no service.

`script/manage makemigrations` runs this; what is written from the code, such as docs/red-flags.md, begins with it too.
"""

import os
import sys

from script.check import PUBLIC

NOWHERE = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
    "DJANGO_SETTINGS_MODULE": "script.no_database_settings",
}


def use() -> None:
    """Fill in whatever the environment does not say. To be called before Django's settings are read."""
    os.environ.update({name: value for name, value in (PUBLIC | NOWHERE).items() if not os.environ.get(name)})


def main() -> None:
    use()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["manage.py", *sys.argv[1:]])


if __name__ == "__main__":
    main()
