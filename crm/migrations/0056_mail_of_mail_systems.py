from django.db import migrations, models


class Migration(migrations.Migration):
    """Name the mail that mail systems write. Nothing changes in the database."""

    dependencies = [("crm", "0055_room_for_an_extension")]

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
                    ("other", "From a mail system"),
                ],
                max_length=12,
            ),
        )
    ]
