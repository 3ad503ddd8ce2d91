import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('crm', '0031_states_and_dates_agree'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='lead',
            name='lead_email',
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(django.db.models.functions.text.Upper('email'), name='lead_email'),
        ),
    ]
