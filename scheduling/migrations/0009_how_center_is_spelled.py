"""Labels of choices, in American spelling: nothing in the database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0008_called_off_for_something_of_ours"),
    ]

    operations = [
        migrations.AlterField(
            model_name="appointment",
            name="ended_by",
            field=models.CharField(
                blank=True, choices=[("patient", "The patient"), ("center", "The center")], max_length=10
            ),
        ),
        migrations.AlterField(
            model_name="appointment",
            name="ended_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("better", "Feels better"),
                    ("unwell", "Unwell"),
                    ("time", "The time does not fit"),
                    ("travel", "Cannot get there"),
                    ("cost", "Cost or insurance"),
                    ("elsewhere", "Care elsewhere"),
                    ("away", "The provider is away"),
                    ("closed", "The center is closed"),
                    ("ours", "Something else on our side"),
                    ("other", "Something else"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="appointmenttype",
            name="mode",
            field=models.CharField(choices=[("phone", "By telephone"), ("on_site", "At the center")], max_length=10),
        ),
    ]
