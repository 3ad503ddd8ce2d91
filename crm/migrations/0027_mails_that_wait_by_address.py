import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('crm', '0026_why_a_sequence_is_held'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='message',
            index=models.Index(django.db.models.functions.text.Upper('to_email'), condition=models.Q(('state__in', ['queued', 'sending', 'in_data'])), name='message_waits_for_address'),
        ),
    ]
