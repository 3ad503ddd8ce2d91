"""A patient has one clock, that of the lead: what was copied with a booking was wrong once they had moved."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0004_over_booked_is_taken")]

    operations = [
        migrations.AlterField(  # so that the column can be added again on the way back
            model_name="appointment", name="timezone", field=models.CharField(default="", max_length=64)
        ),
        migrations.RemoveField(model_name="appointment", name="timezone"),
    ]
