from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0007_what_a_calendar_leaves_out"),
    ]

    operations = [
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
    ]
