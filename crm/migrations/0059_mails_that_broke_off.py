"""Over which mails the server hung up since it took one."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0058_how_center_is_spelled"),
    ]

    operations = [
        migrations.AddField(
            model_name="sending",
            name="broken_off",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.UUIDField(),
                db_default=[],
                default=list,
                help_text="The mails over which it hung up since it took one.",
                size=None,
            ),
        ),
    ]
