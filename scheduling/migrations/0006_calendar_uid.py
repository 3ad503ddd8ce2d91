"""The name of a visit in calendars, for life. Those that went out bear the domain of the sender of that time."""

from django.db import migrations, models

_AS_SENT = """
UPDATE scheduling_appointment made SET calendar_uid = made.id || '@' || split_part(place.sender_email, '@', 2)
FROM crm_location place WHERE place.id = made.location_id
"""


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0005_the_clock_of_the_lead")]

    operations = [
        migrations.AddField(
            model_name="appointment",
            name="calendar_uid",
            field=models.CharField(
                default="", editable=False, help_text="In every calendar, for life.", max_length=300
            ),
            preserve_default=False,
        ),
        migrations.RunSQL(_AS_SENT, migrations.RunSQL.noop),
    ]
