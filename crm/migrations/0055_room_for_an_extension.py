"""A number as it stands on a letterhead, "(212) 555-0142 ext. 123", is longer than 20 characters."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("crm", "0054_numbers_without_their_extension")]

    operations = [
        migrations.AlterField("imagingstudy", "facility_phone", models.CharField(blank=True, max_length=40)),
        migrations.AlterField("treatment", "provider_phone", models.CharField(blank=True, max_length=40)),
    ]
