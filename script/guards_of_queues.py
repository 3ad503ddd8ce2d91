"""The guards of what runs behind the site: two database roles, and workers that do not wait for each other."""

from script.guard import Guard

QUEUE_GUARDS = [
    Guard(
        "migrate acts as the owner of the tables",
        "crm/management/commands/migrate.py",
        "        connection.close()  # the system checks have just used it, as the application\n",
        "",
        "crm/test_migrate.py::test_migrate_makes_everything_as_the_owner_and_lets_the_application_in",
    ),
]
