from django.db import migrations, models


class Migration(migrations.Migration):
    """Name two more kinds of mail that came in. Nothing changes in the database."""

    dependencies = [("crm", "0041_do_not_call")]

    operations = [
        migrations.AlterField(
            "inboundmail",
            "kind",
            models.CharField(
                choices=[
                    ("reply", "Reply"),
                    ("robot", "Automatic reply"),
                    ("hard_bounce", "Returned: the address does not work"),
                    ("soft_bounce", "Returned: not now"),
                    ("complaint", "Reported as unwanted"),
                    ("receipt", "Receipt: it was read"),
                    ("calendar", "Answer to an invitation"),
                    ("other", "Something else"),
                ],
                max_length=12,
            ),
        )
    ]
