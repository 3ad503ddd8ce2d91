from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0006_calendar_uid")]

    operations = [
        migrations.AddField(
            model_name="busycalendar",
            name="left_out",
            field=models.TextField(
                blank=True, default="", editable=False, help_text="Entries not read as they are."
            ),
            preserve_default=False,
        ),
    ]
