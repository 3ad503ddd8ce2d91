"""The help of a field, in American spelling."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0057_who_wrote_a_mail"),
    ]

    operations = [
        migrations.AlterField(
            model_name="user",
            name="digest_at",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="The hour at which a mail says how many notices are new, on the center's clock. Empty: none.",
                null=True,
                validators=[django.core.validators.MaxValueValidator(23)],
                verbose_name="daily mail",
            ),
        ),
    ]
